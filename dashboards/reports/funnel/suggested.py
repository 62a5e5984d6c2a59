"""Funnels and steps made from what the site sends: its own most frequent events and pages."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.conditions import condition
from dashboards.page import View
from dashboards.suggestions import suggested

_SHOP = ("product_view", "add_to_cart", "checkout", "order")
_ENDS = ("form", "download", "outlink", "search")
_MOST = 4
_PASSIVE = ("ping", "asset", "performance", "consent", "delivery", "message", "alias", "group")
"""Types that nobody means as a step."""


def frequent(view: View) -> tuple[str, ...]:
    """The most frequent event types of the period, as conditions."""
    if view.site is None:
        return ()
    types = suggested(view.desk, view.site.id, "event_type", "", view.period.begins)
    return tuple(condition("event_type", one) for one in types if one not in _PASSIVE)


def funnels(view: View) -> tuple[tuple[str, ...], ...]:
    """Funnels that this site can have, the most telling first; each of two steps or more."""
    if view.site is None:
        return ()
    fields = ("event_type", "event_name", "path")
    site, since = view.site.id, view.period.begins
    types, names, paths = (suggested(view.desk, site, field, "", since) for field in fields)
    return made(types, names, paths)


def made(types: Sequence[str], names: Sequence[str], paths: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The funnels of a site with these event types, names of custom events and pages, most frequent first."""
    seen = next((one for one in ("page_view", "screen_view") if one in types), None)
    found: list[tuple[str, ...]] = []
    shop = [one for one in _SHOP if one in types]
    if len(shop) >= 2:
        found.append(_of_types(*([seen] if seen else []), *shop))
    if "search" in types and "order" in types:
        found.append(_of_types("search", *(one for one in ("product_view", "order") if one in types)))
    if seen:
        ends = [one for one in _ENDS if one in types]
        found += [_of_types(seen, one) for one in ends if "order" not in types or one == "form"]
        found += [(condition("event_type", seen), condition("event_name", one)) for one in names[:2]]
    if len(paths) >= 2:
        found.append(tuple(condition("path", one) for one in paths[:2]))
    return tuple(dict.fromkeys(found))[:_MOST]


def _of_types(*types: str) -> tuple[str, ...]:
    return tuple(condition("event_type", one) for one in types)
