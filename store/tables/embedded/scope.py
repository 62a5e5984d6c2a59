"""The session one query runs in, with the tables its client sent along."""

from __future__ import annotations

from store.tables.embedded.engine import EngineError
from store.tables.embedded.requests import Setting
from store.tables.embedded.session import Session
from store.tables.embedded.walker import Block


class QueryScope:
    """The client's own session, or a fresh one for a reader's query with tables or settings of its own.

    A reader's session is read-only for good, so that what changes it must come before it is sealed.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self._own = session
        self._tables: list[str] = []
        self._failure: EngineError | None = None

    def add(self, name: str, data: bytes, block: Block) -> None:
        """Take one block of a table. A failure is kept: the client sends all its blocks anyway."""
        if self._failure is not None:
            return
        try:
            self._put(name, data, block)
        except EngineError as error:
            self._failure = error

    def _put(self, name: str, data: bytes, block: Block) -> None:
        self._unseal()
        columns = list(zip(block.names, block.types, strict=True))
        if name not in self._tables:
            self._tables.append(name)
            self.session.create_temporary(name, columns)
        if block.rows:
            self.session.fill_temporary(name, columns, data)

    def _unseal(self) -> None:
        if self.session is self._own:
            self.session = self._own.unsealed()

    def prepare(self, settings: tuple[Setting, ...]) -> None:
        """All blocks are here: apply the query's settings. EngineError for a bad table or setting."""
        if self._failure is not None:
            raise self._failure
        if settings:
            self._unseal()
        self.session.apply_settings(settings)
        self.session.seal()

    def close(self) -> None:
        """Remove the tables."""
        if self.session is not self._own:
            self.session.close()
            return
        for name in self._tables:
            self.session.drop_temporary(name)
