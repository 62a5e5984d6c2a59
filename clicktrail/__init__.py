"""Clicktrail: click events in, sessions and answers out."""

import os

# Before Polars is loaded: memory that one block frees serves the next one. By its own setting Polars gives it
# back to the system within a second, and a fifth of an import's CPU time goes into asking for it again.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:10000,muzzy_decay_ms:10000")
