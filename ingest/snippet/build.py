"""Build t.js from src/tag.js: comments and white space go, names stay. `python -m ingest.snippet.build`."""

from __future__ import annotations

import re
from pathlib import Path

_FOLDER = Path(__file__).parent
_TOKENS = re.compile(
    r"""(?P<comment>/\*.*?\*/|//[^\n]*)
    |(?P<text>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")
    |(?P<pattern>(?<=[(=:])\s*/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+/[a-z]*)
    |(?P<space>\s+)
    |(?P<code>[\w$]+|.)""",
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"[\w$]")


def build(source: str) -> str:
    """The script without comments and needless white space; each statement of it ends with `;` or `}`."""
    built = ""
    gap = False
    for token in _TOKENS.finditer(source):
        if token.lastgroup in ("comment", "space"):
            gap = True
            continue
        text = token[0].strip()
        if gap and _joined_badly(built[-1:], text[0]):
            built += " "
        built += text
        gap = False
    return re.sub(r";}", "}", built) + "\n"


def _joined_badly(left: str, right: str) -> bool:
    """Whether two tokens would read as one: words, or + + and - -."""
    return bool(_WORD.match(left) and _WORD.match(right)) or (left == right and left in "+-")


def main() -> None:
    """Write t.js."""
    source = (_FOLDER / "src" / "tag.js").read_text(encoding="utf-8")
    (_FOLDER / "t.js").write_text(build(source), encoding="utf-8")


if __name__ == "__main__":
    main()
