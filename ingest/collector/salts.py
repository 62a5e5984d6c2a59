"""The daily salt of cookieless visitor hashes: random, kept for today and yesterday, then gone for good."""

from __future__ import annotations

import json
import logging
import secrets
from datetime import datetime, timedelta, timezone
from pathlib import Path

from store.durable import write_durably

_logger = logging.getLogger(__name__)
_BYTES = 32
DAY_MS = 86_400_000


class Salts:
    """The salts of a data folder. A salt that cannot be written yet serves from memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._salts = _read(path)
        self._day = -1
        self._salt = b""

    def at(self, now_ms: int) -> bytes:
        """The salt of the UTC day of an instant in ms since 1970."""
        day = now_ms // DAY_MS
        if day != self._day:
            self._salt = self._of(datetime.fromtimestamp(now_ms / 1000, timezone.utc))
            self._day = day
        return self._salt

    def _of(self, now: datetime) -> bytes:
        today, yesterday = (now - timedelta(days=back) for back in (0, 1))
        dates = [yesterday.date().isoformat(), today.date().isoformat()]
        salts = {date: salt for date in dates if (salt := self._salts.get(date))}
        salt = salts.setdefault(dates[-1], secrets.token_bytes(_BYTES))
        if salts != self._salts:
            self._salts = salts
            self._write()
        return salt

    def _write(self) -> None:
        document = json.dumps({date: salt.hex() for date, salt in self._salts.items()})
        try:
            write_durably(self._path, document.encode())
        except OSError as error:
            _logger.warning("the daily salt is not on disk: visitors change at the next start (%s)", error)


def _read(path: Path) -> dict[str, bytes]:
    try:
        return {str(date): bytes.fromhex(salt) for date, salt in json.loads(path.read_bytes()).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        _logger.warning("%s is unreadable: new salts (%s)", path.name, error)
        return {}
