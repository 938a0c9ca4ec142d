"""How far a share or a mean may be off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

Z_95 = 1.959963984540054
SAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


def wilson(hits: int, of: int) -> Interval | None:
    """Return a share with Wilson's score interval (1927), None of nothing."""
    if not of:
        return None
    share, weight = hits / of, Z_95**2 / of
    centre = (share + weight / 2.0) / (1.0 + weight)
    margin = Z_95 * sqrt(share * (1.0 - share) / of + weight / of / 4.0) / (1.0 + weight)
    return Interval(share, max(0.0, centre - margin), min(1.0, centre + margin))


def bootstrap_mean(groups: Sequence[Sequence[float]], seed: int) -> Interval | None:
    """Return the mean of all values with a percentile interval, drawing whole groups; None of nothing.

    What belongs together, like the trades of one day, is drawn together: it is not independent.
    """
    if not groups:
        return None
    sums = np.array([sum(group) for group in groups])
    counts = np.array([len(group) for group in groups], dtype=np.float64)
    generator = np.random.Generator(np.random.PCG64(seed))
    draws = [generator.integers(len(groups), size=len(groups)) for _ in range(SAMPLES)]
    means = np.array([sums[draw].sum() / counts[draw].sum() for draw in draws])
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(sums.sum() / counts.sum()), float(low), float(high))
