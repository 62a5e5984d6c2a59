"""Seeded click events as NDJSON, about 474 bytes each, for measuring."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

GAP_MS = 1_800_000
BEGIN_MS = 1_767_571_200_000  # 2026-01-05, a Monday
SITE = "bench"
TYPES = ("page_view", "click", "ping", "product_view")
_TYPE_SHARES = (0.45, 0.2, 0.2, 0.15)  # of events inside a session
_SESSION_SHARE = 0.22  # of events that open a session: about five events a session
_CHUNK = 250_000
_PAGES = 400
_AGENTS = 1_500
_SCREENS = ("1920x1080", "1536x864", "1440x900", "390x844", "412x915", "820x1180")
_ZONES = ("Europe/Berlin", "Europe/London", "Europe/Paris", "Asia/Shanghai")

Ints = npt.NDArray[np.int64]


def generate(path: Path, events: int = 2_000_000, visitors: int = 100_000, seed: int = 1) -> int:
    """Write native events of a trusted sender in the order of event_time; how many sessions are in them.

    A session begins with a page view after a gap above 30 minutes and no id comes twice, so the plain gap
    rule and ours agree on the sessions.
    """
    rng = np.random.default_rng(seed)
    frame = _times(rng, events, visitors).with_row_index("row")
    tables = _tables(visitors, seed)
    with path.open("wb") as file:
        for at in range(0, events, _CHUNK):
            lines = _lines(frame.slice(at, _CHUNK), tables, rng)
            # one column without quotes: the writer is a fast way to get lines onto the disk
            lines.write_csv(file, include_header=False, quote_style="never", separator="\x01")
    return int(frame["opens"].sum())


def agent_strings(count: int = _AGENTS) -> list[str]:
    """Distinct agents, put together from versions that browsers and systems carry."""
    systems = [f"Windows NT 10.0; Win64; x64; rv:{n}" for n in range(10)]
    systems += [f"Macintosh; Intel Mac OS X 10_15_{n}" for n in range(10)]
    systems += [f"Linux; Android {n}; SM-A{m}5B" for n in (12, 13, 14, 15) for m in range(10)]
    tail = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"
    pairs = [(system, chrome) for chrome in range(100, 142) for system in systems]
    return [f"Mozilla/5.0 ({system}) {tail.format(chrome)}" for system, chrome in pairs[:count]]


def _times(rng: np.random.Generator, events: int, visitors: int) -> pl.DataFrame:
    """Who does something when, ordered by time: visitor, at (ms), opens (a session)."""
    visitor = np.sort(rng.integers(0, visitors, events))
    first = np.r_[True, visitor[1:] != visitor[:-1]]
    opens = first | (rng.random(events) < _SESSION_SHARE)
    inside = np.minimum(rng.exponential(70_000, events).astype(np.int64) + 500, GAP_MS)
    pause = GAP_MS + 1 + rng.exponential(10 * 3_600_000, events).astype(np.int64)
    clock = np.cumsum(np.where(opens, pause, inside))
    starts = np.flatnonzero(first)
    shift = rng.integers(0, 86_400_000, len(starts)) - clock[starts]
    at = BEGIN_MS + clock + np.repeat(shift, np.diff(np.r_[starts, events]))
    return pl.DataFrame({"visitor": visitor, "at": at, "opens": opens}).sort("at", "visitor")


def _tables(visitors: int, seed: int) -> dict[str, pl.Series]:
    """Ready pieces of JSON that lines pick from."""
    rng = np.random.default_rng(seed + 1)
    ids = rng.integers(0, 1 << 62, visitors)
    pages = [
        f'"url":"https://shop.example/hats/{n % 12}/hat-{n}","title":"Hat {n}",'
        f'"referrer":"https://shop.example/hats/{n % 12}",'
        for n in range(_PAGES)
    ]
    devices = [
        f'"user_agent":"{agent}","screen":"{_SCREENS[n % len(_SCREENS)]}",'
        f'"timezone":"{_ZONES[n % len(_ZONES)]}"}}'
        for n, agent in enumerate(agent_strings())
    ]
    names = [
        f'"visitor_id":"v-{number & 0xFFFFFFFFFFF:011x}-{at:06d}",' for at, number in enumerate(ids.tolist())
    ]
    return {
        "type": pl.Series([f'"event_type":"{name}",' for name in TYPES]),
        "page": pl.Series(pages),
        "device": pl.Series(devices),
        "name": pl.Series(names),
    }


def _lines(frame: pl.DataFrame, tables: dict[str, pl.Series], rng: np.random.Generator) -> pl.DataFrame:
    """One column of JSON lines; no value in them needs escaping."""
    count = frame.height
    inside = rng.choice(len(TYPES), count, p=_TYPE_SHARES)
    kinds = np.where(frame["opens"].to_numpy(), 0, inside)
    pieces = pl.DataFrame(
        {
            "row": frame["row"],
            "at": frame["at"],
            "number": rng.integers(1 << 29, 1 << 30, count),
            "received": frame["at"] + pl.Series(rng.integers(40, 900, count)),
            "seen": rng.integers(0, 60_000, count),
            "type": tables["type"].gather(kinds),
            "page": tables["page"].gather(rng.integers(0, _PAGES, count)),
            "name": tables["name"].gather(frame["visitor"]),
            "device": tables["device"].gather(frame["visitor"] * 7_919 % _AGENTS),
        }
    )
    return pieces.select(
        pl.concat_str(
            pl.lit('{"event_id":"'), "number", pl.lit("-"), "row", pl.lit('","event_time":'), "at",
            pl.lit(',"received_at":'), "received", pl.lit(","), "type", "name", pl.lit('"page_view_id":"p'),
            pl.col("number") % 1_000_000_007, pl.lit('","seq":'), pl.col("row") % 9 + 1,
            pl.lit(',"engaged_ms":'), "seen", pl.lit(","), "page", "device",
        )
    )  # fmt: skip
