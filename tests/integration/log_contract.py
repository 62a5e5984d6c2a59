"""What any event log must do. A test module makes a subclass of LogContract with the fixture `opener`."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

import pytest

from clicktrail.errors import LogError
from store.log.base import Log, Offsets, Record

Opener = Callable[[bool], Log]
"""Opens the log of the test, for writing or not; the same records each time."""

BIG = 5 << 20


def read_all(log: Log, begin: Offsets, max_bytes: int = 1 << 20) -> list[Record]:
    """All records from an offset on, asking until there are no more."""
    records: list[Record] = []
    while True:
        found, begin = log.read(begin, max_bytes)
        if not found:
            return records
        records += found


def payloads(log: Log, begin: Offsets | None = None, max_bytes: int = 1 << 20) -> list[bytes]:
    """The payloads of all records from an offset (or the start) on."""
    return [record.payload for record in read_all(log, log.start() if begin is None else begin, max_bytes)]


class LogContract:
    """The tests; each gets an `opener` of an empty log."""

    def test_records_are_read_in_the_order_of_their_appends(self, opener: Opener) -> None:
        log = opener(True)
        log.append([b"a", b"b"])
        log.append([b"c"])
        log.append([])
        log.append([b"", b"d" * 100_000])
        assert payloads(log) == [b"a", b"b", b"c", b"", b"d" * 100_000]

    def test_an_empty_log_has_no_records_and_starts_where_it_ends(self, opener: Opener) -> None:
        log = opener(True)
        assert log.start() == log.end()
        assert log.read(log.start(), 100) == ([], log.start())
        reader = opener(False)
        assert reader.read(reader.start(), 100)[0] == []

    def test_a_record_says_where_it_lies_and_where_the_next_one_starts(self, opener: Opener) -> None:
        log = opener(True)
        log.append([b"a", b"bb", b"ccc"])
        records = read_all(log, log.start())
        for record, following in itertools.pairwise(records):
            assert record.next_offset == following.offset
        for number, record in enumerate(records):
            begin = {**log.start(), record.partition: record.offset}
            assert payloads(log, begin) == [b"a", b"bb", b"ccc"][number:]
        assert log.end()[records[-1].partition] == records[-1].next_offset

    def test_a_read_returns_at_least_one_record_and_not_many_more_bytes_than_asked(
        self, opener: Opener
    ) -> None:
        log = opener(True)
        log.append([bytes([number]) * 1000 for number in range(50)])
        found, following = log.read(log.start(), 1)
        assert len(found) == 1
        found, _ = log.read(following, 10_000)
        assert 5 <= len(found) <= 11
        assert found[0].payload == b"\1" * 1000

    def test_big_records_come_back_whole(self, opener: Opener) -> None:
        log = opener(True)
        big = bytes(range(256)) * (BIG // 256)
        log.append([b"small", big, b"small"])
        log.append([big[::-1]])
        assert payloads(opener(False), max_bytes=1000) == [b"small", big, b"small", big[::-1]]

    def test_each_reader_has_its_own_committed_offsets(self, opener: Opener) -> None:
        log = opener(True)
        log.append([b"a", b"b"])
        first = read_all(log, log.start())[0]
        middle = {first.partition: first.next_offset}
        log.commit("live", middle)
        log.commit("copy", log.end())
        assert log.committed("live") == middle
        assert log.committed("copy") == log.end()
        assert log.committed("nobody") is None
        log.commit("live", log.end())
        assert log.committed("live") == log.end()

    def test_records_and_commits_survive_closing(self, opener: Opener) -> None:
        log = opener(True)
        log.append([b"a", b"b"])
        end = log.end()
        log.commit("live", end)
        log.close()
        again = opener(True)
        assert again.end() == end
        assert again.committed("live") == end
        again.append([b"c"])
        assert payloads(again) == [b"a", b"b", b"c"]
        assert payloads(again, again.committed("live")) == [b"c"]

    def test_what_a_reader_has_not_committed_is_never_removed(self, opener: Opener) -> None:
        log = opener(True)
        for number in range(20):
            log.append([b"%d" % number * 50_000])
        assert log.retain(older_than_s=-1, max_bytes=0) == 0  # nobody has read anything
        records = read_all(log, log.start())
        log.commit("fast", log.end())
        log.commit("slow", {records[9].partition: records[9].offset})
        log.retain(older_than_s=-1, max_bytes=0)
        slow = log.committed("slow")
        assert slow is not None
        assert [record.payload for record in read_all(log, slow)] == [r.payload for r in records[9:]]

    def test_a_reader_sees_appends_while_they_are_made(self, opener: Opener) -> None:
        log = opener(True)
        wanted = [b"%d:" % number * (1 + number * 7 % 400) for number in range(300)]

        def write() -> None:
            for begin in range(0, len(wanted), 3):
                log.append(wanted[begin : begin + 3])

        writer = threading.Thread(target=write)
        reader = opener(False)
        position, seen = reader.start(), list[bytes]()
        writer.start()
        while len(seen) < len(wanted):
            found, position = reader.read(position, 1000)
            seen += [record.payload for record in found]
            assert seen == wanted[: len(seen)]
        writer.join()
        assert reader.end() == log.end()

    def test_a_reader_cannot_append(self, opener: Opener) -> None:
        opener(True).append([b"a"])
        with pytest.raises(LogError):
            opener(False).append([b"b"])
        assert payloads(opener(False)) == [b"a"]
