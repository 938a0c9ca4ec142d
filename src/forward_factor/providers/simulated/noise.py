"""Randomness that is a function of its arguments: no generator, no state, the same on every machine.

A key names a source of noise (made from the seed, the ticker and a purpose); a counter picks one value
out of it. Values come from SplitMix64's mixer by integer arithmetic and exact floating point only, so they
agree to the last bit. What exp, log and sqrt make of them may differ in it between processors; quotes
are rounded to ticks and vols to four decimals, which hides that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import sqrt

import numpy as np
import numpy.typing as npt

from forward_factor.core.arrays import FloatArray, IntArray

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_A, _MIX_B = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_SHIFT_A, _SHIFT_B, _SHIFT_C = np.uint64(30), np.uint64(27), np.uint64(31)
_LOW_21, _SHIFT_21, _SHIFT_42 = np.uint64((1 << 21) - 1), np.uint64(21), np.uint64(42)
_SHIFT_11, _TO_UNIT = np.uint64(11), 2.0**-53


def stable_key(*parts: object) -> int:
    """Return a 64-bit key that depends on the text of ``parts`` alone (BLAKE2b)."""
    text = "/".join(str(part) for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def uniforms(key: int, counters: IntArray) -> FloatArray:
    """Return one value in [0, 1) per counter."""
    return (_hashes(key, counters) >> _SHIFT_11).astype(np.float64) * _TO_UNIT


def normals(key: int, counters: IntArray) -> FloatArray:
    """Return one value per counter with mean 0 and variance 1, never beyond ±3.

    It is the sum of three uniforms: close to a normal, exact in floating point, and without the tails
    that would make a made-up market absurd.
    """
    bits = _hashes(key, counters)
    total = (bits & _LOW_21) + ((bits >> _SHIFT_21) & _LOW_21) + ((bits >> _SHIFT_42) & _LOW_21)
    return np.asarray((total.astype(np.float64) + 1.5) * 2.0**-20 - 3.0)


def uniform(key: int, counter: int = 0) -> float:
    """Return a single value in [0, 1)."""
    return float(uniforms(key, np.array([counter]))[0])


def _hashes(key: int, counters: IntArray) -> npt.NDArray[np.uint64]:
    bits = counters.astype(np.uint64) * _STEP + np.uint64(key)
    bits = (bits ^ (bits >> _SHIFT_A)) * _MIX_A
    bits = (bits ^ (bits >> _SHIFT_B)) * _MIX_B
    return np.asarray(bits ^ (bits >> _SHIFT_C))


@dataclass(frozen=True, slots=True)
class Wander:
    """A continuous random path that can be read at any time without walking there.

    Up to ``span`` it is a Brownian motion in Lévy's construction (every halving of the span adds tents
    of half the width); beyond that it is stationary, so that prices stay plausible for decades.

    Attributes:
        key: the path's source of noise.
        deviation: standard deviation of its change over one unit of time.
        span: units of time over which it moves freely; a power of two.
        levels: number of tent widths, at most 60; below the narrowest the path is straight.

    """

    key: int
    deviation: float
    span: int = 128
    levels: int = 16

    def at(self, times: FloatArray) -> FloatArray:
        """Return the path's values, with mean 0, at an array of times."""
        widths = _widths(self.span, self.levels)
        scaled = times[:, None] / widths
        cells = np.floor(scaled)
        places = scaled - cells
        values = normals(self.key, _counters(cells))
        ramp = values[:, -2] + places[:, 0] * (values[:, -1] - values[:, -2])
        tents = (1.0 - np.abs(2.0 * places - 1.0)) * values[:, :-2] * np.sqrt(widths)
        return np.asarray(self.deviation * (sqrt(self.span / 2.0) * ramp + 0.5 * tents.sum(axis=1)))


def _counters(cells: FloatArray) -> IntArray:
    """One counter per tent, then those of the path's anchors at either end of the span."""
    levels = cells.shape[1]
    numbers = np.empty((len(cells), levels + 2), np.int64)
    numbers[:, :-2], numbers[:, -2:] = cells, cells[:, :1]
    return numbers * 64 + _offsets(levels)


@lru_cache(maxsize=16)
def _widths(span: int, levels: int) -> FloatArray:
    return np.array([span / 2.0**level for level in range(levels)])


@lru_cache(maxsize=16)
def _offsets(levels: int) -> IntArray:
    return np.array([*range(levels), 63, 64 + 63])
