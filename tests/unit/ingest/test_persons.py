"""Statements make edges, edges make persons: in rows and in columns alike, whatever the order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta, timezone
from functools import reduce

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.identity import NOBODY, edges
from ingest.persons import PERSON, after, naming_order, persons_again, resolve
from ingest.persons_columns import EDGE, changed_edges, persons_of
from schemas.arrow import schema
from schemas.event import Event
from schemas.identity_edge import IdentityEdge

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def edge(id_a: str, id_b: str, minute: int = 0, source: str = "identify", site: str = "shop") -> IdentityEdge:
    return IdentityEdge(site, id_a, id_b, at(minute), source)


def frame(rows: Sequence[IdentityEdge]) -> pl.DataFrame:
    return pl.DataFrame([asdict(row) for row in rows], schema=schema(IdentityEdge))


def named(rows: pl.DataFrame) -> dict[tuple[str, str], str]:
    return {(site, visitor): person for site, visitor, person in rows.select(PERSON).iter_rows()}


ids = st.sampled_from(["v1", "v2", "v3", "v4", "é", "user:a", "user:b", "user:c", "group:g"])
statements = st.builds(
    IdentityEdge,
    site_id=st.sampled_from(["shop", "news"]),
    id_a=ids,
    id_b=ids,
    since=st.integers(0, 5).map(at),
    source=st.sampled_from(["identify", "alias", "manual", "forced"]),
).filter(lambda one: one.id_a != one.id_b)


def pair(one: IdentityEdge) -> tuple[str, str, str]:
    return one.site_id, one.id_a, one.id_b


def by_pair(said: Sequence[IdentityEdge]) -> dict[tuple[str, str, str], IdentityEdge]:
    """The row form over statements in their order."""
    found: dict[tuple[str, str, str], IdentityEdge] = {}
    for one in said:
        found[pair(one)] = after(found.get(pair(one)), one)
    return found


unlinked = st.builds(
    lambda one, minute: replace(
        one, since=at(minute), unlinked_at=at(minute), source="unlinked", is_deleted=True
    ),
    statements,
    st.integers(0, 5),
)


@given(st.lists(statements, max_size=30), st.lists(unlinked, max_size=5), st.randoms())
def test_an_edge_does_not_depend_on_the_order_of_its_statements(
    said: list[IdentityEdge], marks: list[IdentityEdge], rnd: random.Random
) -> None:
    before = {pair(mark): mark for mark in marks}
    shuffled = said + said[: len(said) // 2]
    rnd.shuffle(shuffled)
    assert by_pair([*before.values(), *said]) == by_pair([*before.values(), *shuffled])


@given(st.lists(unlinked, max_size=4), st.lists(st.lists(statements, max_size=8), max_size=5))
def test_edges_are_the_same_in_rows_and_in_columns(
    marks: list[IdentityEdge], batches: list[list[IdentityEdge]]
) -> None:
    rows = {pair(mark): mark for mark in marks}
    stored = frame(list(rows.values())).select(EDGE)
    for batch in batches:
        said = by_pair(batch)
        for key, one in said.items():
            rows[key] = after(rows.get(key), one)
        changed = changed_edges(stored, frame(list(said.values())))
        stored = pl.concat([stored.join(changed, on=EDGE[:3], how="anti"), changed])
    expected = frame(list(rows.values())).select(EDGE)
    assert sorted(map(str, stored.iter_rows())) == sorted(map(str, expected.iter_rows()))
    assert changed_edges(stored, expected.filter(~pl.col("is_deleted"))).is_empty()


@given(st.lists(st.one_of(statements, statements, unlinked), max_size=40, unique_by=pair), st.randoms())
def test_persons_are_the_same_in_rows_and_in_columns_and_in_any_order(
    said: list[IdentityEdge], rnd: random.Random
) -> None:
    columns = persons_of(frame(said))
    expected = named(persons_again(frame(said)))
    assert named(columns.persons) == expected
    assert columns.persons.height == len(expected)
    refused = {
        (site, *two)
        for site in ("shop", "news")
        for two in resolve([one for one in said if one.site_id == site]).refused
    }
    assert set(columns.refused.iter_rows()) == refused
    rnd.shuffle(said)
    assert named(persons_again(frame(said))) == expected
    assert named(persons_of(frame(said)).persons) == expected


@given(st.lists(statements, max_size=40, unique_by=pair))
def test_without_force_no_person_is_two_known_users(said: list[IdentityEdge]) -> None:
    for site in ("shop", "news"):
        mine = [replace(one, source="identify") for one in said if one.site_id == site]
        found = resolve(mine).person_of
        users = [
            name for name in {*(one.id_a for one in mine), *(one.id_b for one in mine)} if name[:5] == "user:"
        ]
        assert all(found.get(user, user) == user for user in users)
        for person in set(found.values()):
            assert person == min((one for one in found if found[one] == person), key=naming_order)
        assert not any(name.startswith("group:") for name in found)


def test_a_chain_of_three_is_one_person_named_after_its_user() -> None:
    found = resolve([edge("v3", "v2", 5, "alias"), edge("v2", "v1", 1, "alias"), edge("v1", "user:z", 9)])
    assert found.person_of == dict.fromkeys(("v1", "v2", "v3", "user:z"), "user:z")
    rows = persons_again(frame([edge("v2", "v1"), edge("v3", "v2")]))
    assert named(rows) == {("shop", f"v{n}"): "v1" for n in (1, 2, 3)}


def test_a_shared_device_is_of_its_first_user_whoever_comes_first() -> None:
    said = [edge("tablet", "user:a", 1), edge("tablet", "user:b", 2), edge("phone", "user:b", 0)]
    found = resolve(said)
    assert found.person_of == {"tablet": "user:a", "user:a": "user:a", "phone": "user:b", "user:b": "user:b"}
    assert found.refused == {("tablet", "user:b")}
    earlier = resolve([*said[:1], edge("tablet", "user:b", 0), said[2]])
    assert earlier.person_of["tablet"] == "user:b"
    assert earlier.refused == {("tablet", "user:a")}


def test_two_persons_with_users_are_not_joined_by_a_device_of_both_but_by_force() -> None:
    two = [edge("v1", "user:a", 1), edge("v2", "user:b", 2)]
    alias = edge("v1", "v2", 3, "alias")
    assert resolve([*two, alias]).refused == {("v1", "v2")}
    forced = resolve([*two, replace(alias, source="forced")])
    assert not forced.refused
    assert set(forced.person_of.values()) == {"user:a"}
    rows = named(persons_again(frame([*two, replace(alias, source="forced")])))
    assert rows["shop", "user:b"] == "user:a", "events that know only the user follow him"
    assert ("shop", "user:a") not in rows


def test_a_group_joins_nobody() -> None:
    said = [edge(name, "group:acme", 0, "group") for name in ("v1", "v2")]
    assert not resolve(said).person_of
    assert persons_of(frame(said)).persons.is_empty()


def test_an_unlink_holds_against_what_was_said_before_and_not_against_what_is_said_later() -> None:
    mark = replace(edge("v1", "user:a", 5, "unlinked"), unlinked_at=at(5), is_deleted=True)
    assert reduce(after, [edge("v1", "user:a", 1), edge("v1", "user:a", 5)], mark) == mark
    again = reduce(after, [edge("v1", "user:a", 7), edge("v1", "user:a", 1), edge("v1", "user:a", 6)], mark)
    assert again == replace(edge("v1", "user:a", 6), unlinked_at=at(5))


def event(event_type: str, minute: int, **fields: object) -> dict[str, object]:
    return {
        "site_id": "shop",
        "visitor_id": "v1",
        "event_type": event_type,
        "event_time": at(minute),
        **fields,
    }


def said(*rows: dict[str, object]) -> set[tuple[str, str, int, str]]:
    wanted = {name: dtype for name, dtype in schema(Event).items() if any(name in row for row in rows)}
    found = edges(pl.DataFrame(rows, schema=wanted))
    assert found.schema == {name: schema(IdentityEdge)[name] for name in EDGE[:5]}
    return {(a, b, (since - NOON).seconds // 60, source) for _, a, b, since, source in found.iter_rows()}


def test_identify_alias_and_group_events_are_statements_since_their_first() -> None:
    assert said(
        event("identify", 9, user_id="7"),
        event("identify", 4, user_id="7"),
        event("alias", 5, target="v0"),
        event("alias", 6, target="user:8"),
        event("group", 7, target="acme"),
        event("group", 8, target="group:acme"),
        event("page_view", 0, user_id="9", target="v9"),
    ) == {
        ("v1", "user:7", 4, "identify"),
        ("v1", "v0", 5, "alias"),
        ("v1", "user:8", 6, "alias"),
        ("v1", "group:acme", 7, "group"),
    }


@pytest.mark.parametrize("word", [*NOBODY, " Guest ", "NULL", "Undefined"])
def test_words_for_nobody_are_no_ids_on_either_end(word: str) -> None:
    rows = [event("identify", 0, user_id=word, target="")]
    rows += [event("group", 0, user_id="", target=target) for target in (word, "group:" + word)]
    for prefix in ("", "user:", "group:"):
        rows += [
            event("alias", 0, target=prefix + word, user_id=""),
            event("alias", 0, target="v0", user_id="", visitor_id=prefix + word),
            event("identify", 0, target="", user_id="7", visitor_id=prefix + word),
        ]
    assert said(*rows) == set()


def test_an_id_is_not_joined_to_itself_nor_by_who_denied_consent() -> None:
    assert said(event("alias", 0, target="v1")) == set()
    assert said(event("alias", 0, target="v2", consent="denied")) == set()
    assert said(event("identify", 0, user_id="7", visitor_id="user:7")) == set()
    assert said(event("alias", 0, target="v2", visitor_id="group:acme")) == set()
