"""The collector's copy of the sites: it starts and runs without the store."""

from __future__ import annotations

import hmac
import logging
import time
from pathlib import Path

import msgspec

from ingest.sites import SiteIndex
from schemas.objects import Site

_logger = logging.getLogger(__name__)
_CHECK_SECONDS = 1.0


class SitesFile:
    """The sites of a file; a changed file is read again, an unreadable one leaves the sites as they were."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sites: list[Site] = []
        self._index = SiteIndex(())
        self._checked_at = float("-inf")
        self._seen: tuple[int, int, int] | None = None

    def __call__(self) -> SiteIndex:
        """The sites now; the file is looked at once a second at most."""
        now = time.monotonic()
        if now - self._checked_at >= _CHECK_SECONDS:
            self._checked_at = now
            self._read_if_changed()
        return self._index

    def by_secret(self, secret: str) -> Site | None:
        """The site that has this secret."""
        self()
        given = secret.encode()
        return next((one for one in self._sites if hmac.compare_digest(one.secret.encode(), given)), None)

    def _read_if_changed(self) -> None:
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen != self._seen:
                self._seen = seen
                # As store.objects writes it; read here, for that module loads the client of the tables.
                self._sites = msgspec.json.decode(self._path.read_bytes(), type=list[Site])
                self._index = SiteIndex(self._sites)
        except FileNotFoundError:
            self._seen, self._sites, self._index = None, [], SiteIndex(())
        except (msgspec.DecodeError, OSError) as error:
            _logger.error("%s is unreadable, the sites stay as they were: %s", self._path.name, error)
