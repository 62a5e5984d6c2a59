"""The columns of each list of the content, and its rows as lines of the table."""

from __future__ import annotations

from dash import html

from dashboards import format, people, table
from dashboards.breakdown import Group
from dashboards.i18n import Text
from dashboards.page import Node, View
from dashboards.reports.content.records import ActRow, Content, PageRow, ProductRow, Row
from dashboards.table import Column, Line

_ACTS = ("events", "change", "visitors", "converted", "rate")
_SESSIONS = ("sessions", "change", "visitors", "bounced", "converted", "rate", "revenue")
COLUMNS = {
    "pages": ("views", "change", "visitors", "engaged_s", "scroll", "exit_rate", "converted", "rate"),
    "entry": _SESSIONS,
    "exit": ("sessions", "change", "visitors", "engaged", "converted", "rate"),
    "search": ("nothing", *_ACTS),
    "outlinks": _ACTS,
    "downloads": _ACTS,
    "forms": ("events", "change", "visitors", "reached", "sent", "converted", "rate"),
    "errors": ("kind", "events", "change", "visitors", "referrer", "converted", "rate"),
    "products": ("views", "change", "visitors", "carts", "orders", "quantity", "rate", "revenue"),
}
"""List → its columns after the name."""

_UNORDERED = ("kind", "referrer", "reached", "sent")
_OWN_HEADS = {
    ("exit", "sessions"): "exits", ("search", "events"): "searches", ("outlinks", "events"): "clicks",
    ("downloads", "events"): "downloads", ("forms", "events"): "sent_n", ("errors", "events"): "errors",
    ("entry", "sessions"): "entries", ("products", "rate"): "bought",
}  # fmt: skip


def columns(text: Text, found: Content) -> list[Column]:
    """The heads of a list."""
    return [
        Column(sort, text(f"col.{_OWN_HEADS.get((found.list, sort), sort)}"), sort not in _UNORDERED)
        for sort in COLUMNS[found.list]
    ]


def lines(view: View, found: Content) -> list[Line]:
    """The rows of a list."""
    most = max((_size(row) for row in found.rows), default=0) or 1
    tops = {
        name: table.highest([getattr(row, name) for row in found.rows if hasattr(row, name)])
        for name in ("rate", "exit_rate", "sent_rate", "engaged_rate", "bounce_rate")
    }
    return [
        Line(
            label=_label(view, row),
            bar=_size(row) / most,
            cells=[_cell(view, found.list, column, row, tops) for column in COLUMNS[found.list]],
            href=view.state.filtered(row.condition),
            on=row.condition in view.state.f,
            people=people.href(view, "content", f"all:{_who(row)}"),
            title=_title(view, found.list, row),
            below=_below(found.list, row),
        )
        for row in found.rows
    ]


def name_of(view: View, name: str, value: str, place: str) -> str:
    """A row in words."""
    shown = value or view.text("unset")
    return f"{shown} · {place}" if name in ("forms", "errors") and place else shown


def _size(row: Row) -> int:
    if isinstance(row, PageRow | ProductRow):
        return row.views
    return row.sessions if isinstance(row, Group) else row.events


def _who(row: Row) -> str:
    return f"{row.value}\n{row.place}" if isinstance(row, ActRow) and row.place else row.value


def _title(view: View, name: str, row: Row) -> str:
    if isinstance(row, ProductRow) and row.name:
        return f"{row.name} · {row.value}"
    return name_of(view, name, row.value, row.place if isinstance(row, ActRow) else "")


def _label(view: View, row: Row) -> str:
    if isinstance(row, ProductRow) and row.name:
        return row.name
    return row.value or view.text("unset")


def _below(name: str, row: Row) -> str | None:
    """A second line under the name: the page of a form, the id of a product."""
    if name == "forms" and isinstance(row, ActRow) and row.place:
        return row.place
    return row.value if isinstance(row, ProductRow) and row.name else None


def _cell(view: View, name: str, column: str, row: Row, tops: dict[str, float]) -> Node:
    """One cell: what several kinds of row have, else what only this kind has."""
    if column == "change":
        return table.change(view, row.change, _before(row), good_up=name != "errors")
    if column == "rate":
        of = "content.of_people" if isinstance(row, ProductRow) else "listing.of"
        return table.rate(view, row.rate, tops["rate"], of)
    if column == "revenue" and isinstance(row, ProductRow | Group):
        return table.money(view, row.revenue)
    if column == "converted" and not isinstance(row, ProductRow):
        return table.counted(view, "content", f"won:{_who(row)}", row.converted)
    if column in _COUNTS:
        return format.number(getattr(row, column))
    return _own_cell(view, column, row, tops)


_COUNTS = ("visitors", "views", "sessions", "events", "reached", "carts", "orders")


def _own_cell(view: View, column: str, row: Row, tops: dict[str, float]) -> Node:
    if isinstance(row, PageRow):
        return _page_cell(view, column, row, tops)
    if isinstance(row, ActRow):
        return _act_cell(view, column, row, tops)
    if isinstance(row, ProductRow):
        return f"{row.quantity:,.10g}"
    bounced = column == "bounced"
    name = "bounce_rate" if bounced else "engaged_rate"
    return table.rate(view, row.bounce_rate if bounced else row.engaged_rate, tops[name])


def _before(row: Row) -> int:
    if isinstance(row, ActRow):
        return row.events_before
    return row.sessions_before if isinstance(row, Group) else row.views_before


def _page_cell(view: View, column: str, row: PageRow, tops: dict[str, float]) -> Node:
    if column == "engaged_s":
        return "–" if row.engaged_s is None else format.span(row.engaged_s, view.lang)
    if column == "scroll":
        return "–" if row.scroll_pct is None else f"{row.scroll_pct}%"
    return table.rate(view, row.exit_rate, tops["exit_rate"])


def _act_cell(view: View, column: str, row: ActRow, tops: dict[str, float]) -> Node:
    if column == "kind":
        return view.text.name("content.kind", row.place) if row.place else "–"
    if column == "referrer":
        return html.Span(row.referrer or "–", className="ell from", title=row.referrer)
    if column == "sent":
        return table.rate(view, row.sent_rate, tops["sent_rate"], "content.of_people")
    if not row.counted:
        return html.Span("–", className="muted", title=view.text("content.not_counted"))
    part, whole = format.number(row.nothing), format.number(row.counted)
    said = view.text("content.nothing_of", part=part, whole=whole)
    return html.Span(part, className="bad strong" if row.nothing else "", title=said)
