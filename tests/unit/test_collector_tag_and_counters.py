"""The built tag is the source, within its size; counters are Prometheus text."""

from __future__ import annotations

import gzip
import threading
from importlib.resources import files

import pytest

from clicktrail.telemetry import Registry
from ingest.collector.answers import Tag
from ingest.snippet.build import build

MAX_GZIP_BYTES = 3_500


def test_the_built_tag_is_the_built_source() -> None:
    folder = files("ingest.snippet")
    assert (folder / "t.js").read_text("utf-8") == build((folder / "src" / "tag.js").read_text("utf-8"))


def test_the_tag_keeps_to_its_size() -> None:
    assert len(gzip.compress((files("ingest.snippet") / "t.js").read_bytes(), 9)) <= MAX_GZIP_BYTES
    assert len(Tag.load().packed) <= MAX_GZIP_BYTES


@pytest.mark.parametrize(
    ("source", "built"),
    [
        pytest.param("var a = 1; // why\nvar b = 2;", "var a=1;var b=2;", id="comment and spaces"),
        pytest.param("/* a\n * b */\nf('// no comment');", "f('// no comment');", id="text is kept"),
        pytest.param("x = /[/'\"]\\/ /g;", "x=/[/'\"]\\/ /g;", id="a pattern is kept"),
        pytest.param("return a  +  +b;", "return a+ +b;", id="two signs stay two"),
        pytest.param("function f() {\n  g();\n}", "function f(){g()}", id="last semicolon"),
    ],
)
def test_the_build_drops_only_what_means_nothing(source: str, built: str) -> None:
    assert build(source) == built + "\n"


def test_counters_render_as_prometheus_text() -> None:
    registry = Registry()
    requests = registry.counter("requests_total", "Requests.", "protocol", "status")
    seconds = registry.histogram("append_seconds", "Time.", (0.1, 1.0))
    registry.gauge("log_bytes", "Bytes.", lambda: 7)
    requests.add(2, 'a"b\\c\n', "200")
    for value in (0.1, 0.5, 5.0):
        seconds.observe(value)
    assert registry.render().splitlines() == [
        "# HELP clicktrail_requests_total Requests.",
        "# TYPE clicktrail_requests_total counter",
        'clicktrail_requests_total{protocol="a\\"b\\\\c\\n",status="200"} 2',
        "# HELP clicktrail_append_seconds Time.",
        "# TYPE clicktrail_append_seconds histogram",
        'clicktrail_append_seconds_bucket{le="0.1"} 1',
        'clicktrail_append_seconds_bucket{le="1"} 2',
        'clicktrail_append_seconds_bucket{le="+Inf"} 3',
        "clicktrail_append_seconds_sum 5.6",
        "clicktrail_append_seconds_count 3",
        "# HELP clicktrail_log_bytes Bytes.",
        "# TYPE clicktrail_log_bytes gauge",
        "clicktrail_log_bytes 7",
    ]


def test_counting_from_several_threads_loses_nothing() -> None:
    counter = Registry().counter("n_total", "Numbers.")

    def count() -> None:
        for _ in range(5_000):
            counter.add()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.value() == 20_000
