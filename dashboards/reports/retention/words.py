"""The sentences of the retention page."""

from __future__ import annotations

from crm.rate import Rate
from dashboards import format
from dashboards.i18n import Text
from dashboards.page import View
from dashboards.period import DAY
from dashboards.reports.retention.answer import Answer
from dashboards.reports.retention.calendar import calendar
from dashboards.reports.retention.options import RetentionOptions
from dashboards.reports.retention.records import Cohort, Mean


def in_people(rate: Rate, text: Text) -> str:
    """A share as people say it: 21 in 100, 4 in 1,000, none."""
    share = rate.value or 0.0
    if share == 0.0:
        return text("retention.none")
    if share == 1.0:
        return text("retention.all")
    if share < 0.0005:
        return text("retention.under", of="1,000")
    of = 100 if share >= 0.01 else 1_000
    if round(share * of) >= of:
        return text("retention.over", k=of - 1, of=of)
    return text("retention.in", k=round(share * of), of=f"{of:,}")


def sentence(view: View, answer: Answer) -> str:
    """The answer in one sentence: how many were back in the period after their start."""
    text, report = view.text, answer.report
    everyone, options = report.everyone, report.options
    if not everyone.size:
        return text("retention.sub.nobody")
    mean = everyone.mean[1] if len(everyone.mean) > 1 else None
    if mean is None or not mean.back.whole:
        return text(f"retention.sub.early.{options.period}")
    whole = [
        at
        for at, c in enumerate(everyone.cohorts)
        if c.size and len(c.cells) > 1 and not c.cells[1].unfinished
    ]
    first = everyone.cohorts[whole[0]].start
    last = calendar(report.period, options.period, report.asked_at).start(whole[-1] + 1) - DAY
    key = f"retention.sub.{options.start}" + (".condition" if options.start_condition else "")
    said = text(
        key,
        n=format.number(mean.back.whole),
        condition=options.start_condition,
        dates=format.dates(first, last, view.lang, view.today),
        back=_back(text, options, mean),
    )
    return said if answer.shows == "people" else f"{said} {_money(text, options, mean)}".strip()


def _back(text: Text, options: RetentionOptions, mean: Mean) -> str:
    key = "retention.back" + (".condition" if options.return_condition else "")
    when = text(f"retention.after.{options.return_}.{options.period}")
    return text(key, share=in_people(mean.back, text), when=when, condition=options.return_condition)


def _money(text: Text, options: RetentionOptions, mean: Mean) -> str:
    if mean.money is None:
        return text("retention.sub.no_money")
    return text(f"retention.sub.money.{options.period}", share=format.percent(mean.money))


def name_of(view: View, answer: Answer, cohort: Cohort, *, year: bool = False) -> str:
    """A cohort's name: the day, the week's first day, the month."""
    unit = answer.report.options.period
    if unit == "month":
        return view.text("retention.month", month=cohort.start.month, year=cohort.start.year)
    other_year = year or cohort.start.year != view.today.year
    return format.day(cohort.start, view.lang, year=other_year)


def later(view: View, answer: Answer, offset: int) -> str:
    """Week 3: so many periods after the start."""
    return view.text(f"retention.later.{answer.report.options.period}", n=offset)


def interval(rate: Rate) -> str:
    """The 95% interval of a share: 24.7–25.4%."""
    if rate.low is None or rate.high is None:
        return "–"
    return f"{100 * rate.low:.1f}–{format.percent(rate.high)}"


def time_sentence(view: View, answer: Answer) -> str:
    """How long until people are back, in words."""
    found, text = answer.report.time_to_return, view.text
    if not found.back.whole:
        return text("retention.time.nobody")
    people, back = format.number(found.back.whole), format.number(found.back.part)
    for part, key in ((0.5, "half"), (0.25, "quarter"), (0.1, "tenth")):
        when = found.survival.quantile(part)
        if when is not None:
            span = format.span(when, view.lang)
            return text(f"retention.time.{key}", span=span, n=people, back=back)
    return text("retention.time.few", n=people, back=back)


def field_name(view: View, field: str) -> str:
    """A field inside a sentence: in English without its capital."""
    name = view.text.name("field", field)
    return name[:1].lower() + name[1:] if view.lang == "en" and view.text.has(f"field.{field}") else name
