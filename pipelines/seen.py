"""Which event ids a site may have seen: a Bloom filter for each site whose whole history passed by here."""

from __future__ import annotations

import numpy as np
import polars as pl

_SMALLEST, _LARGEST = 1 << 20, 1 << 28  # bits of the first layer of a site, and of the largest
_GROWTH = 8
_PROBES = 10
_BITS_AN_ID = (
    32  # two false alarms in a million ids: an alarm costs a look-up, and waits for the write before
)

Ints = np.ndarray[tuple[int], np.dtype[np.uint64]]


class Seen:
    """Says «not seen» for certain. 32 MB for each 8 M events."""

    def __init__(self) -> None:
        self._layers: list[np.ndarray[tuple[int], np.dtype[np.uint8]]] = []
        self._room = 0

    @property
    def bytes(self) -> int:
        """Memory held."""
        return sum(len(layer) for layer in self._layers)

    def maybe(self, ids: pl.Series) -> pl.Series:
        """Whether each id may have been added before."""
        first, second = _hashes(ids)
        found = np.zeros(len(ids), dtype=np.bool_)
        for layer in self._layers:
            left = np.flatnonzero(~found)  # ids all of whose bits so far are set: few after the first
            for number in range(_PROBES):
                at = _places(first[left], second[left], layer, number)
                left = left[(layer[at >> 3] >> (at & 7).astype(np.uint8) & 1).astype(np.bool_)]
            found[left] = True
        return pl.Series(found)

    def add(self, ids: pl.Series) -> None:
        """Remember the ids."""
        if self._room < len(ids):
            self._add_layer(len(ids))
        self._room -= len(ids)
        layer, (first, second) = self._layers[-1], _hashes(ids)
        for number in range(_PROBES):
            at = _places(first, second, layer, number)
            byte, bit = at >> 3, np.left_shift(1, at & 7).astype(np.uint8)
            layer[byte] |= bit  # of bits in one byte only the last is set; `at` sets all, and is slow
            lost = np.flatnonzero(layer[byte] & bit == 0)
            np.bitwise_or.at(layer, byte[lost], bit[lost])

    def _add_layer(self, ids: int) -> None:
        """A layer larger than the last one: sites of few events need little, those of many few layers."""
        bits = len(self._layers[-1]) * 8 * _GROWTH if self._layers else _SMALLEST
        while bits < min(ids * _BITS_AN_ID, _LARGEST):
            bits *= 2
        bits = min(bits, _LARGEST)
        self._layers.append(np.zeros(bits >> 3, dtype=np.uint8))
        self._room = bits // _BITS_AN_ID


def _hashes(ids: pl.Series) -> tuple[Ints, Ints]:
    return ids.hash(1).to_numpy(), ids.hash(2).to_numpy() | np.uint64(1)


def _places(
    first: Ints, second: Ints, layer: np.ndarray[tuple[int], np.dtype[np.uint8]], number: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The bit of a layer that a probe of each id looks at."""
    mask = np.uint64(len(layer) * 8 - 1)
    return ((first + np.uint64(number) * second) & mask).astype(np.int64)
