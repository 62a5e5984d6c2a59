"""How far the pipeline is behind, for /metrics: asked beside the requests, for a broker may take its time."""

from __future__ import annotations

import logging
import math
import threading

from clicktrail.errors import ClicktrailError
from clicktrail.telemetry import Registry
from store.log.base import PIPELINE, Log

_EVERY_S = 2.0
_logger = logging.getLogger(__name__)


class LagWatch:
    """A thread that keeps the gauge `log_lag`: NaN until the log has answered, and while it does not."""

    def __init__(self, log: Log, registry: Registry) -> None:
        self._log = log
        self._lag = math.nan
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lag", daemon=True)
        registry.gauge(
            "log_lag",
            f"What the pipeline has not committed of the log, in {log.lag_unit}.",
            lambda: self._lag,
        )

    def __enter__(self) -> LagWatch:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._lag = self._log.lag(PIPELINE)
            except ClicktrailError as error:
                if not math.isnan(self._lag):
                    _logger.warning("the lag is not known: %s", error)
                self._lag = math.nan
            self._stopping.wait(_EVERY_S)
