"""The people behind each bar of a funnel."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from dashboards.computed import Computed, read_sql
from dashboards.expressions import Expression, fill
from dashboards.reports.funnel.options import FunnelOptions, OptionError
from dashboards.reports.funnel.question import Question
from store.tables.client import Store

_PEOPLE_SQL, _LIST_SQL = (read_sql(__package__ or "", name) for name in ("people.sql", "people_list.sql"))
_WHO = re.compile(r"(entered|converted|reached|left|waiting)(?:-([1-9][0-9]?))?")
_PEOPLE = "The people among the entries of the funnel that are meant, each once."


def who(text: str, options: FunnelOptions) -> tuple[str, int]:
    """(entered, reached, left or waiting; number of the step) of entered, converted, reached-2, left-1 …

    Raises OptionError when the text cannot be read or the funnel has no such step.
    """
    match = _WHO.fullmatch(text)
    if match is None or (match[1] in ("reached", "left", "waiting")) != bool(match[2]):
        raise OptionError("people", "people", text)
    kind, step = match[1], int(match[2] or 0)
    if step > len(options.steps):
        raise OptionError("people", "people_step", text, most=len(options.steps))
    if options.open and kind in ("left", "waiting"):
        raise OptionError("people", "people_open", text)
    if kind == "converted":
        return "reached", options.required[-1]
    return kind, max(step, 1)


def people(asked: Question, text: str, segment: str | None = None) -> Computed:
    """The query with one column person_id; segment: only entries with this value of the breakdown."""
    kind, step = who(text, asked.options)
    given = {
        "who": kind,
        "who_step": step,
        "of_segment": int(segment is not None),
        "segment": segment or "",
    }
    made = asked.computed("people", _PEOPLE, _PEOPLE_SQL)
    return replace(made, parameters={**asked.given, **given})


def people_json(store: Store, asked: Question, text: str, limit: int) -> dict[str, Any]:
    """{"who", "count", "people": [at most `limit` ids]}."""
    query = people(asked, text)
    listed = replace(
        query,
        sql=fill(_LIST_SQL, people=Expression(query.sql)),
        parameters={**query.parameters, "limit": limit},
    )
    rows = listed.rows(store, asked.tables(store))
    return {
        "who": text,
        "count": rows[0]["people"] if rows else 0,
        "people": [row["person_id"] for row in rows],
    }
