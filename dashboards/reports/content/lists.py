"""The lists of the content: which there are, and by which columns each can be ordered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clicktrail.errors import ConfigError
from dashboards import listing
from dashboards.breakdown import SORTS
from dashboards.listing import Listing

OPTIONS = ("list", "goal", *listing.OPTIONS)
"""Names of the report's own options, as they are written."""


@dataclass(frozen=True)
class Kind:
    """One list: the event type it counts (of acts), its columns, the first of them orders it."""

    sorts: tuple[str, ...]
    type: str = ""


_ACTS = ("events", "visitors", "sessions", "converted", "rate", "change")
LISTS = {
    "pages": Kind(("views", "visitors", "engaged_s", "scroll", "exit_rate", "converted", "rate", "change")),
    "entry": Kind(SORTS),
    "exit": Kind(SORTS),
    "search": Kind(("nothing", *_ACTS), "search"),
    "outlinks": Kind(_ACTS, "outlink"),
    "downloads": Kind(_ACTS, "download"),
    "forms": Kind(_ACTS, "form"),
    "errors": Kind(_ACTS, "error"),
    "products": Kind(("views", "visitors", "carts", "orders", "quantity", "rate", "revenue", "change")),
}
"""Name → list. Searches that found nothing come first: they say what people want and do not get."""


def list_of(options: Mapping[str, str]) -> str:
    """The list that was asked for, pages without a wish; ConfigError for one we do not have."""
    name = options.get("list", "") or "pages"
    if name not in LISTS:
        raise ConfigError(f"list={name}: choose {', '.join(LISTS)}")
    return name


def parse(options: Mapping[str, str], rows: int) -> tuple[str, Listing]:
    """(list, which page of it in which order); ConfigError says what cannot be read."""
    name = list_of(options)
    sorts = LISTS[name].sorts
    return name, listing.parse(options, sorts, sorts[0], rows)
