"""The words of the dashboard: one JSON file a language here and in the folder of each report.

The keys are the same in each language; a test holds them equal.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

LANGUAGES = {"en": "English", "zh": "中文"}


@cache
def words(lang: str) -> dict[str, str]:
    """Key → text of one language."""
    found: dict[str, str] = json.loads(
        files(__package__).joinpath(f"{lang}.json").read_text(encoding="utf-8")
    )
    for folder in sorted(files("dashboards.reports").iterdir(), key=lambda one: one.name):
        own = folder.joinpath(f"words.{lang}.json")
        if own.is_file():
            found |= json.loads(own.read_text(encoding="utf-8"))
    return found


class Text:
    """Looks words up: `text("kpi.from", value="12k")`; `text.n("sites.hits", 3)` where a number bends it."""

    def __init__(self, lang: str) -> None:
        self.lang = lang if lang in LANGUAGES else "en"
        self._words = words(self.lang)

    def __call__(self, key: str, **values: object) -> str:
        text = self._words[key]
        return text.format(**values) if values else text

    def n(self, key: str, count: int, **values: object) -> str:
        """The text for a count: `key.one` stands for 1; {n} is the count in digits."""
        one = f"{key}.one"
        return self(one if count == 1 and one in self._words else key, n=f"{count:,}", **values)

    def has(self, key: str) -> bool:
        """Whether a word exists (codes such as device classes may have none)."""
        return key in self._words

    def name(self, group: str, code: str) -> str:
        """The word for a code of the data ("device.phone"), or the code itself."""
        return self._words.get(f"{group}.{code}", code)
