"""The size budget: small files and small functions, so that each can be read at a sitting."""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path

FOLDERS = ("clicktrail", "ingest", "schemas", "sessionize", "store", "pipelines", "crm", "dashboards")
FILE_BUDGET = {"median": 110, "p95": 300, "max": 500}
FUNCTION_BUDGET = {"median": 6, "p95": 30, "max": 50}


def main() -> int:
    """Print what is over budget; 1 if anything is."""
    root = Path(__file__).resolve().parents[2]
    paths = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))]
    files = {str(path.relative_to(root)): len(path.read_text().splitlines()) for path in paths}
    functions = {name: size for path in paths for name, size in _functions(path, root)}
    sizes = {name: size for name, size in files.items() if size}
    over = [*_over("file", sizes, FILE_BUDGET), *_over("function", functions, FUNCTION_BUDGET)]
    for line in over:
        print(line)  # noqa: T201 - this is a command
    return 1 if over else 0


def _functions(path: Path, root: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield f"{path.relative_to(root)}:{node.lineno} {node.name}", lines


def _over(kind: str, sizes: dict[str, int], budget: dict[str, int]) -> Iterator[str]:
    ordered = sorted(sizes.values())
    found = {"median": statistics.median(ordered), "p95": ordered[int(0.95 * (len(ordered) - 1))]}
    for name, value in found.items():
        if value > budget[name]:
            yield f"{kind}: {name} of {value} lines, the budget is {budget[name]}"
    for name, size in sizes.items():
        if size > budget["max"]:
            yield f"{kind} of {size} lines, at most {budget['max']}: {name}"


if __name__ == "__main__":
    sys.exit(main())
