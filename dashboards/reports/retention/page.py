"""Retention: who comes back, when, and what they pay, by the time they came first."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from dash import html

from clicktrail.errors import ConfigError
from dashboards import format
from dashboards.annotations import notes_menu
from dashboards.conditions import refusal
from dashboards.controls import period_tools
from dashboards.coverage import coverage
from dashboards.footing import cover, coverage_words, health
from dashboards.page import Node, Page, View
from dashboards.parts import card, computed, empty, exports, link
from dashboards.people import Selection
from dashboards.reports.lifecycle import tab as life
from dashboards.reports.retention.answer import PARAMS, Answer, ask
from dashboards.reports.retention.cards import breakdown_card, cohort_card, curve_card, time_card
from dashboards.reports.retention.heat import COLUMNS, ROWS, heat, legend, shown
from dashboards.reports.retention.question import life_question, measure, question, readable, tabs
from dashboards.reports.retention.tables import download as table
from dashboards.reports.retention.who import people as cohort_people
from dashboards.reports.retention.words import name_of, sentence
from dashboards.shell import no_site, shell
from dashboards.snippet import first_steps


def layout(view: View) -> Node:
    """The page."""
    title = view.text("retention")
    if view.site is None:
        return no_site(view, title)
    try:
        tab = view.state.one("tab", "cohorts")
        if tab not in ("cohorts", "lifecycle"):
            raise ConfigError(f"tab={tab}: choose cohorts, lifecycle")
        return _lifecycle(view, title) if tab == "lifecycle" else _cohorts(view, title)
    except ConfigError as error:
        body = [question(view, readable(view)), _unanswered(view, error)]
        return shell(view, *body, title=title, tools=[tabs(view), *period_tools(view)])


def people(view: View, who: str) -> Selection | None:
    """The people behind a number of either tab."""
    return life.people(view, who) if who.startswith(life.WORD) else cohort_people(view, who)


def download(view: View, name: str) -> list[list[object]] | None:
    """The rows of a table of either tab; None for one we do not have."""
    return life.rows(view) if name == "lifecycle" and view.site else table(view, name)


def _lifecycle(view: View, title: str) -> Node:
    assert view.site is not None
    with ThreadPoolExecutor(1) as pool:
        covered = pool.submit(coverage, view.desk.store, view.site, view.period, now=view.desk.now())
        found = life.answer(view)
        covers = covered.result()
    if covers.last_received is None and not view.state.f:
        return shell(view, first_steps(view), title=title)
    return shell(
        view,
        life_question(view),
        *life.cards(view, found),
        cover(view, covers),
        title=title,
        sub=life.sentence(view, found),
        tools=[tabs(view), *period_tools(view), notes_menu(view)],
        health=health(view, covers),
    )


def _cohorts(view: View, title: str) -> Node:
    answer = ask(view)
    if answer.coverage.last_received is None and not view.state.f:
        return shell(view, first_steps(view), title=title)
    left = [_heat_card(view, answer), breakdown_card(view, answer)]
    right = [curve_card(view, answer), time_card(view, answer)]
    return shell(
        view,
        question(view, answer.report.options),
        html.Div(
            [html.Div(left, className="grid top"), html.Div(right, className="grid top")],
            className="grid g-31 top",
        ),
        cohort_card(view, answer),
        cover(view, answer.coverage),
        title=title,
        sub=sentence(view, answer),
        tools=[tabs(view), *period_tools(view)],
        health=health(view, answer.coverage),
    )


def _heat_card(view: View, answer: Answer) -> Node:
    text, report = view.text, answer.report
    definition = text(f"retention.how.{answer.shows}", zone=view.zone)
    info = computed(view, answer.sql("cells"), definition, coverage_words(view, answer.coverage))
    tools = [measure(view), exports(view, "retention", "cohorts")]
    title = text(f"retention.heat.{answer.shows}")
    if not report.everyone.size:
        longer = link(text("period.90d"), view.state.href(p="90d", start="", end=""), "btn")
        return card(
            title,
            empty("repeat-2", text("empty.period"), text("empty.period.words"), longer),
            info=info,
            look="how-in",
        )
    return card(
        title,
        heat(view, answer),
        html.Div([legend(view, answer), *_notes(view, answer)], className="heat-foot"),
        tools=tools,
        info=info,
        look="how-in",
    )


def _notes(view: View, answer: Answer) -> list[Node]:
    """Who is left out, what is not shown, and a longer period where a few cohorts only fit."""
    text, report = view.text, answer.report
    cohorts, notes = report.everyone.cohorts, list[Node]()
    if report.begins_with_the_data:
        name = name_of(view, answer, next(cohort for cohort in cohorts if cohort.size))
        notes.append(
            html.P(text(f"retention.begins.{report.options.period}", name=name), className="muted xs")
        )
    left_out = report.left_out
    if left_out.whole:
        share = format.share(left_out.part, left_out.whole)
        said = text(
            "retention.left_out",
            share=share,
            part=format.number(left_out.part),
            whole=format.number(left_out.whole),
        )
        notes.append(html.P([said, " ", _left_out_how(view, answer)], className="muted xs row"))
    if len(shown(answer)) == ROWS < len(cohorts) or max(len(cohort.cells) for cohort in cohorts) > COLUMNS:
        notes.append(
            html.P(
                text("retention.cut", rows=ROWS, columns=COLUMNS - 1, all=len(cohorts)), className="muted xs"
            )
        )
    if len(cohorts) < 7 and view.state.p != "90d" and view.period.days < 90:
        longer = link(text("period.90d"), view.state.href(p="90d", start="", end=""), "a")
        notes.append(
            html.P([text(f"retention.short.{report.options.period}") + " ", longer], className="muted xs")
        )
    return notes


def _left_out_how(view: View, answer: Answer) -> Node:
    return computed(view, answer.sql("coverage"), view.text("retention.how.left_out"))


def _unanswered(view: View, error: ConfigError) -> Node:
    """What of the question cannot be read, and a way out."""
    text = view.text
    clear = link(
        text("retention.clear"), view.state.href(f=(), own=dict.fromkeys(view.state.own, ())), "btn primary"
    )
    words = refusal(error, text)
    body = empty("filter", text("retention.bad"), words[:400], clear, alone=True)
    return html.Section(body, className="card", role="alert")


PAGE = Page(
    "/retention",
    "retention",
    "repeat-2",
    "nav.understand",
    layout,
    download=download,
    people=people,
    params=PARAMS,
)
"""Registered in dashboards/app.py."""
