"""All measurements in turn: `python -m bench [--events N] [--runs 3] [--skip live,growth] [--json]`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.generate import generate

PARTS = ("rivals", "stock_beam", "whole", "growth", "live")
REFERENCE = "clicktrail_sessionize"


@dataclass(frozen=True)
class Tool:
    """Something that answers the session question in a process of its own."""

    name: str
    module: str
    argument: str
    part: str  # what --skip leaves out
    small: bool = False  # too slow for the whole file: gets a tenth


TOOLS = (
    Tool("duckdb_sql", "bench.rivals", "duckdb", "rivals"),
    Tool("polars_by_hand", "bench.rivals", "polars", "rivals"),
    Tool("stock_beam_rows", "bench.rivals", "stock_beam", "stock_beam", small=True),
    Tool("clicktrail_columns", "bench.ours", "columns", "rivals"),
    Tool(REFERENCE, "bench.ours", "sessionize", ""),
    Tool("clicktrail_whole_job", "bench.ours", "whole", "whole"),
    Tool("clicktrail_whole_job_without_beam", "bench.ours", "loop", "whole"),
)


@dataclass(frozen=True)
class Inputs:
    """The generated files and what is in them."""

    full: Path
    tenth: Path
    events: int
    sessions: int
    sessions_of_tenth: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when two tools disagree."""
    options = _options(arguments)
    skipped = {name.strip() for name in options.skip.split(",") if name.strip()}
    if unknown := skipped - set(PARTS):
        print(f"--skip {','.join(sorted(unknown))}: one or more of {','.join(PARTS)}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="clicktrail-bench-") as folder:
        inputs = _inputs(Path(folder), options.events, options.visitors)
        results = _measure_all(inputs, options.runs, skipped)
    if "live" not in skipped:
        _say(f"live: {options.rate} events a second for {options.seconds:g} s")
        live = ["--rate", str(options.rate), "--seconds", str(options.seconds)]
        results["live"] = measured(["bench.live", *live])
    print(json.dumps(results) if options.json else "\n".join(_table(results)))
    return 0 if results["agree"] else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--visitors", type=int, help="a twentieth of the events unless given")
    parser.add_argument("--runs", type=int, default=3, help="the median of so many, interleaved")
    parser.add_argument("--skip", default="", help=f"parts to leave out: {','.join(PARTS)}")
    parser.add_argument("--rate", type=int, default=1_000, help="live events a second")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the live measurement")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


def _inputs(folder: Path, events: int, visitors: int | None) -> Inputs:
    visitors = visitors or max(1, events // 20)
    full, tenth = folder / "full.ndjson", folder / "tenth.ndjson"
    _say(f"making {events:,} events")
    sessions = generate(full, events, visitors)
    few = generate(tenth, max(1, events // 10), max(1, visitors // 10))
    return Inputs(full, tenth, events, sessions, few)


def _measure_all(inputs: Inputs, runs: int, skipped: set[str]) -> dict[str, Any]:
    tools = [tool for tool in TOOLS if tool.part not in skipped]
    found: dict[str, list[dict[str, Any]]] = {tool.name: [] for tool in tools}
    growth: list[dict[str, Any]] = []
    for run in range(runs):
        for tool in tools:
            _say(f"run {run + 1} of {runs}: {tool.name}")
            path = inputs.tenth if tool.small else inputs.full
            found[tool.name].append(measured([tool.module, tool.argument, str(path)]))
        if not {"growth", "whole"} & skipped:
            _say(f"run {run + 1} of {runs}: whole job on a tenth")
            growth.append(measured(["bench.ours", "whole", str(inputs.tenth)]))
    rows = {t.name: _row(t, found[t.name], inputs) for t in tools}
    results: dict[str, Any] = {"events": inputs.events, "runs": runs, "tools": rows}
    results["agree"] = _agree(tools, found, inputs)
    if growth:
        results["growth"] = _growth(found["clicktrail_whole_job"], growth)
    return results


def _row(tool: Tool, answers: list[dict[str, Any]], inputs: Inputs) -> dict[str, Any]:
    events = max(1, inputs.events // 10) if tool.small else inputs.events
    numbers = {name for name, value in answers[0].items() if isinstance(value, int | float)}
    middle = {name: median(answer[name] for answer in answers) for name in sorted(numbers)}
    return {"events_per_s": round(events / middle["seconds"]), **middle, "events": events}


def _agree(tools: Iterable[Tool], found: Mapping[str, list[dict[str, Any]]], inputs: Inputs) -> bool:
    """Whether all found what was generated, with one checksum for each file."""
    for small in (False, True):
        answers = {
            (answer["sessions"], answer["checksum"])
            for tool in tools
            if tool.small == small
            for answer in found[tool.name]
        }
        wanted = inputs.sessions_of_tenth if small else inputs.sessions
        if answers and (len(answers) > 1 or next(iter(answers))[0] != wanted):
            _say(f"the tools disagree: {sorted(answers)}; {wanted} sessions were generated")
            return False
    return True


def _growth(full: list[dict[str, Any]], tenth: list[dict[str, Any]]) -> dict[str, float]:
    """How time and memory of the whole job grow when the input grows tenfold."""

    def ratio(name: str) -> float:
        return round(median(a[name] for a in full) / median(a[name] for a in tenth), 2)

    return {name: ratio(name) for name in ("seconds", "peak_rss_mb", "store_peak_rss_mb")}


def measured(arguments: Sequence[str]) -> dict[str, Any]:
    """The JSON that a measurement prints; what it says on standard error is passed on when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore"},
    )
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        raise SystemExit(f"bench: {' '.join(arguments[:2])} ended with {done.returncode}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _table(results: Mapping[str, Any]) -> Iterable[str]:
    tools = results["tools"]
    base = tools[REFERENCE]["events_per_s"]
    yield f"{results['events']:,} events, median of {results['runs']}; ratio 1 = {REFERENCE}"
    yield f"{'':34}{'events/s':>12}{'ratio':>8}{'seconds':>10}{'CPU s':>8}{'peak MB':>9}"
    for name, row in sorted(tools.items(), key=lambda item: -item[1]["events_per_s"]):
        speed, ratio = row["events_per_s"], row["events_per_s"] / base
        yield (
            f"{name:34}{speed:>12,}{ratio:>8.2f}{row['seconds']:>10.2f}{row['cpu_seconds']:>8.2f}"
            f"{row['peak_rss_mb']:>9,.0f}" + _store_part(row)
        )
    yield f"all tools agree on sessions and checksum: {'yes' if results['agree'] else 'NO'}"
    if growth := results.get("growth"):
        yield (
            f"tenfold input, whole job: time x {growth['seconds']:g}, memory x {growth['peak_rss_mb']:g}, "
            f"store's memory x {growth['store_peak_rss_mb']:g}"
        )
    if live := results.get("live"):
        yield (
            f"live, {live['sent_per_s']:,.0f} events/s: click to row p50 {live['p50_s']} s, "
            f"p99 {live['p99_s']} s; lost {live['lost']}, doubled {live['doubled']}"
        )


def _store_part(row: Mapping[str, Any]) -> str:
    if "store_peak_rss_mb" not in row:
        return ""
    return f"  (+ store {row['store_cpu_seconds']:.1f} CPU s, {row['store_peak_rss_mb']:,.0f} MB)"


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
