"""From method and path to the protocol that answers: exact paths first, then the longest prefix."""

from __future__ import annotations

from collections.abc import Iterable

from ingest.protocols.base import Protocol

_Key = tuple[str, str]


class Routes:
    """The routes of all protocols; HEAD finds what GET finds."""

    def __init__(self, protocols: Iterable[Protocol]) -> None:
        self._exact: dict[_Key, Protocol] = {}
        prefixes: dict[_Key, Protocol] = {}
        for protocol in protocols:
            for route in protocol.routes:
                table = prefixes if route.prefix else self._exact
                for method in route.methods:
                    if table.setdefault((method, route.path), protocol) is not protocol:
                        raise ValueError(f"two protocols answer {method} {route.path}")
        self._prefixes = sorted(prefixes.items(), key=lambda item: -len(item[0][1]))

    def find(self, method: str, path: str) -> Protocol | None:
        """The protocol of a request, None for a path of nobody."""
        if found := self._exact.get((method, path)):
            return found
        for (known, prefix), protocol in self._prefixes:
            if known == method and path.startswith(prefix):
                return protocol
        return self.find("GET", path) if method == "HEAD" else None

    def knows(self, path: str) -> bool:
        """Whether any method leads to a protocol, as a preflight asks."""
        return any(self.find(method, path) for method in ("POST", "GET"))
