"""What can go wrong, as one tree.

ClicktrailError            exit code 1, one line, no traceback
├── ConfigError            a setting or an argument: says which, its value and the remedy
├── InputError             a file or a stream that cannot be read as asked
├── LogError               the event log (files or Kafka) refused an append or a read
└── StoreError             the tables could not answer

The last two say by `retryable` whether asking again can help.
"""

from __future__ import annotations


class ClicktrailError(Exception):
    """Any error that is ours to explain: the command prints its text and exits with 1."""


class ConfigError(ClicktrailError):
    """A setting, option or environment that cannot work; the text says what to change."""


class InputError(ClicktrailError):
    """A file or stream that cannot be read at all (single bad lines become failed events)."""


class EngineError(ClicktrailError):
    """An engine behind us could not do it; `retryable`: asking again can help."""

    def __init__(self, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.retryable = retryable


class LogError(EngineError):
    """The event log could not append or read."""


class StoreError(EngineError):
    """The tables could not answer."""
