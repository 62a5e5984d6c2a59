"""Funnel: how many come from step to step, who does better, where they are lost and what they do next."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from dash import Dash, html

from clicktrail.errors import ConfigError
from dashboards import format
from dashboards.annotations import Annotation, marks, notes_menu
from dashboards.computed import jsonable
from dashboards.controls import chips, period_tools, toggle
from dashboards.coverage import Coverage, coverage
from dashboards.footing import bad_request, cover, coverage_words, health
from dashboards.page import Desk, Node, Page, View
from dashboards.parts import card, computed, empty, exports, graph, icon
from dashboards.people import Selection
from dashboards.reports.funnel import naming, saved
from dashboards.reports.funnel.after import after, leak
from dashboards.reports.funnel.ask import MOST_DAYS, PARAMS, Wish, wish
from dashboards.reports.funnel.columns import columns, legend
from dashboards.reports.funnel.editor import editor
from dashboards.reports.funnel.figure import HEIGHT, trend
from dashboards.reports.funnel.first import first
from dashboards.reports.funnel.groups import groups
from dashboards.reports.funnel.names import in_hundred, share, step_name, units, window_words
from dashboards.reports.funnel.options import TRENDS, FunnelOptions, OptionError
from dashboards.reports.funnel.people import people as people_of
from dashboards.reports.funnel.people import who as who_is
from dashboards.reports.funnel.query import funnel
from dashboards.reports.funnel.question import question
from dashboards.reports.funnel.records import Funnel
from dashboards.reports.funnel.saved import SavedFunnel
from dashboards.reports.funnel.suggested import frequent
from dashboards.shell import no_site, shell
from dashboards.snippet import first_steps


@dataclass(frozen=True)
class Answer:
    """What the page shows; `found` is None while there is no funnel to ask for."""

    wish: Wish
    found: Funnel | None
    coverage: Coverage
    frequent: tuple[str, ...]
    notes: tuple[Annotation, ...]
    saved: tuple[SavedFunnel, ...]


def ask(view: View) -> Answer:
    """The funnel and what stands around it, side by side; ConfigError for a filter that cannot be read."""
    store, site = view.desk.store, view.site
    if site is None:
        raise ValueError("the page needs a site")
    wanted = wish(view)
    with ThreadPoolExecutor(3) as pool:
        numbers = pool.submit(_found, view, wanted.options) if wanted.options else None
        rest = pool.submit(coverage, store, site, view.period, now=view.desk.now())
        often = pool.submit(frequent, view)
        kept = saved.saved(store, site.id)
        return Answer(
            wanted, numbers.result() if numbers else None, rest.result(), often.result(), marks(view), kept
        )


def _found(view: View, options: FunnelOptions) -> Funnel:
    if view.site is None:
        raise ValueError("the page needs a site")
    return funnel(view.desk.store, view.site, view.period, options, view.state.f, now=view.desk.now())


def layout(view: View) -> Node:
    """The page."""
    title = view.text("funnel")
    if view.site is None:
        return no_site(view, title)
    try:
        answer = ask(view)
    except ConfigError as error:
        return shell(view, chips(view), bad_request(view, error), title=title, tools=period_tools(view))
    if answer.coverage.last_received is None and not view.state.f:
        return shell(view, first_steps(view), title=title)
    tools = [*period_tools(view), naming.saved_menu(view, answer.saved), notes_menu(view)]
    return shell(
        view,
        chips(view),
        *_body(view, answer),
        cover(view, answer.coverage),
        *naming.stores(),
        title=title,
        sub=_sentence(view, answer.found),
        tools=tools,
        health=health(view, answer.coverage),
    )


def _body(view: View, answer: Answer) -> list[Node]:
    found, faults = answer.found, answer.wish.faults
    edit = editor(view, faults, answer.frequent)
    if found is None:
        nodes: list[Node] = [edit] if view.state.all("step") else []
        if len(view.state.all("step")) < 2:
            nodes.append(first(view, answer.saved))
        else:
            nodes.append(
                empty(
                    "circle-alert",
                    view.text("funnel.faulty"),
                    view.text("funnel.faulty.words"),
                    small=True,
                    alone=True,
                )
            )
        return [html.Section(nodes, className="card")]
    if not found.converted.whole:
        words = view.text("funnel.nobody.words", name=step_name(view.text, found.steps[0].name))
        nothing = empty("funnel", view.text("funnel.nobody"), words, alone=True)
        return [html.Section([edit, nothing], className="card")]
    head = html.Div(
        [
            html.Div(className="grow"),
            legend(view, found),
            _how(view, answer, found),
            exports(view, "funnel", "steps"),
        ],
        className="row g12 fn-legend",
    )
    return [
        html.Section([edit, head, columns(view, found)], className="card"),
        html.Div([groups(view, found, faults), after(view, found)], className="grid fn-two")
        if not found.options.open
        else None,
        _trend(view, answer, found) if not found.options.open else None,
    ]


def _how(view: View, answer: Answer, found: Funnel) -> Node:
    text, options = view.text, found.options
    unit = text(f"funnel.unit.{options.unit}")
    if options.open:
        words = text("funnel.how.open", unit=unit)
    else:
        order = text(f"funnel.how.order.{options.order}")
        words = text("funnel.how.steps", unit=unit, window=window_words(text, options.window), order=order)
    return computed(view, found.computed[0], words, coverage_words(view, answer.coverage))


def _sentence(view: View, found: Funnel | None) -> str:
    """The answer in one or two sentences."""
    text = view.text
    if found is None or not found.converted.whole:
        return text("funnel.sub")
    names = [step_name(text, step.name) for step in found.steps]
    if found.options.open:
        done = units(text, found.options, found.steps[-1].reached.part)
        entered = units(text, found.options, found.converted.whole)
        return text("funnel.open_sentence", entered=entered, last=done, name=names[-1])
    last = found.options.required[-1]
    said = text(
        "funnel.sentence", rate=in_hundred(text, found.converted), first=names[0], last=names[last - 1]
    )
    worst = leak(found)
    if worst is None:
        return said + text("funnel.no_leak")
    after_it = next(one for one in found.options.required if one > worst.step)
    rate = in_hundred(text, found.steps[after_it - 1].from_previous)
    return said + text("funnel.leak", step=worst.step, left=format.number(worst.left), rate=rate)


def _trend(view: View, answer: Answer, found: Funnel) -> Node:
    text = view.text
    title = text("funnel.trend")
    default = "day" if view.period.days <= MOST_DAYS else "week"
    by = toggle(view, title, "trend", [(one, text(f"funnel.trend.{one}")) for one in TRENDS], default)
    said = [one.converted for one in found.trend if one.converted.whole]
    rates = sorted(said, key=lambda rate: rate.value or 0.0)
    label = text(
        "funnel.trend.label",
        low=share(rates[0]) if rates else "–",
        high=share(rates[-1]) if rates else "–",
    )
    fault = answer.wish.faults.get("trend")
    trouble = (
        html.Div([icon("circle-alert", 14), fault[:400]], className="fn-fault", role="alert")
        if fault
        else None
    )
    info = computed(view, found.computed[0], text("funnel.how.trend", zone=view.zone))
    chart = (
        graph("funnel-trend", trend(found.trend, text, answer.notes), label, HEIGHT) if found.trend else None
    )
    words = html.P(text("funnel.trend.words"), className="muted xs mt4")
    body = [one for one in (trouble, chart, words) if one is not None]
    return card(title, *body, tools=[by, exports(view, "funnel", "trend")], info=info)


def download(view: View, name: str) -> list[list[object]] | None:
    """The rows of steps, segments, trend or next, with a head; None for another name or no funnel."""
    wanted = wish(view)
    if wanted.options is None or view.site is None:
        return None
    return _TABLES[name](_found(view, wanted.options).to_json()) if name in _TABLES else None


def _flat(rows: list[dict[str, Any]], *left_out: str) -> list[list[object]]:
    """Rows of JSON objects under a head of their keys; a list becomes a column an element."""
    made = []
    for row in rows:
        flat: dict[str, object] = {}
        for key, value in row.items():
            if isinstance(value, list):
                flat |= {f"{key}_{at}": one for at, one in enumerate(value, 1)}
            elif key not in left_out:
                flat[key] = jsonable(value)
        made.append(flat)
    head: list[object] = list(made[0]) if made else []
    return [head, *(list(row.values()) for row in made)]


def _next_rows(document: dict[str, Any]) -> list[list[object]]:
    head: list[object] = ["step", "by", "event_type", "event_name", "path", "count"]
    rows: list[list[object]] = []
    for one in document["next"]:
        rows += [
            [one["step"], "type", a["event_type"], a["event_name"], "", a["count"]] for a in one["types"]
        ]
        rows += [[one["step"], "path", "", "", a["path"], a["count"]] for a in one["paths"]]
        rows.append([one["step"], "nothing_more", "", "", "", one["nothing_more"]])
    return [head, *rows]


_TABLES = {
    "steps": lambda document: _flat(document["steps"]),
    "segments": lambda document: _flat(document["segments"]),
    "trend": lambda document: _flat(document["trend"]),
    "next": _next_rows,
}


def people(view: View, who: str) -> Selection | None:
    """The people behind a bar: entered, converted, reached-2, left-1, waiting-1; `segment`: =value."""
    wanted = wish(view)
    if wanted.options is None or view.site is None:
        return None
    options, text = wanted.options, view.text
    try:
        kind, step = who_is(who, options)
    except OptionError:
        return None
    given = view.state.one("segment")
    segment = given[1:] if given.startswith("=") and options.breakdown else None
    asked = question(view.desk.store, view.site, view.period, options, view.state.f, now=view.desk.now())
    found = people_of(asked, who, segment)
    title = text(f"funnel.people.{kind}", name=step_name(text, options.steps[step - 1]))
    if segment is not None:
        field = text.name("field", options.breakdown)
        title = text("funnel.people.segment", title=title, field=field, value=segment or text("unset"))
    return Selection(title, found.sql, found.parameters, found.ahead)


def connect(app: Dash, desk: Desk) -> None:
    """Saving, renaming and deleting a funnel."""
    naming.connect(app, desk)


PAGE = Page("/funnel", "funnel", "funnel", "nav.understand", layout, connect, download, people, PARAMS)
"""Registered in dashboards/app.py."""
