"""Numbers, money, spans and dates as people read them, in both languages. Pure."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

MINUS = "−"
_SYMBOL = {"EUR": "€", "USD": "$", "GBP": "£", "CNY": "¥", "JPY": "¥", "INR": "₹", "KRW": "₩", "CHF": "CHF "}
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_DAYS = {"en": "Mon Tue Wed Thu Fri Sat Sun".split(), "zh": "周一 周二 周三 周四 周五 周六 周日".split()}
_UNITS: dict[str, tuple[tuple[int, str], ...]] = {
    "en": ((86400, " d"), (3600, " h"), (60, " min"), (1, " s")),
    "zh": ((86400, " 天"), (3600, " 小时"), (60, " 分"), (1, " 秒")),
}


def number(value: float) -> str:
    """Digits in full: 12,345."""
    return f"{value:,.0f}"


def short(value: float, lang: str) -> str:
    """At most four digits for a tile: 9,876, 12.3k, 1.2万."""
    steps: tuple[tuple[float, str], ...]
    steps = ((1e8, "亿"), (1e4, "万")) if lang == "zh" else ((1e9, "B"), (1e6, "M"), (1e3, "k"))
    if abs(value) < 1e4:
        return number(value)
    size, unit = next((size, unit) for size, unit in steps if abs(value) >= size * 0.99995)
    return f"{value / size:.1f}{unit}"


def percent(share: float, digits: int = 1) -> str:
    """A share of one as per cent: 0.25 → 25.0%."""
    return f"{100 * share:.{digits}f}%"


def share(part: float, whole: float) -> str:
    """A share in a table: 32%, and "<1%" instead of a 0% that is not zero."""
    if whole <= 0:
        return "–"
    ratio = part / whole
    return "<1%" if 0 < ratio < 0.005 else percent(ratio, 0)


def signed(change: float) -> str:
    """A change of share with its sign; the minus is a real one."""
    digits = 0 if abs(change) >= 9.995 else 1
    text = f"{100 * abs(change):,.{digits}f}%"
    return text if text == "0.0%" else f"{'+' if change > 0 else MINUS}{text}"


def points(change: float) -> str:
    """A change of a rate in percentage points, 0.012 → +1.2."""
    text = f"{100 * abs(change):.1f}"
    return text if text == "0.0" else f"{'+' if change > 0 else MINUS}{text}"


def money(value: Decimal | float, currency: str) -> str:
    """€612; cents only below 100."""
    amount = float(value)
    digits = 0 if abs(amount) >= 100 or amount == int(amount) else 2
    return f"{_SYMBOL.get(currency, currency + ' ')}{value:,.{digits}f}"


def span(seconds: float, lang: str) -> str:
    """A duration in its largest unit: 48 s, 3.5 min, 54 min, 6 d."""
    for size, unit in _UNITS[lang]:
        if seconds >= size:
            amount = seconds / size
            whole = amount >= 10 or size == 1 or abs(amount - round(amount)) < 0.05
            return f"{amount:.0f}{unit}" if whole else f"{amount:.1f}{unit}"
    return f"0{_UNITS[lang][-1][1]}"


def day(value: date, lang: str, *, year: bool = False) -> str:
    """24 Oct, 10月24日; with the year on wish."""
    if lang == "zh":
        return f"{value.year}年{value.month}月{value.day}日" if year else f"{value.month}月{value.day}日"
    return f"{value.day} {_MONTHS[value.month - 1]}" + (f" {value.year}" if year else "")


def weekday(value: date, lang: str) -> str:
    """Sat 24 Oct, 10月24日 周六."""
    name = _DAYS[lang][value.weekday()]
    return f"{day(value, lang)} {name}" if lang == "zh" else f"{name} {day(value, lang)}"


def dates(start: date, end: date, lang: str, today: date) -> str:
    """Two inclusive days as one text; the year only where it is not this one."""
    year = start.year != today.year or end.year != today.year
    if start == end:
        return day(end, lang, year=year)
    if lang == "en" and not year and start.month == end.month:
        return f"{start.day} – {day(end, lang)}"
    return f"{day(start, lang, year=year)} – {day(end, lang, year=year)}"


def instant(value: datetime, lang: str) -> str:
    """24 Oct 2026 14:05, in whatever zone the value carries."""
    return f"{day(value.date(), lang, year=True)} {value:%H:%M}"
