"""Times as clients write them: milliseconds since 1970, or ISO 8601."""

from __future__ import annotations

import re
from datetime import datetime, timezone

LATEST_MS = 5_662_224_000_000
"""2149-06-06: the table is ordered by days, and later ones do not fit (they would start anew in 1970)."""
_DIGITS = re.compile(r"\d{1,16}")


def instant_ms(value: object) -> int | None:
    """Milliseconds since 1970 of a number or an ISO 8601 text (UTC if it names no zone).

    None for what is no instant between 1970 and 2149-06-05.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = int(value) if _DIGITS.fullmatch(value) else _iso_ms(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and 0 <= value < LATEST_MS else None


def _iso_ms(text: str) -> int | None:
    try:
        # Python 3.10 reads no Z and no fraction of other than 3 or 6 digits.
        plain = re.sub(r"(\.\d{1,6})\d*", lambda m: m[1].ljust(7, "0"), text.strip().replace("Z", "+00:00"))
        moment = datetime.fromisoformat(plain)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
