"""Risk, reasons and facts of a person as sentences of the language of the page."""

from __future__ import annotations

from crm.history import recent_window, season_window
from crm.models import Primary
from crm.reasons import Reason
from dashboards import format
from dashboards.i18n import Text
from dashboards.reports.churn.records import Evidence, Known, Person


def in_ten(text: Text, risk: float) -> str:
    """A probability as people say it: 3 in 10."""
    tenths = round(10 * risk)
    return text(f"churn.in_ten.{tenths}") if tenths in (0, 10) else text("churn.in_ten", n=tenths)


def likely(text: Text, person: Person) -> str:
    """The interval of the risk in per cent: 58–66%; '' without one."""
    if person.bounds is None:
        return ""
    low, high = (format.percent(end, 0) for end in person.bounds)
    return text("churn.likely", low=low.removesuffix("%"), high=high)


def likely_in_ten(text: Text, person: Person) -> str:
    """6 in 10, likely between 4 and 8; where both ends say the same, that alone."""
    risk = person.risk or 0.0
    low, high = (round(10 * end) for end in person.bounds or (risk, risk))
    said = in_ten(text, risk)
    return said if low == high else text("churn.in_ten.likely", risk=said, low=low, high=high)


def days(text: Text, count: float) -> str:
    """1 day, 12 days; rounded."""
    return text.n("churn.days", round(count))


def ago(text: Text, count: int) -> str:
    """today, 12 days ago."""
    return text("churn.ago", days=days(text, count)) if count else text("churn.today")


def reason(text: Text, why: Reason, known: Known, primary: Primary, horizon: int) -> str:
    """The facts of a reason; in English the text of `crm.reasons`."""
    if why.kind == "silence":
        key = "churn.reason.silence" + (".once" if known.is_newcomer else "")
        quiet = {"days": days(text, known.silence), "gap": days(text, known.usual_gap)}
        return text(key if known.silence else f"{key}.today", **quiet)
    if why.kind == "rhythm":
        windows = {"week": recent_window(horizon), "month": season_window(horizon)}
        counts = {"recent": known.recent_days, "season": known.season_days}
        return text(f"churn.reason.rhythm.{primary}", **windows, **counts)
    if why.kind == "history":
        seen = {"days": days(text, known.active_days), "ago": ago(text, known.tenure)}
        return text(f"churn.reason.history.{primary}", **seen)
    return text("churn.reason.value", value=f"{known.mean_value:,.2f}")


def points(why: Reason) -> str:
    """+31, −4."""
    sign = "+" if why.points >= 0 else format.MINUS
    return f"{sign}{abs(why.points):.0f}"


def after_today(text: Text, person: Person, primary: Primary) -> str:
    """What being active today would do; '' for who was."""
    if person.after_today is None:
        return ""
    return text(f"churn.after.{primary}", risk=in_ten(text, person.after_today))


def evidence(text: Text, found: tuple[Evidence, ...]) -> str:
    """What the forecast does not know; '' without any."""
    return text("churn.evidence", facts=happened(text, found)) if found else ""


def happened(text: Text, found: tuple[Evidence, ...]) -> str:
    """What happened to somebody lately; '' without anything."""
    return " · ".join(
        text.n(f"churn.evidence.{one.kind}", one.count, day=format.day(one.last, text.lang)) for one in found
    )
