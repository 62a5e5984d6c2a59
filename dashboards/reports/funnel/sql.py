"""The funnel as SQL: how far each unit came, for any number of steps. `reference.py` says what is right.

Per unit the events stand in arrays, in order: `marks` (bits of what an event fits) and `times`. Steps that
have an order are taken one after another, each over all events at once. For an event and step k, `c` is the
latest start of an attempt whose step k this event fills (0: none; -1: the event ends what stands at k), and
`l` the latest start that stands at step k after it. A start is its time and its place in one number, so that
a later one is larger.

Whatever a person wrote reaches the engine as the value of a parameter; the text here is of names and numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.expressions import Expression
from dashboards.reports.funnel.histories import (
    TIED,
    events,
    histories,
    inside_bit,
    interactive_bit,
    keys,
    packed,
    time_bits,
)
from dashboards.reports.funnel.options import LAST_TOUCH, FunnelOptions

_START_BITS = 62  # its place has what the time leaves: 29 for a report of 90 days


def units(options: FunnelOptions, span_ms: int, *, tied: bool = False) -> Expression:
    """One row a unit that entered: `reference.Reached`, and unit, visitor and finish.

    visitor: of the attempt's first event; finish: the last required event, as it stands in a history.
    `span_ms`: longest time between two events that the query sees. The text keeps the mark `/*sessions*/ 1`
    and needs the parameters of `events.sql` that say when and for whom, window_ms and now_ms (since `since`).
    tied: only for visitors of the units of the parameter `tied`, hashes.
    """
    rows = events(options, TIED) if tied else events(options)
    if options.open:
        made = _open(rows.sql, options, "mark", "min(visitor_id)")
    elif options.order == "any":
        made = _best(_in_any_order(histories(rows.sql), options))
    else:
        found = _in_order(histories(rows.sql), options, _START_BITS - time_bits(span_ms))
        made = _best(found) if options.hold else found
    return Expression(made, rows.parameters)


def packed_units(options: FunnelOptions, span_ms: int, *, tied: bool = False) -> Expression:
    """The same by the short form of the events, for options that it `packs`.

    Units are hashes; visitor and finish are missing. Where a unit is `tied`, `units` may say otherwise.
    """
    rows = packed(options, span_ms, TIED) if tied else packed(options, span_ms)
    if options.open:
        return Expression(_open(rows.sql, options, "key", "''"), rows.parameters)
    shift = _START_BITS - time_bits(span_ms)
    return Expression(_in_order(keys(rows.sql, options), options, shift, packed=True), rows.parameters)


def _open(rows: str, options: FunnelOptions, mark: str, visitor: str) -> str:
    """Each step by itself: 0 where a unit has it in the range, else -1."""
    steps = len(options.steps)
    after = ", ".join(f"if(bitTest(done, {at}), toInt64(0), toInt64(-1))" for at in range(steps))
    every = (1 << steps) - 1
    return f"""
SELECT
    unit, visitor, 0 AS stopped, [{after}] AS after_ms, 0 AS in_progress, '' AS value, toInt64(0) AS began_ms,
    0 AS tied
FROM (
    SELECT unit, {visitor} AS visitor, groupBitOr({mark}) AS done FROM ({rows})
    WHERE inside AND bitAnd({mark}, {every}) != 0
    GROUP BY unit
)"""


def _with(source: str, columns: Sequence[str]) -> str:
    """The rows of a query with more columns, which read the others without repeating how they are made."""
    return "\nSELECT *,\n    " + ",\n    ".join(columns) + f"\nFROM ({source})"


def _best(attempts: str) -> str:
    """The best of the attempts of each unit."""
    best = "(-a.stopped, a.finish, -a.began)"
    same = ("after_ms", "value", "began_ms", "visitor", "finish", "tied")
    taken = ",\n    ".join(f"argMin(a.{name}, {best}) AS {name}" for name in same)
    return f"""
SELECT
    unit,
    max(a.stopped) AS stopped,
    tupleElement(max((a.stopped, a.in_progress)), 2) AS in_progress,
    {taken}
FROM ({attempts}) AS a
GROUP BY unit"""


@dataclass(frozen=True)
class _Level:
    """A required step: its number among the required ones, and the bits that matter at it."""

    number: int  # from 1
    need: int  # bits an event must have to fill it
    ends: int  # an event with one of these ends what stands at the step, unless it fills the step anew
    bars: int  # an event with one of these ends it, and cannot fill the step either
    restarts: int  # exclusions that count from this step on


def _plan(options: FunnelOptions) -> list[_Level]:
    strict = interactive_bit(options) if options.order == "strict" else 0
    levels = []
    for number, step in enumerate(options.required, 1):
        first, later = _ending(options, step)
        need = 1 << (step - 1) | strict | (inside_bit(options) if number == 1 else 0)
        levels.append(_Level(number, need, first | strict, later, first))
    return levels


def _ending(options: FunnelOptions, step: int) -> tuple[int, int]:
    """Bits of the exclusions that end what stands at a step: those that count from it on, and from before."""
    first = later = 0
    for at, one in enumerate(options.exclusions, len(options.steps)):
        if one.covers(step):
            first, later = first | (one.first == step) << at, later | (one.first < step) << at
    return first, later


def _in_order(source: str, options: FunnelOptions, shift: int, *, packed: bool = False) -> str:
    """The best attempt of each history: how far, when each step, and whether it can still go on."""
    levels = _plan(options)
    last = len(levels)
    start = (
        f"arrayMap((t, p) -> bitShiftLeft(t, {shift}) + toInt64(p), times, arrayEnumerate(times)) AS starts"
    )
    made = _with(source, [start, *(text for level in levels for text in _chain(level, shift))])
    made = _with(made, [text for level in levels for text in _way(level)])
    furthest = ", ".join(f"f{k} > 0, {k}" for k in range(last, 0, -1))
    made = _with(made, [f"multiIf({furthest}, 0) AS depth", *(_place(k, last) for k in range(last, 0, -1))])
    for step in sorted(options.optional):
        made = _with(made, [_optional(options, step)])
    after = ", ".join(f"if({at} > 0, times[{at}] - times[e1], toInt64(-1))" for at in _names(options))
    places = ", ".join(f"e{k}" for k in range(1, last + 1))
    standing = ", ".join(f"depth = {k}, l{k}[-1]" for k in range(1, last))
    if packed:
        rest = "'' AS value, tied"
    else:
        value = _value(options, "e1", f"[{places}][depth]", _names(options))
        finish = f"history[[{places}][depth]] AS finish, toInt64(e1) AS began"
        rest = f"{value} AS value, {finish}, history[e1].4 AS visitor, 0 AS tied"
    return f"""
SELECT
    unit,
    [{", ".join(map(str, options.required))}][depth] AS stopped,
    [{after}] AS after_ms,
    multiIf({standing}, toInt64(0)) AS start,
    start > 0 AND bitShiftRight(start, {shift}) + {{window_ms:Int64}} >= {{now_ms:Int64}} AS in_progress,
    times[e1] AS began_ms,
    {rest}
FROM ({made})
WHERE depth > 0"""


def _before(array: str) -> str:
    """What stood at each place before the event there."""
    return f"arrayPushFront(arrayPopBack({array}), toInt64(0))"


def _chain(level: _Level, shift: int) -> tuple[str, str]:
    """c: the start of the attempt that each event brings to this step; l: the start that stands at it."""
    k = level.number
    fits = f"bitAnd(m, {level.need}) = {level.need}"
    miss = f"if(bitAnd(m, {level.ends}) != 0, toInt64(-1), toInt64(0))" if level.ends else "toInt64(0)"
    if k == 1:
        made = f"arrayMap((m, s) -> if({fits}, s, {miss}), marks, starts)"
    else:
        in_time = f"l > 0 AND t - bitShiftRight(l, {shift}) <= {{window_ms:Int64}}"
        taken = f"if({fits} AND {in_time}, l, {miss})"
        if level.bars:
            taken = f"if(bitAnd(m, {level.bars}) != 0, toInt64(-1), {taken})"
        made = f"arrayMap((m, t, l) -> {taken}, marks, times, {_before(f'l{k - 1}')})"
    return f"{made} AS c{k}", f"arrayFill(x -> x != 0, c{k}) AS l{k}"


def _way(level: _Level) -> tuple[str, str]:
    """f: the first event that fills the step; w: at each event, the one that brought there what stands."""
    k = level.number
    new = "l != c" + (f" OR bitAnd(m, {level.restarts}) != 0" if level.restarts else "")
    place = f"if((c > 0 AND ({new})) OR c = -1, p, toUInt32(0))"
    arrays = f"c{k}, {_before(f'l{k}')}, arrayEnumerate(marks), marks"
    return (
        f"arrayFirstIndex(x -> x > 0, c{k}) AS f{k}",
        f"arrayFill(x -> x > 0, arrayMap((c, l, p, m) -> {place}, {arrays})) AS w{k}",
    )


def _place(k: int, last: int) -> str:
    """The event that fills required step k in the best attempt, found from the last one back; 0: none."""
    if k == last:
        return f"if(depth = {k}, f{k}, 0) AS e{k}"
    return f"if(depth = {k}, f{k}, if(depth > {k}, w{k}[toInt64(e{k + 1}) - 1], 0)) AS e{k}"


def _value(options: FunnelOptions, first: str, last: str, places: Sequence[str]) -> str:
    """What the breakdown shows of an attempt; '' where the step that gives the value was not reached."""
    if not options.at_step:
        return f"shown[{last if options.breakdown_at == LAST_TOUCH else first}]"
    at = places[options.at_step - 1]
    return f"if({at} > 0, shown[{at}], '')"


def _names(options: FunnelOptions) -> list[str]:
    """The column with the place of each step."""
    required = {step: f"e{number}" for number, step in enumerate(options.required, 1)}
    return [required.get(step, f"o{step}") for step in range(1, len(options.steps) + 1)]


def _optional(options: FunnelOptions, step: int) -> str:
    """The first event that fits an optional step between the steps around it in the best attempt; 0: none."""
    number = sum(one < step for one in options.required)
    needed = options.required[number - 1]
    after = ", ".join(_names(options)[needed - 1 : step - 1])
    ends = sum(_ending(options, needed))
    until = (
        f"arrayFirstIndex((m, p) -> p > e{number} AND bitAnd(m, {ends}) != 0, marks, arrayEnumerate(marks))"
    )
    until = f"if({until} > 0, {until}, length(marks) + 1)" if ends else "length(marks) + 1"
    if number < len(options.required):
        until = f"if(depth > {number}, e{number + 1}, {until})"
    fits = f"bitTest(m, {step - 1}) AND p > after AND p < until AND t - begin <= {{window_ms:Int64}}"
    # As arrays: what a function of an array takes from outside is copied for each element.
    around = (f"arrayMax([{after}])", f"toUInt64({until})", "times[e1]")
    same = ", ".join(f"arrayWithConstant(length(marks), {one})" for one in around)
    places = f"marks, arrayEnumerate(marks), times, {same}"
    found = f"arrayFirstIndex((m, p, t, after, until, begin) -> {fits}, {places})"
    return f"if(depth >= {number}, {found}, 0) AS o{step}"


def _in_any_order(source: str, options: FunnelOptions) -> str:
    """An attempt from each event: when steps 1 to k have all been done since, each by an event of its own.

    The fold goes through the events of the window with the largest sets of steps they can fill, and notes
    when a set first holds all steps up to k. The largest are enough: sets of steps that can be filled form a
    matroid, so each lies in a largest one, and a larger one is a largest one and a step of the next event.
    """
    steps = len(options.steps)
    bits = ", ".join(f"toUInt64({1 << at})" for at in range(steps))
    prefixes = ", ".join(f"toUInt64({(2 << at) - 1})" for at in range(steps))
    free = f"arrayFilter(b -> bitAnd(m, b) != 0 AND bitAnd(s, b) = 0, [{bits}])"
    grown = f"arrayDistinct(arrayFlatten(arrayMap(s -> arrayMap(b -> bitOr(s, b), {free}), a.1)))"
    sets = f"if(empty({grown}), a.1, {grown})"
    holds = f"arrayExists(s -> bitAnd(s, w) = w, {sets})"
    firsts = f"arrayMap((f, w) -> if(f > 0, f, if({holds}, p, toUInt32(0))), a.2, [{prefixes}])"
    none = f"([toUInt64(0)], arrayWithConstant({steps}, toUInt32(0)))"
    inside = inside_bit(options)
    made = f"""
SELECT
    *, begun, times[begun] AS begin,
    arraySlice(times, begun) AS later,
    arraySlice(marks, begun) AS later_marks
FROM ({source})
ARRAY JOIN arrayFilter((p, m) -> bitAnd(m, {inside}) != 0, arrayEnumerate(marks), marks) AS begun"""
    near = "arrayFilter((m, t) -> t - begin <= {window_ms:Int64}, later_marks, later) AS near"
    made = _with(made, [near])
    fold = f"arrayFold((a, m, p) -> ({sets}, {firsts}), near, arrayEnumerate(near), {none}).2 AS firsts"
    made = _with(made, [fold, "arrayCount(f -> f > 0, firsts) AS depth"])
    done = [f"if(firsts[{at}] > 0, begun + firsts[{at}] - 1, 0)" for at in range(1, steps + 1)]
    return f"""
SELECT
    unit,
    depth AS stopped,
    arrayMap(f -> if(f > 0, later[f] - begin, toInt64(-1)), firsts) AS after_ms,
    depth < {steps} AND begin + {{window_ms:Int64}} >= {{now_ms:Int64}} AS in_progress,
    {_value(options, "begun", "begun + firsts[depth] - 1", done)} AS value,
    history[begun + firsts[depth] - 1] AS finish,
    toInt64(begun) AS began,
    begin AS began_ms,
    history[begun].4 AS visitor,
    0 AS tied
FROM ({made})
WHERE depth > 0"""
