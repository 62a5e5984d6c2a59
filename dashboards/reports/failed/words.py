"""Reasons in words: their names, and the sentences that the reference has too."""

from __future__ import annotations

from dash import html

from dashboards.i18n import Text
from dashboards.page import Node


def marked(sentence: str) -> list[Node]:
    """A sentence whose `quoted` parts are code."""
    return [html.Code(part) if at % 2 else part for at, part in enumerate(sentence.split("`")) if part]


def sentence(text: Text, reason: str, what: str) -> list[Node]:
    """What a reason means ("words"), or what to do about it ("do"); none for that of a newer program."""
    key = f"reason.{reason}.{what}"
    return marked(text(key)) if text.has(key) else []
