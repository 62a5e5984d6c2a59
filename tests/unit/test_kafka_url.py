"""What a kafka:// URL may say, what each client then gets, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from clicktrail.errors import ConfigError
from clicktrail.settings import Settings
from store.log import open_log
from store.log.kafka_topic import Wish, topic_configs
from store.log.kafka_url import KafkaUrl

WISH = Wish(retention_s=7 * 86_400, retention_bytes=8 << 30, body_bytes=4 << 20)


def test_servers_topic_and_defaults() -> None:
    url = KafkaUrl.parse("kafka://one:9093,two,[::1]:9095/clicks.raw")
    assert url.addresses() == ["one:9093", "two:9092", "[::1]:9095"]
    assert url.topic == "clicks.raw"
    assert url.client_options() == {
        "bootstrap_servers": ["one:9093", "two:9092", "[::1]:9095"],
        "security_protocol": "PLAINTEXT",
    }


def test_encryption_and_log_in_become_options_of_the_client(tmp_path: Path) -> None:
    files = {name: tmp_path / name for name in ("cafile", "certfile", "keyfile")}
    for file in files.values():
        file.touch()
    query = "&".join(f"{name}={file}" for name, file in files.items())
    url = KafkaUrl.parse(f"kafka://shop:p%40ss%2Fword@one/clicks?mechanism=scram-sha-256&{query}")
    assert url.client_options() == {
        "bootstrap_servers": ["one:9092"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_plain_username": "shop",
        "sasl_plain_password": "p@ss/word",
        **{f"ssl_{name}": str(file) for name, file in files.items()},
    }
    plain = KafkaUrl.parse("kafka://shop:word@one/clicks?security=SASL_PLAINTEXT")
    assert plain.client_options()["security_protocol"] == "SASL_PLAINTEXT"
    assert plain.client_options()["sasl_mechanism"] == "SCRAM-SHA-512"
    assert KafkaUrl.parse("kafka://one/clicks?security=ssl").client_options()["security_protocol"] == "SSL"


def test_the_password_is_never_shown() -> None:
    text = "kafka://shop:geheim@one/clicks"
    for shown in (str(KafkaUrl.parse(text)), repr(KafkaUrl.parse(text)), repr(Settings(log_url=text))):
        assert "geheim" not in shown
        assert "shop" in shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("kafka://one:9092", "no topic", id="no topic"),
        pytest.param("kafka://one:9092/", "no topic", id="empty topic"),
        pytest.param("kafka:///clicks", "no server ''", id="no server"),
        pytest.param("kafka:clicks", "no server ''", id="no slashes"),
        pytest.param("kafka://one,,two/clicks", "no server ''", id="a server left out"),
        pytest.param("kafka://[::1/clicks", "Invalid IPv6", id="half an address"),
        pytest.param("kafka://one:99999/clicks", "port '99999'", id="port too large"),
        pytest.param("kafka://one:x/clicks", "port 'x'", id="port no number"),
        pytest.param("kafka://one:/clicks", "port ''", id="port empty"),
        pytest.param("kafka://one/a/b", "a topic has letters", id="two topics"),
        pytest.param("kafka://one/..", "a topic has letters", id="a folder"),
        pytest.param("kafka://one/clicks?partition=3", "unknown option partition", id="unknown option"),
        pytest.param("kafka://one/clicks?partitions=0", "partitions=0", id="no partitions"),
        pytest.param("kafka://one/clicks?partitions=1&partitions=2", "stands twice", id="twice"),
        pytest.param("kafka://one/clicks?retention=7", "retention=7: it looks like 7d", id="no unit"),
        pytest.param("kafka://one/clicks?retention=0d", "retention=0d", id="no retention"),
        pytest.param("kafka://one/clicks?security=tls", "one of plaintext, ssl", id="unknown security"),
        pytest.param("kafka://u:geheim@one/clicks?mechanism=MD5", "one of SCRAM", id="unknown mechanism"),
        pytest.param("kafka://one/clicks?security=ssl&cafile=/nowhere/ca", "no such file", id="no file"),
        pytest.param("kafka://one/clicks?cafile=/etc/passwd", "certificates are for", id="file not used"),
        pytest.param("kafka://one/clicks?security=sasl_ssl", "needs kafka://user:password@", id="no user"),
        pytest.param("kafka://u@one/clicks", "needs kafka://user:password@", id="no password"),
        pytest.param("kafka://u:geheim@one/clicks?security=ssl", "do not go together", id="user unused"),
        pytest.param("kafka://u:geh@eim@one/clicks", "%40", id="@ in the password"),
        pytest.param("kafka://u:geh/eim@one/clicks", "%2F", id="slash in the password"),
        pytest.param("kafka://u:geh#eim@one/clicks", "%23", id="hash in the password"),
        pytest.param("kafka://u:geh?eim@one/clicks", "no topic", id="question mark in the password"),
        pytest.param("kafka://one/clicks?password=geheim", "unknown option password", id="as an option"),
    ],
)
def test_a_url_that_is_wrong_is_refused_with_setting_value_and_remedy(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        open_log(Settings(log_url=text), write=False)
    assert str(refused.value).startswith("CLICKTRAIL_LOG_URL=kafka:")
    assert said in str(refused.value)
    assert "geh" not in str(refused.value)
    assert "eim" not in str(refused.value)


def test_a_url_of_another_kind_is_refused_without_its_password() -> None:
    with pytest.raises(ConfigError, match="kafka://host:9092/topic") as refused:
        open_log(Settings(log_url="amqp://u:geheim@one/clicks"), write=True)
    assert "geheim" not in str(refused.value)


def test_a_new_topic_keeps_what_the_settings_say_and_whole_days_at_most() -> None:
    configs = topic_configs(KafkaUrl.parse("kafka://one/clicks?partitions=8"), WISH)
    assert configs == {
        "cleanup.policy": "delete",
        "max.message.bytes": str(6 << 20),
        "retention.ms": str(7 * 86_400_000),
        "retention.bytes": str(1 << 30),
        "segment.ms": "86400000",
    }


def test_the_url_has_the_last_word_on_retention_and_three_copies_mean_two_acknowledge() -> None:
    configs = topic_configs(KafkaUrl.parse("kafka://one/clicks?retention=12h&replication=3"), WISH)
    assert configs["retention.ms"] == configs["segment.ms"] == str(12 * 3_600_000)
    assert configs["min.insync.replicas"] == "2"


def test_retention_without_an_end() -> None:
    configs = topic_configs(KafkaUrl.parse("kafka://one/clicks"), Wish(float("inf"), 1, 64 << 20))
    assert configs["retention.ms"] == "-1"
    assert configs["retention.bytes"] == "1"
    assert configs["max.message.bytes"] == str(66 << 20)
