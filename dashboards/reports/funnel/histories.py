"""What a funnel reads, as SQL: the events it looks at, and one row a unit with its events in order.

There are two forms. The exact one (`events.sql`) orders events by (event_time, seq, event_id, visitor_id).
The short one (`packed.sql`) is one number an event: half as much is read, and numbers are sorted. It does not
hold the ids of events, so it cannot order two that share time and seq. Where their marks differ too, that may
matter, and the unit is `tied`; with equal marks one does whatever the other would.
"""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.computed import read_sql
from dashboards.expressions import Expression, expression, fill, text_of
from dashboards.reports.funnel.options import FunnelOptions
from schemas.event import INTERACTIVE

_EVENTS_SQL, _PACKED_SQL, _TIED_SQL = (
    read_sql(__package__ or "", name) for name in ("events.sql", "packed.sql", "tied.sql")
)
_KEY_BITS = 64
_ALL = Expression("1")
TIED = Expression(_TIED_SQL)
"""Whether the visitor of an event or a session has to do with one of the units {tied:Array(UInt64)}."""


def packs(options: FunnelOptions, span_ms: int) -> bool:
    """Whether the short form of the events has room, and says all that is asked."""
    room = time_bits(span_ms) + _mark_bits(options) < _KEY_BITS
    return room and (options.open or (options.order != "any" and not options.hold and not options.breakdown))


def time_bits(span_ms: int) -> int:
    """Bits of a time of at most so many milliseconds."""
    return max(1, span_ms).bit_length()


def events(options: FunnelOptions, only: Expression = _ALL) -> Expression:
    """The rows of `events.sql`; only: a condition on events and sessions."""
    fits = _fits(options)
    held = [text_of(name, prefix=f"h{at}_", table="e") for at, name in enumerate(options.hold)]
    value = text_of(options.breakdown, prefix="b", table="e") if options.breakdown else Expression("''")
    kept = Expression(f"[{', '.join(one.sql for one in held)}]" if held else "0")
    text = fill(_EVENTS_SQL, **_marks(options, fits), held=kept, value=value, only=only)
    return Expression(text, _constants(options) | _all_values((*fits, *held, value)))


def packed(options: FunnelOptions, span_ms: int, only: Expression = _ALL) -> Expression:
    """The rows of `packed.sql`."""
    fits, bits = _fits(options), _mark_bits(options)
    sizes = {"mark_bits": bits, "seq_bits": _KEY_BITS - time_bits(span_ms) - bits}
    text = fill(_PACKED_SQL, **_marks(options, fits), only=only)
    return Expression(text, _constants(options) | sizes | _all_values(fits))


def acts(options: FunnelOptions) -> Expression:
    """Every interactive event, in the form of `events.sql`; its value is (event_type, event_name, path)."""
    text = fill(
        _EVENTS_SQL,
        fits=Expression("toUInt64(0)"),
        held=Expression("0"),
        looked_at=Expression(str(interactive_bit(options))),
        value=Expression("e.event_type, e.event_name, e.path"),
        only=_ALL,
    )
    return Expression(text, _constants(options))


def histories(rows: str) -> str:
    """One row for each unit and what is held, from the rows of `events`: its events in order."""
    return f"""
SELECT
    unit,
    arraySort(groupArray((at, seq, event_id, visitor_id, mark, value))) AS history,
    arrayMap(e -> e.1, history) AS times,
    arrayMap(e -> e.5, history) AS marks,
    arrayMap(e -> e.6, history) AS shown
FROM ({rows})
GROUP BY unit, held"""


def keys(rows: str, options: FunnelOptions) -> str:
    """As `histories`, from the rows of `packed`; units that never enter are left out."""
    bits = _mark_bits(options)
    enters = 1 | inside_bit(options) | (interactive_bit(options) if options.order == "strict" else 0)
    return f"""
SELECT
    unit,
    arraySort(groupArray(key)) AS keys,
    arrayMap(k -> toInt64(bitShiftRight(k, {{seq_bits:UInt8}} + {bits})), keys) AS times,
    arrayMap(k -> bitAnd(k, {(1 << bits) - 1}), keys) AS marks,
    length(arrayCompact(arrayMap(k -> bitShiftRight(k, {bits}), keys))) != length(arrayCompact(keys)) AS tied
FROM ({rows})
GROUP BY unit
HAVING bitAnd(groupBitOr(key), {enters}) = {enters}"""


def inside_bit(options: FunnelOptions) -> int:
    """The bit of an event in the period; before it stand those of the steps and of the exclusions."""
    return 1 << len(options.steps) + len(options.exclusions)


def interactive_bit(options: FunnelOptions) -> int:
    """The bit of an interactive event."""
    return inside_bit(options) << 1


def _mark_bits(options: FunnelOptions) -> int:
    return interactive_bit(options).bit_length()


def _fits(options: FunnelOptions) -> list[Expression]:
    """What an event must be to fill each step, then to meet each exclusion."""
    conditions = [*options.steps, *(one.condition for one in options.exclusions)]
    return [expression(text, prefix=f"c{at}_", table="e") for at, text in enumerate(conditions)]


def _marks(options: FunnelOptions, fits: list[Expression]) -> dict[str, Expression]:
    bits = " + ".join(f"if({one.sql}, {1 << at}, 0)" for at, one in enumerate(fits))
    looked_at = (1 << len(fits)) - 1 | (interactive_bit(options) if options.order == "strict" else 0)
    return {"fits": Expression(f"toUInt64({bits})"), "looked_at": Expression(str(looked_at))}


def _constants(options: FunnelOptions) -> dict[str, object]:
    return {
        "unit": options.unit,
        "interactive": list(INTERACTIVE),
        "inside_bit": inside_bit(options),
        "interactive_bit": interactive_bit(options),
    }


def _all_values(expressions: Iterable[Expression]) -> dict[str, object]:
    return {name: value for one in expressions for name, value in one.parameters.items()}
