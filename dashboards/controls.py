"""The controls of a page: its days, its filters. Each is a link or a form that changes the URL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from dash import html

from dashboards import format
from dashboards.page import Node, View
from dashboards.parts import icon, link, menu, unseen
from dashboards.state import PERIODS
from dashboards.static import Element

FILTER_FIELDS = (
    "path", "entry_path", "source", "medium", "campaign", "channel_group", "channel", "device_class",
    "browser", "os", "country", "host", "event_type", "event_name",
)  # fmt: skip
OPERATORS = {"=": "is", "!=": "not", "~": "like"}
"""How a form compares → its word."""


def period_tools(view: View) -> list[Node]:
    """The period picker and the share button."""
    text, state = view.text, view.state
    shown = format.dates(view.period.start, view.period.end, view.lang, view.today)
    label = [
        unseen(f"{text('period')}: "),
        icon("calendar"),
        html.Span(text(f"period.{state.p}")),
        html.Span(shown, className="muted num wide"),
        icon("chevron-down", 14),
    ]
    options = [_period_option(view, p) for p in PERIODS]
    on = state.cmp == "prev"
    compare = link(
        [html.Span(className="box on" if on else "box", **{"aria-hidden": "true"}), text("period.compare")],
        state.href(cmp="none" if on else "prev"),
        "opt sep",
        **{"aria-current": "true" if on else "false"},
    )
    own = [html.Div(text("period.own"), className="opt-head"), _dates_form(view)]
    return [menu(label, [*options, *own, compare], "btn", "right"), share_button(view)]


def share_button(view: View) -> Node:
    """Copies the address of exactly this view."""
    return html.Button(
        [icon("link"), html.Span(view.text("share"), className="wide")],
        className="btn",
        type="button",
        title=view.text("share.title"),
        **{"data-act": "share", "data-done": view.text("share.done")},
    )


def _period_option(view: View, p: str) -> Node:
    start = view.today - timedelta(days=PERIODS[p] - 1)
    days = format.dates(start, view.today, view.lang, view.today)
    on = view.state.p == p
    parts = [
        html.Span(view.text(f"period.{p}"), className="grow"),
        html.Span(days, className="xs muted num"),
        icon("check", 14, "" if on else "hide"),
    ]
    href = view.state.href(p=p, start="", end="")
    return link(parts, href, "opt", **({"aria-current": "true"} if on else {}))


def _dates_form(view: View) -> Node:
    start, end = view.period.start.isoformat(), view.period.end.isoformat()
    pair = html.Div([_date(view, "start", start), _date(view, "end", end)], className="two")
    go = html.Button(view.text("period.show"), className="btn primary", type="submit")
    rest = [*kept(view, "start", "end", "p"), hidden("p", "dates")]
    return url_form(view, [*rest, pair, go], f"{start}{end}")


def _date(view: View, name: str, value: str) -> Node:
    field = Element(
        "input",
        type="date",
        name=name,
        defaultValue=value,
        required=True,
        max="2199-12-31",
        min="1971-01-01",
        className="in",
    )
    return Element("label", [view.text(f"period.{name}"), field])


def url_form(view: View, children: list[Node], key: str) -> Node:
    """A form whose fields become the query; app.js does it without a reload. key: anew when it changes."""
    return Element("form", children, action=view.state.path, method="get", className="fields", key=key)


def kept(view: View, *left_out: str) -> list[Node]:
    """The rest of the state as hidden fields."""
    state = view.state
    pairs = [
        ("site", state.site),
        ("p", state.p),
        ("start", state.start),
        ("end", state.end),
        ("lang", state.lang),
    ]
    pairs += [("cmp", state.cmp), ("metric", state.metric), *(("f", text) for text in state.f)]
    pairs += [(name, value) for name, values in state.own.items() for value in values]
    return [hidden(name, value) for name, value in pairs if value and name not in left_out]


def hidden(name: str, value: str) -> Node:
    return Element("input", type="hidden", name=name, value=value, readOnly=True)


def chips(view: View) -> Node:
    """The filters that hold, with a cross each; one more; and that bots are left out."""
    text, state = view.text, view.state
    shown = [
        html.Span(
            [
                html.Span(_said(view, condition), className="ell"),
                link(
                    icon("x", 14),
                    state.without(condition),
                    "chip-x",
                    **{"aria-label": text("filter.remove", name=condition)},
                ),
            ],
            className="chip on",
        )
        for condition in state.f
    ]
    add = menu([icon("plus", 14), text("filter")], _filter_form(view), "chip", "filter")
    return html.Div([*shown, add, html.Span(text("filter.humans"), className="chip flat")], className="chips")


def _said(view: View, condition: str) -> list[Node]:
    """ "Country Germany" for the simple ones, the condition itself otherwise."""
    name, equal, value = condition.partition("=")
    if not equal or name not in FILTER_FIELDS or " & " in value or not value:
        return [condition]
    return [
        html.Span(view.text(f"field.{name}") + " ", className="muted"),
        label_of(view, name, value.strip('"')),
    ]


def label_of(view: View, field: str, value: str) -> Node:
    """A value of a field as people say it: names of countries, devices, channels; else the value itself."""
    if field == "country" and len(value) == 2 and value.isalpha() and value.isupper():
        return html.Span(value, **{"data-country": value})
    return view.text.name(field, value) if value else view.text("unset")


def toggle(  # noqa: PLR0913 - what stands in the address and what is read
    view: View,
    label: str,
    name: str,
    choices: Sequence[tuple[str, str]],
    default: str,
    *,
    drop: Sequence[str] = (),
) -> Node:
    """Links side by side that set one own parameter; choices: (value, words). drop: others that go."""
    chosen = view.state.one(name, default)
    links = [
        link(
            words,
            view.state.href(own={**dict.fromkeys(drop, ()), name: () if value == default else (value,)}),
            "on" if value == chosen else "",
            **({"aria-current": "true"} if value == chosen else {}),
        )
        for value, words in choices
    ]
    return html.Div(links, className="seg", role="group", **{"aria-label": label})


def condition_fields(
    view: View, fields: Sequence[str] = FILTER_FIELDS, *, required: bool = True
) -> list[Node]:
    """Field, comparison and value of one condition; the value is suggested from the site's data.

    app.js joins the three into one condition and sends it as the parameter that the form's `data-as` names
    (`f` without one).
    """
    text = view.text
    names = [Element("option", text.name("field", name), value=name) for name in fields]
    ops = [Element("option", text(f"op.{word}"), value=op) for op, word in OPERATORS.items()]
    site = view.site.id if view.site else ""
    value = Element(
        "input",
        name="value",
        required=required,
        className="in",
        maxLength=300,
        placeholder="/blog/*",
        autoComplete="off",
        **{"data-suggest": site},
    )
    return [
        Element("label", [text("filter.field"), Element("select", names, name="field", className="in")]),
        Element("label", [text("filter.op"), Element("select", ops, name="op", className="in")]),
        Element("label", [text("filter.value"), value]),
    ]


def _filter_form(view: View) -> Node:
    add = html.Button(view.text("filter.add"), className="btn primary", type="submit")
    return url_form(view, [*kept(view), *condition_fields(view), add], "|".join(view.state.f))
