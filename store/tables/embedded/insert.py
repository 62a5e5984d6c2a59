"""An INSERT whose blocks go to the engine while the client sends them.

The engine's own streaming insert reports success when the table refuses the rows (a constraint, too many
parts, memory), so blocks go through a pipe into INSERT … SELECT FROM file(): bounded memory, real errors,
and the deduplication token counts as for any insert.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading

from store.tables.embedded.engine import UNKNOWN_EXCEPTION, EngineConnection, EngineError, quoted, quoted_name

_PIPE_BYTES = 1 << 20
# A block that announces a column and then ends: the engine must refuse what came before.
_BROKEN_BLOCK = b"\x01\x01"


class InsertStream:
    """A running INSERT: `statement` without its data, `columns` as the blocks bring them."""

    def __init__(self, connection: EngineConnection, statement: str, columns: list[tuple[str, str]]) -> None:
        self._connection = connection
        self._reading, self._writing = os.pipe()
        _widen(self._writing)
        names = ", ".join(quoted_name(name) for name, _ in columns)
        structure = ", ".join(f"{quoted_name(name)} {type_name}" for name, type_name in columns)
        source = f"file({quoted(f'/dev/fd/{self._reading}')}, 'Native', {quoted(structure)})"
        self._sql = f"{statement} SELECT {names} FROM {source}"  # noqa: S608 - names are quoted
        self._error: EngineError | None = None
        self._written = (0, 0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._written = self._connection.write(self._sql)
        except EngineError as error:
            self._error = error
        finally:
            os.close(self._reading)  # a writer that waits for room learns that nobody reads any more

    def append(self, block: bytes) -> None:
        """Hand one Native block to the engine; raises EngineError if the INSERT has failed already."""
        view = memoryview(block)
        try:
            while view:
                view = view[os.write(self._writing, view) :]
        except BrokenPipeError:
            self.finish()
            raise EngineError(UNKNOWN_EXCEPTION, "the engine ended the INSERT before its data") from None

    def finish(self) -> tuple[int, int]:
        """Commit; (rows, bytes) written, views included. Raises EngineError if it could not."""
        self._end()
        if self._error is not None:
            raise self._error
        return self._written

    def cancel(self) -> None:
        """Give the INSERT up; safe at any time."""
        if self._writing >= 0:
            with contextlib.suppress(BrokenPipeError):
                os.write(self._writing, _BROKEN_BLOCK)
        self._end()

    def _end(self) -> None:
        if self._writing >= 0:
            os.close(self._writing)
            self._writing = -1
        self._thread.join()


def _widen(pipe: int) -> None:
    """A larger pipe where the system has them: fewer switches between the two threads."""
    with contextlib.suppress(AttributeError, OSError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
