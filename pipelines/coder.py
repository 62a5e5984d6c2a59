"""How blocks travel between Beam steps: within one process as they are, between processes pickled."""

from __future__ import annotations

import pickle
from typing import Any

from apache_beam import coders

TYPICAL_BYTES = 1 << 20


class BlockCoder(coders.Coder):
    """Pickles blocks. The size Beam asks for at every step is a guess: to measure is to encode it all."""

    def encode(self, value: Any) -> bytes:
        """A block as bytes."""
        return pickle.dumps(value, protocol=5)

    def decode(self, encoded: bytes) -> Any:
        """A block from bytes of our own making."""
        return pickle.loads(encoded)  # noqa: S301 - from a worker of the same job

    def estimate_size(self, value: Any) -> int:  # noqa: ARG002 - the same for all
        """Bytes, about."""
        return TYPICAL_BYTES

    def is_deterministic(self) -> bool:
        """Not needed as a key."""
        return False

    def to_type_hint(self) -> type:
        """Any block."""
        return object
