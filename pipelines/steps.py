"""The steps every click takes, as Beam composites. An element is a block of events in columns, never a row.

Drivers differ in where blocks come from: local.py reads what the process was handed; on a cluster a
source reads the log and a shuffle by (site, visitor) stands before `Sessionize`.
"""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam
from apache_beam.coders import registry
from apache_beam.pvalue import PCollection

from clicktrail.settings import Settings
from ingest.protocols.base import Decoded
from pipelines.coder import BlockCoder
from pipelines.worker import Block, Change, Counts, Worker, worker

for _kind in (Block, Decoded, Change, Counts):
    registry.register_coder(_kind, BlockCoder)


class WorkerStep(beam.DoFn):
    """A step that uses the worker of its process: store connection, sites, open sessions."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __dir__(self) -> list[str]:
        """What Beam inspects for state and timers at the begin of every run; there are none."""
        return ["process", "setup"]

    def setup(self) -> None:
        """Find the process's worker, or make it."""
        self.worker: Worker = worker(self.settings)


class DecodeBlock(WorkerStep):
    """Requests and lines → events with all that is known from each alone, and what failed."""

    def process(self, element: Block) -> Iterator[Decoded]:
        """One block."""
        yield self.worker.decode(element.sources)


class SessionizeBlock(WorkerStep):
    """New events → the rows that change."""

    def process(self, element: Decoded) -> Iterator[Change]:
        """One block."""
        yield self.worker.change(element)


class WriteChange(WorkerStep):
    """Rows → the tables."""

    def process(self, element: Change) -> Iterator[Counts]:
        """One block's rows, events first."""
        yield self.worker.write(element)


class Clicks(beam.PTransform):
    """Blocks of requests in, counts of what was written out."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, input_or_inputs: PCollection) -> PCollection:
        """The named steps in order."""
        return (
            input_or_inputs
            | "Decode and enrich" >> beam.ParDo(DecodeBlock(self._settings)).with_output_types(Decoded)
            | "Sessionize" >> beam.ParDo(SessionizeBlock(self._settings)).with_output_types(Change)
            | "Write" >> beam.ParDo(WriteChange(self._settings)).with_output_types(Counts)
        )
