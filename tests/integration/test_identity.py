"""`clicktrail identity`: who is who, split and joined again by hand, in the reports at once and for good."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from clicktrail.errors import StoreError
from clicktrail.settings import Settings
from ingest.protocols.base import Source
from pipelines.identity import SiteIdentity
from pipelines.lease import Lease
from pipelines.worker import worker
from pipelines.writer import Writer
from schemas.envelope import Envelope
from schemas.objects import Site
from store import objects
from store.tables.client import Store
from tests.clicktrail_process import Ended, here
from tests.pipelines.again import assert_recomputable, persons_of_edges, stored_persons

NOW = datetime.now(timezone.utc).replace(microsecond=0)
BEFORE = NOW - timedelta(hours=2)
LATER = NOW + timedelta(hours=1)

Say = Callable[..., None]


@pytest.fixture
def shop(store: Store) -> Store:
    """Empty tables and one site."""
    objects.put_site(store, Site("shop"))
    return store


@pytest.fixture
def say(shop: Store, store_settings: Settings) -> Say:
    """Sends events through the pipeline, one writer for all."""
    worker(store_settings).forget()
    writer, numbers = Writer(store_settings), iter(range(1000))

    def send(*events: dict[str, Any]) -> None:
        number = next(numbers)
        body = b"\n".join(json.dumps(event).encode() for event in events)
        envelope = Envelope(
            int(NOW.timestamp() * 1000), "native", "shop", method="IMPORT", body=body, trusted=True
        )
        with writer.turn() as turn:
            writer.write(turn, f"said{number}", [Source(envelope, f"file:test:{number}")])

    return send


def event(kind: str, visitor: str, at: datetime = BEFORE, **fields: Any) -> dict[str, Any]:
    name = f"{kind}-{visitor}-{at.isoformat()}-{'-'.join(map(str, fields.values()))}"
    return {
        "event_id": name,
        "event_type": kind,
        "visitor_id": visitor,
        "event_time": at.isoformat(),
        **fields,
    }


def identify(visitor: str, user: str, at: datetime = BEFORE) -> dict[str, Any]:
    return event("identify", visitor, at, user_id=user)


def told(data: Path, *arguments: object) -> Any:
    done = here(data, *arguments, "--json")
    assert done.code == 0, done
    return json.loads(done.stdout)


def identity(settings: Settings, *arguments: object) -> Any:
    return told(settings.data, "identity", *arguments, "--site", "shop")


def refused(settings: Settings, *arguments: object, site: str = "shop") -> str:
    done: Ended = here(settings.data, "identity", *arguments, "--site", site)
    return done.refused()


def visitors(settings: Settings) -> int:
    return int(told(settings.data, "report", "overview", "--site", "shop")["visitors"])


def test_the_overview_splits_after_an_unlink_and_joins_after_a_link(
    shop: Store, store_settings: Settings, say: Say
) -> None:
    say(event("page_view", "v1"), event("page_view", "v2"), identify("v1", "anna"), identify("v2", "anna"))
    assert visitors(store_settings) == 1

    done = identity(store_settings, "unlink", "v2", "anna")
    assert (done["id_b"], done["changed"], done["joined"]) == ("user:anna", True, False)
    assert (done["person_a"], done["person_b"]) == ("v2", "user:anna")
    assert visitors(store_settings) == 2
    assert shop.rows("SELECT id_a FROM identity_edges FINAL") == [{"id_a": "v1"}]
    assert_recomputable(shop)

    done = identity(store_settings, "link", "user:anna", "v2")
    assert (done["id_a"], done["changed"], done["joined"]) == ("v2", True, True)
    assert visitors(store_settings) == 1
    assert identity(store_settings, "link", "v2", "anna")["changed"] is False
    assert_recomputable(shop)


def counted(settings: Settings) -> dict[str, Any]:
    """How many people each report that counts people sees, and who they are."""
    steps = ("--step", "path=/a", "--step", "path=/b")

    def report(name: str, *options: object) -> Any:
        return told(settings.data, "report", name, "--site", "shop", *options)

    return {
        "overview": report("overview")["visitors"],
        "funnel": [step["count"] for step in report("funnel", *steps)["steps"]],
        "retention": sum(one["size"] for one in report("retention", "--period", "day")["cohorts"]),
        "lifecycle": sum(one["new"] for one in report("lifecycle")["periods"]),
        "campaigns": report("campaigns")["rows"][0]["visitors"],
        "people": sorted(one["person_id"] for one in report("people")["people"]),
        "visitor": report("visitor", "--id", "v2")["visitor"]["person_id"],
    }


def test_an_unlink_splits_the_person_in_every_report(store_settings: Settings, say: Say) -> None:
    day = NOW - timedelta(hours=1)
    say(
        event("page_view", "v1", BEFORE, url="https://shop.example/a"),
        event("page_view", "v2", day, url="https://shop.example/b"),
        identify("v1", "anna"),
        identify("v2", "anna"),
    )
    assert counted(store_settings) == {
        "overview": 1, "funnel": [1, 1], "retention": 1, "lifecycle": 1, "campaigns": 1,
        "people": ["user:anna"], "visitor": "user:anna",
    }  # fmt: skip
    identity(store_settings, "unlink", "v2", "anna")
    assert counted(store_settings) == {
        "overview": 2, "funnel": [1, 0], "retention": 2, "lifecycle": 2, "campaigns": 2,
        "people": ["user:anna", "v2"], "visitor": "v2",
    }  # fmt: skip


def test_show_tells_the_person_and_every_edge(store_settings: Settings, say: Say) -> None:
    say(
        event("page_view", "v1"),
        identify("v1", "anna"),
        event("alias", "v1", target="v0"),
        event("group", "v1", target="acme"),
        identify("v1", "bert", BEFORE + timedelta(minutes=1)),
        identify("v5", "zoe"),
    )
    identity(store_settings, "unlink", "v1", "v0")
    shown = identity(store_settings, "show", "v1")
    assert (shown["site"], shown["id"], shown["person"], shown["ids"]) == (
        "shop", "v1", "user:anna", ["user:anna", "v1"],
    )  # fmt: skip
    edges = {next(name for name in (e["id_a"], e["id_b"]) if name != "v1"): e for e in shown["edges"]}
    assert len(edges) == len(shown["edges"]) == 4
    states = {name: (e["source"], e["refused"], e["unlinked"]) for name, e in edges.items()}
    assert states == {
        "user:anna": ("identify", False, False),
        "user:bert": ("identify", True, False),
        "group:acme": ("group", False, False),
        "v0": ("unlinked", False, True),
    }
    assert edges["user:anna"]["since"] == BEFORE.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert edges["v0"]["unlinked_at"] is not None
    assert identity(store_settings, "show", "bert")["ids"] == ["user:bert"]
    assert identity(store_settings, "show", "user:anna")["person"] == "user:anna"
    text = here(store_settings.data, "identity", "show", "v1", "--site", "shop").stdout
    assert "user:bert" in text
    assert "refused" in text


def test_an_unlink_in_the_middle_of_a_chain_splits_it(
    shop: Store, store_settings: Settings, say: Say
) -> None:
    say(*(event("alias", f"v{n}", target=f"v{n + 1}") for n in range(1, 5)), identify("v5", "anna"))
    assert set(stored_persons(shop).values()) == {"user:anna"}
    assert identity(store_settings, "unlink", "v3", "v2")["changed"] is True
    assert stored_persons(shop) == {
        **{("shop", name): "v1" for name in ("v1", "v2")},
        **{("shop", name): "user:anna" for name in ("v3", "v4", "v5")},
    }


def test_an_unlink_of_one_of_two_ways_says_that_they_are_still_joined(
    store_settings: Settings, say: Say
) -> None:
    say(event("alias", "v1", target="v2"), identify("v1", "anna"), identify("v2", "anna"))
    done = identity(store_settings, "unlink", "v1", "v2")
    assert (done["changed"], done["joined"], done["person_a"]) == (True, True, "user:anna")


def test_what_was_said_before_the_unlink_does_not_join_again_and_what_is_said_later_does(
    shop: Store, store_settings: Settings, say: Say
) -> None:
    old = [identify("v1", "anna"), event("alias", "v1", target="v2"), event("page_view", "v1")]
    say(*old)
    identity(store_settings, "unlink", "v1", "anna")
    identity(store_settings, "unlink", "v1", "v2")
    assert not stored_persons(shop)

    say(*old)  # a repeat
    say(identify("v1", "anna", BEFORE - timedelta(days=1)))  # late
    say(event("alias", "v2", target="v1"))  # the other way round
    shop.command("TRUNCATE TABLE events")
    worker(store_settings).forget()
    say(*old)  # all again, as after a loss of the events
    assert not stored_persons(shop)
    assert_recomputable(shop)

    say(identify("v1", "anna", LATER))
    assert stored_persons(shop) == {("shop", "v1"): "user:anna"}
    say(identify("v1", "anna"))
    (edge,) = shop.rows("SELECT since, unlinked_at FROM identity_edges FINAL")
    assert edge["since"] == LATER
    assert edge["unlinked_at"] is not None


def test_two_known_users_are_joined_by_force_only(shop: Store, store_settings: Settings, say: Say) -> None:
    say(identify("v1", "anna"), identify("v2", "bert"), event("page_view", "v1"), event("page_view", "v2"))
    line = refused(store_settings, "link", "v1", "v2")
    assert "user:anna and user:bert" in line
    assert "--force" in line
    assert len(shop.rows("SELECT 1 FROM identity_edges FINAL")) == 2
    assert identity(store_settings, "link", "v1", "v2", "--force")["joined"] is True
    assert visitors(store_settings) == 1
    assert stored_persons(shop)["shop", "user:bert"] == "user:anna"
    identity(store_settings, "unlink", "v1", "v2")
    assert visitors(store_settings) == 2
    assert_recomputable(shop)


def test_force_takes_an_edge_that_was_refused(shop: Store, store_settings: Settings, say: Say) -> None:
    say(identify("tablet", "anna"), identify("tablet", "bert", BEFORE + timedelta(minutes=1)))
    assert "--force" in refused(store_settings, "link", "tablet", "bert")
    assert identity(store_settings, "link", "tablet", "bert", "--force")["changed"] is True
    say(identify("tablet", "bert", BEFORE + timedelta(minutes=2)))
    assert set(stored_persons(shop).values()) == {"user:anna"}
    assert_recomputable(shop)


def test_mistakes_get_one_line_that_helps(store_settings: Settings, say: Say) -> None:
    say(identify("v1", "anna"), identify("v2", "bert"), event("group", "v1", target="acme"))
    assert "clicktrail site add shoop" in refused(store_settings, "show", "v1", site="shoop")
    assert "knows no visitor or user v99" in refused(store_settings, "show", "v99")
    assert "knows no visitor or user v99" in refused(store_settings, "link", "v1", "v99")
    assert "identity show --site shop v1" in refused(store_settings, "unlink", "v1", "v2")
    assert "nobody" in refused(store_settings, "link", "v1", "user:guest")
    assert "two different ids" in refused(store_settings, "link", "v1", "v1")
    assert "no group" in refused(store_settings, "link", "v2", "group:acme")


def test_an_unlink_waits_for_its_turn_and_live_memory_is_dropped(
    shop: Store, store_settings: Settings, say: Say
) -> None:
    say(identify("v1", "anna"), event("page_view", "v1"))
    done: list[bool] = []
    unlinking = threading.Thread(
        target=lambda: done.append(SiteIdentity(store_settings, shop, "shop").unlink("v1", "anna").changed)
    )
    with Lease(store_settings.data.resolve() / "lease").turn():
        unlinking.start()
        unlinking.join(0.3)
        assert not done
    unlinking.join(30)
    assert done == [True]
    say(identify("v1", "anna", LATER), identify("v3", "anna"))
    assert set(stored_persons(shop)) == {("shop", "v1"), ("shop", "v3")}
    versions = shop.rows("SELECT version FROM identity_edges ORDER BY version")
    assert len({row["version"] for row in versions}) == 3


@pytest.mark.parametrize("mend", ["again", "later traffic"])
def test_an_unlink_that_was_cut_short_before_the_persons_is_mended(
    shop: Store, store_settings: Settings, say: Say, mend: str
) -> None:
    """The store refuses the second table, as it does when the command is killed between two inserts."""
    say(identify("v1", "anna"), identify("v2", "anna"), event("page_view", "v1"))
    shop.command("ALTER TABLE persons RENAME COLUMN person_id TO away")
    try:
        with pytest.raises(StoreError, match="person_id"):
            SiteIdentity(store_settings, shop, "shop").unlink("v1", "anna")
    finally:
        shop.command("ALTER TABLE persons RENAME COLUMN away TO person_id")
    assert stored_persons(shop) != persons_of_edges(shop)
    if mend == "again":
        assert identity(store_settings, "unlink", "v1", "anna")["changed"] is False
    else:
        say(identify("v1", "anna", BEFORE + timedelta(minutes=5)))
    assert stored_persons(shop) == persons_of_edges(shop) == {("shop", "v2"): "user:anna"}


@pytest.mark.parametrize("table", ["identity_edges", "persons"])
def test_a_batch_that_ended_before_its_edges_or_persons_is_completed_by_the_retry(
    shop: Store, store_settings: Settings, table: str
) -> None:
    body = json.dumps(identify("v1", "anna")).encode()
    block = [Source(Envelope(1, "native", "shop", method="IMPORT", body=body, trusted=True), "file:test:0")]
    writer = Writer(store_settings)
    shop.command(f"RENAME TABLE {table} TO {table}_away")
    try:
        with writer.turn() as turn:
            writer.write(turn, "log0:0-9", block)
            with pytest.raises(StoreError, match=table):
                writer.settle()
    finally:
        shop.command(f"RENAME TABLE {table}_away TO {table}")
    assert not stored_persons(shop)
    with writer.turn() as turn:
        counts = writer.write(turn, "log0:0-9", block)
    assert (counts.events, counts.duplicates) == (1, 0), "edges go before the events they come from"
    assert stored_persons(shop) == {("shop", "v1"): "user:anna"}
