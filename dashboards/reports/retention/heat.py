"""The heat map of cohorts: an HTML table with sizes and the weighted mean first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dash import html

from crm.rate import Rate
from dashboards import format
from dashboards.page import Node, View
from dashboards.parts import link
from dashboards.people import href as people_href
from dashboards.reports.retention.answer import Answer
from dashboards.reports.retention.records import Cell, Cohort, Mean
from dashboards.reports.retention.who import who
from dashboards.reports.retention.words import interval, later, name_of
from dashboards.significance import LEAST

ROWS, COLUMNS = 31, 15
"""Cohorts (the newest) and periods after the start that are shown; the downloads hold all."""

_TOPS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
_STEPS = 6


@dataclass(frozen=True)
class Scale:
    """Share → step of colour: 0 is nothing, 1 to 6 equal parts up to the top."""

    top: float

    def step(self, share: float) -> int:
        """0 to 6."""
        return 0 if share <= 0 else min(_STEPS, 1 + int(share / self.top * _STEPS))


def scale(answer: Answer) -> Scale:
    """The least round top that holds all shares after the first period, finished ones if there are any."""
    money = answer.shows == "money"
    shares = [
        (cell.unfinished, cohort.money(at) if money else cell.back.value)
        for cohort in shown(answer)
        if money or cohort.size >= LEAST
        for at, cell in enumerate(cohort.cells[:COLUMNS])
        if at
    ]
    shares += [
        (False, one.money if money else one.back.value) for one in answer.report.everyone.known[1:COLUMNS]
    ]
    whole = [share for unfinished, share in shares if not unfinished and share]
    highest = max(whole or [share for _, share in shares if share], default=0.0)
    return Scale(next((top for top in _TOPS if top >= highest), _TOPS[-1]))


def shown(answer: Answer) -> tuple[Cohort, ...]:
    """The newest cohorts; those before the first person are not shown."""
    cohorts = answer.report.everyone.cohorts
    first = next((at for at, cohort in enumerate(cohorts) if cohort.size), 0)
    return cohorts[first:][-ROWS:]


def heat(view: View, answer: Answer) -> Node:
    """The table, which scrolls sideways in its own box."""
    text, everyone = view.text, answer.report.everyone
    cohorts = shown(answer)
    width = min(COLUMNS, max(len(cohort.cells) for cohort in cohorts))
    unit = answer.report.options.period
    size = text("retention.head.money" if answer.shows == "money" else "retention.head.people")
    heads = [html.Th(text(f"retention.head.{unit}"), scope="col"), html.Th(size, className="n", scope="col")]
    heads += [
        html.Th(str(at), scope="col", title=later(view, answer, at), className="off-h") for at in range(width)
    ]
    scaled = scale(answer)
    rows = [_mean(view, answer, scaled, everyone.known[:width])]
    first = len(everyone.cohorts) - len(cohorts)
    rows += [_row(view, answer, scaled, cohort, first + at) for at, cohort in enumerate(cohorts)]
    name = text(f"retention.heat.{answer.shows}")
    table = html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody(rows)], className="heat num", **{"aria-label": name}
    )
    return html.Div(table, className="scroll-x", tabIndex="0", role="region", **{"aria-label": name})


def legend(view: View, answer: Answer) -> Node:
    """From nothing to the top, and what the hatching says."""
    top = format.percent(scale(answer).top, 0)
    steps = [html.I(className=f"h{at}") for at in range(_STEPS + 1)]
    hatched = html.I(className="h2 open")
    running = view.text(f"retention.running.{answer.report.options.period}")
    return html.Div(
        [html.Span(["0", *steps, f"{top}+"]), html.Span([hatched, running])], className="heat-key muted xs"
    )


def _mean(view: View, answer: Answer, scaled: Scale, means: Sequence[Mean]) -> Node:
    total = answer.report.everyone
    paid = sum(cohort.revenue for cohort in total.cohorts)
    size = _money(view, paid) if answer.shows == "money" else format.number(total.size)
    cells = [html.Th(view.text("retention.mean"), scope="row"), html.Td(size, className="n size")]
    for at, mean in enumerate(means):
        if answer.shows == "money":
            title = _paid(view, mean.revenue, mean.base)
            cells.append(_cell(scaled, at, mean.money, title))
        else:
            cells.append(_cell(scaled, at, mean.back.value, _counted(view, answer, mean.back, at)))
    return html.Tr(cells, className="mean")


def _row(view: View, answer: Answer, scaled: Scale, cohort: Cohort, place: int) -> Node:
    size = _money(view, cohort.revenue) if answer.shows == "money" else format.number(cohort.size)
    on = place == answer.cohort
    label = link(
        name_of(view, answer, cohort),
        view.state.href(own={"cohort": (cohort.start.isoformat(),)}),
        **({"aria-current": "true"} if on else {}),
    )
    cells = [html.Th(label, scope="row"), html.Td(size, className="n size muted")]
    if cohort.size:
        cells += [
            _of_cohort(view, answer, scaled, cohort, at) for at in range(min(COLUMNS, len(cohort.cells)))
        ]
    return html.Tr(cells, className="on" if on else "")


def _of_cohort(view: View, answer: Answer, scaled: Scale, cohort: Cohort, at: int) -> Node:
    cell = cohort.cells[at]
    if answer.shows == "money":
        title = _paid(view, cell.revenue, cohort.revenue)
        return _cell(scaled, at, cohort.money(at), _open(view, answer, cell, title), cell.unfinished)
    title = _open(view, answer, cell, _counted(view, answer, cell.back, at))
    target = people_href(view, "retention", who("back", at, cohort.start)) if cell.back.part else ""
    return _cell(scaled, at, cell.back.value, title, cell.unfinished, target)


def _cell(  # noqa: PLR0913 - what a cell shows
    scaled: Scale, at: int, share: float | None, title: str, unfinished: bool = False, href: str = ""
) -> Node:
    if share is None:
        return html.Td("–", className="muted", title=title)
    step = _STEPS if at == 0 else scaled.step(share)
    words = (
        "100%"
        if at == 0
        else "0"
        if share == 0
        else f"{100 * share:.0f}"
        if share >= 0.9995
        else f"{100 * share:.1f}"
    )
    look = f"h{step} open" if unfinished else f"h{step}"
    inner = link(words, href, title=title) if href else html.Span(words, title=title)
    return html.Td(inner, className=look)


def _counted(view: View, answer: Answer, rate: Rate, at: int) -> str:
    """Week 3: 21 of 100 people, 21.0% (14.2–30.0%)."""
    said = view.text(
        "retention.cell", part=format.number(rate.part), whole=format.number(rate.whole),
        share=format.percent(rate.value or 0.0), interval=interval(rate),
    )  # fmt: skip
    return f"{later(view, answer, at)}: {said}"


def _paid(view: View, part: object, whole: object) -> str:
    return view.text("retention.paid", part=_money(view, part), whole=_money(view, whole))


def _open(view: View, answer: Answer, cell: Cell, title: str) -> str:
    running = view.text(f"retention.running.{answer.report.options.period}")
    return f"{title} · {running}" if cell.unfinished else title


def _money(view: View, value: object) -> str:
    currency = view.site.currency if view.site else "EUR"
    return format.money(float(str(value)), currency)
