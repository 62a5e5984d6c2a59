"""Names, passwords, roles, counted attempts, the secret: what needs no store."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from clicktrail.errors import ConfigError
from clicktrail.settings import Settings
from dashboards.accounts import granted, last_owner, password_fault, right_password, user_name, with_password
from dashboards.attempts import PER_ADDRESS, PER_NAME, WHILE_S, Attempts
from dashboards.cookies import secret
from dashboards.hosts import is_local, network
from schemas.objects import User


@pytest.mark.parametrize("name", ["", " ", "-a", "a b", "a/b", "安", "a'b", "a\nb", "a" * 65, "<b>", "a=b"])
def test_bad_names_are_refused_with_the_rule(name: str) -> None:
    with pytest.raises(ConfigError, match="1 to 64 letters"):
        user_name(name)


def test_names_are_kept_in_lower_case() -> None:
    assert user_name(" Ann.O+1@Shop.example ") == "ann.o+1@shop.example"


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("", "length"), ("123456789", "length"), ("x" * 257, "length"), ("three\x00bottles", "control"),
        ("three\nbottles", "control"), ("aaaaaaaaaaaa", "easy"), ("annannannann", "easy"),
        ("ann-1234!", "length"), ("ann-ann-1234", ""), ("three blue bottles", ""),
        ("三个蓝色的瓶子在墙上挂着", ""),
    ],
)  # fmt: skip
def test_passwords_are_long_and_not_the_name(password: str, fault: str) -> None:
    assert password_fault(password, "ann") == fault


def test_a_password_is_hashed_and_known_again() -> None:
    ann = with_password(User("ann"), "Ａ ｌｏｎｇ ｓｅｎｔｅｎｃｅ")
    assert ann.hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert right_password(ann, "A long sentence"), "the same letters from another keyboard"
    assert not right_password(ann, "a long sentence")
    assert not right_password(None, "A long sentence")
    assert not right_password(User("odd", hash="x"), "A long sentence")
    again = with_password(ann, "A long sentence")
    assert ann.hash != again.hash
    assert ann.stamp != again.stamp
    with pytest.raises(ConfigError, match="10 to 256") as refused:
        with_password(ann, "secret")
    assert "secret" not in str(refused.value)


def test_roles_hold_on_every_site_or_on_some() -> None:
    assert granted("viewer", ()) == {"*": "viewer"}
    assert granted("viewer", ("a", "b=admin")) == {"a": "viewer", "b": "admin"}
    with pytest.raises(ConfigError, match="role 'boss': one of viewer, marketer, admin"):
        granted("viewer", ("a=boss",))
    user = User("u", {"*": "viewer", "a": "admin"})
    assert (user.role("a"), user.role("b"), User("u", {"a": "viewer"}).role("b")) == ("admin", "viewer", "")


def test_the_last_who_can_make_users_is_known() -> None:
    people = {name: User(name, roles) for name, roles in (("a", {"*": "admin"}), ("b", {"x": "admin"}))}
    assert (last_owner(people, "a"), last_owner(people, "b"), last_owner(people, "c")) == (True, False, False)


def test_a_user_survives_its_document() -> None:
    user = with_password(User("ann", {"*": "admin"}), "a long sentence")
    assert User.from_json(user.to_json()) == user


def test_attempts_are_counted_by_name_and_address_and_forgotten() -> None:
    now = [0.0]
    attempts = Attempts(lambda: now[0])
    for n in range(PER_NAME):
        now[0] = float(n)
        assert attempts.take(f"10.0.0.{n}", "ann") == 0
    assert attempts.take("10.1.1.1", "ann") == WHILE_S - (PER_NAME - 1)
    assert attempts.take("10.1.1.1", "bob") == 0
    now[0] = WHILE_S + 0.5
    assert attempts.take("10.1.1.1", "ann") == 0, "the oldest one is forgotten"
    assert attempts.take("10.1.1.1", "ann") > 0
    attempts.succeeded("10.1.1.1", "ann")
    assert attempts.take("10.1.1.1", "ann") == 0


def test_a_log_in_does_not_make_up_for_guesses_of_other_names() -> None:
    attempts = Attempts(lambda: 0.0)
    for n in range(PER_ADDRESS):
        assert attempts.take("10.0.0.1", f"guess{n}") == 0
        assert attempts.take("10.0.0.2", "own") == 0
        attempts.succeeded("10.0.0.2", "own")
    assert attempts.take("10.0.0.1", "own") > 0


def test_attempts_that_come_at_once_are_all_counted() -> None:
    attempts, let = Attempts(), []
    threads = [
        threading.Thread(target=lambda: let.append(attempts.take("10.0.0.1", "ann") == 0)) for _ in range(60)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert let.count(True) == PER_NAME


def test_one_machine_has_one_address() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff:1") != network("2001:db8:0:1::1")
    assert network("10.0.0.1") != network("10.0.0.2")
    assert network("fe80::1%eth0") == "fe80::/64"
    assert network("") == ""


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "dashboard.secret"
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(secret(path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(found) == 8
    assert len(found[0]) == 32
    assert list(path.parent.iterdir()) == [path], "no draft is left"
    path.chmod(0o644)
    assert secret(path) == found[0]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(b"")
    with pytest.raises(ConfigError, match="too short"):
        secret(path)


def test_a_secret_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="keeps its secret there"):
        secret(tmp_path / "file" / "dashboard.secret")


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True),
        ("LOCALHOST.", True), ("a.localhost", True), ("0.0.0.0", False), ("::", False),
        ("10.0.0.1", False), ("", False),
        ("localhost.evil.example", False), ("127.0.0.1.evil.example", False),
        ("evil-localhost", False),
    ],
)  # fmt: skip
def test_names_of_this_machine(host: str, local: bool) -> None:
    assert is_local(host) == local


def test_the_proxy_is_an_address() -> None:
    assert Settings.from_env({"CLICKTRAIL_DASHBOARD_PROXY": "127.0.0.1"}).dashboard_proxy == "127.0.0.1"
    with pytest.raises(ConfigError, match="CLICKTRAIL_DASHBOARD_PROXY=proxy"):
        Settings.from_env({"CLICKTRAIL_DASHBOARD_PROXY": "proxy"})
