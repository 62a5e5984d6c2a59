"""The lifecycle tab of the retention page: a sentence, the bars, the table with the people behind it."""

from __future__ import annotations

from datetime import date

from dash import html

from dashboards import format
from dashboards.annotations import marks
from dashboards.computed import read_sql
from dashboards.expressions import Expression, fill
from dashboards.page import Node, View
from dashboards.parts import card, computed, empty, exports, graph, link
from dashboards.people import Selection
from dashboards.people import href as people_href
from dashboards.reports.lifecycle.figure import COLOURS, HEIGHT, bars
from dashboards.reports.lifecycle.query import STAGES, Lifecycle, Stage, ask_before, lifecycle, parse
from dashboards.reports.retention.options import Unit
from dashboards.reports.retention.who import selection

ROWS = 31
"""Periods (the newest) of the table; the download holds all."""

WORD = "life."
"""How the word for the people of a stage begins: life.new.2026-11-02."""

_WANTED_SQL = read_sql(__package__ or "", "wanted.sql")


def unit_of(view: View) -> Unit:
    """The period of the address; ConfigError for one there is not."""
    wish = view.state.one("period")
    return parse({"period": wish} if wish else {})


def answer(view: View) -> Lifecycle:
    """Ask the store; StoreError and ConfigError come through."""
    assert view.site is not None
    now = view.desk.now()
    return lifecycle(view.desk.store, view.site, view.period, unit_of(view), view.state.f, now=now)


def sentence(view: View, found: Lifecycle) -> str:
    """The newest finished period in one sentence."""
    whole = [one for one in found.periods if not one.unfinished]
    if not whole:
        return view.text(f"retention.life.early.{found.unit}")
    last = whole[-1]
    counts = {name: format.number(getattr(last, name)) for name in STAGES}
    return view.text(f"retention.life.sub.{found.unit}", day=_name(view, found, last.start), **counts)


def cards(view: View, found: Lifecycle) -> list[Node]:
    """The chart and the table."""
    text = view.text
    names = {stage: text(f"retention.life.{stage}") for stage in STAGES}
    info = computed(view, found.computed[0], text("retention.how.life", zone=view.zone))
    title = text("retention.life.chart")
    if not any(one.active or one.dormant for one in found.periods):
        return [
            card(
                title,
                empty("users", text("empty.period"), text("empty.period.words")),
                info=info,
                look="how-in",
            )
        ]
    keys = [
        html.Span([html.I(className="key box-key", style={"background": f"var(--{COLOURS[stage]})"}), name])
        for stage, name in names.items()
    ]
    chart = graph("lifecycle-bars", bars(found, names, text, marks(view)), sentence(view, found), HEIGHT)
    return [
        card(title, html.Div(keys, className="legend"), chart, info=info, look="how-in"),
        _table(view, found, names),
    ]


def _table(view: View, found: Lifecycle, names: dict[str, str]) -> Node:
    text = view.text
    heads = [html.Th(text(f"retention.head.{found.unit}"), scope="col")]
    heads += [
        html.Th(name, className="n", scope="col") for name in (text("retention.life.active"), *names.values())
    ]
    rows = [_row(view, found, one) for one in reversed(found.periods[-ROWS:])]
    table = html.Table([html.Thead(html.Tr(heads)), html.Tbody(rows)], className="t rows close")
    title = text(f"retention.life.table.{found.unit}")
    box = html.Div(table, className="scroll-x", tabIndex="0", role="region", **{"aria-label": title})
    return card(title, box, tools=[exports(view, "retention", "lifecycle")])


def _row(view: View, found: Lifecycle, one: Stage) -> Node:
    running = html.Span(f" · {view.text('chart.running')}", className="muted xs") if one.unfinished else None
    name = _name(view, found, one.start)
    cells = [
        html.Th([name, running] if running else name, scope="row"),
        html.Td(format.number(one.active), className="n"),
    ]
    for stage in STAGES:
        count: Node = format.number(getattr(one, stage))
        if getattr(one, stage):
            target = people_href(view, "retention", f"{WORD}{stage}.{one.start.isoformat()}")
            count = link(count, target, "a")
        cells.append(html.Td(count, className="n"))
    return html.Tr(cells)


def _name(view: View, found: Lifecycle, start: date) -> str:
    if found.unit == "month":
        return view.text("retention.month", month=start.month, year=start.year)
    return _day(view, start)


def _day(view: View, start: date) -> str:
    return format.day(start, view.lang, year=start.year != view.today.year)


def rows(view: View) -> list[list[object]]:
    """The table to take along."""
    found = answer(view)
    head = ["start", "active", *STAGES, "unfinished"]
    body = [[getattr(one, name) for name in head] for one in found.periods]
    return [list(head), *body]


def people(view: View, word: str) -> Selection | None:
    """The people of a stage of a period; None when the word means nobody."""
    stage, _, start = word.removeprefix(WORD).partition(".")
    if view.site is None or stage not in STAGES:
        return None
    now, unit = view.desk.now(), unit_of(view)
    asked = ask_before(view.desk.store, view.site, view.period, unit, view.state.f, now=now)
    periods = asked.calendar
    at = next((at for at in range(1, periods.begun) if periods.start(at).isoformat() == start), None)
    if at is None:
        return None
    wanted = fill(_WANTED_SQL, people=Expression(asked.people))
    title = view.text(
        f"retention.life.who.{unit}",
        stage=view.text(f"retention.life.{stage}"),
        day=_day(view, periods.start(at)),
    )
    return selection(asked, wanted, {"at": at, "stage": stage}, title)
