"""What a benchmark says, and how it times: works take turns, and the median of all rounds counts.

A machine is seldom left alone. Works that take turns meet the same disturbances, so their ratio holds where their
times don't; it is taken round by round, which is why it need not be the quotient of the two median rates beside it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

ROUNDS = 5

Work = Callable[[], float]
"""Does the work once and returns the seconds that count."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure should reach, and whether it does."""

    text: str
    is_met: bool


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the same machine did with something simpler in the same run.

    Attributes:
        value: in the unit of the figure it stands beside.
        ratio: figure / baseline; the median over rounds where both were timed.

    """

    name: str
    value: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a benchmark's answer."""

    what: str
    value: float
    unit: str
    baseline: Baseline | None = None
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds of each work in each round."""

    seconds: Mapping[str, tuple[float, ...]]

    def rate(self, work: str, amount: float) -> float:
        """Return ``amount`` a second in the median round."""
        return amount / median(self.seconds[work])

    def baseline(self, name: str, against: str, amount: float, own_amount: float | None = None) -> Baseline:
        """Return the work ``name`` as a baseline of the work ``against``.

        ``amount`` is what ``name`` worked through, ``own_amount`` what ``against`` did where that differs.
        """
        share = (amount if own_amount is None else own_amount) / amount
        ratios = [base / own for base, own in zip(self.seconds[name], self.seconds[against], strict=True)]
        return Baseline(name, self.rate(name, amount), share * median(ratios))


def take_turns(works: Mapping[str, Work], rounds: int = ROUNDS) -> Timings:
    """Do each work once to warm up, then once a round, every other round backwards."""
    for work in works.values():
        work()
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name in list(works)[:: -1 if number % 2 else 1]:
            seconds[name].append(works[name]())
    return Timings({name: tuple(times) for name, times in seconds.items()})


def processor_seconds(work: Callable[[], object]) -> float:
    """Return the processor time, of all threads, that ``work`` takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def at_least(value: float, least: float, unit: str = "") -> Target:
    """Return the target that ``value`` be ``least`` or more."""
    return Target(f"≥ {least:,.0f} {unit}".rstrip(), value >= least)


def share_at_least(baseline: Baseline, least: float) -> Target:
    """Return the target that a figure be that share of its baseline."""
    return Target(f"≥ {least:.0%} of baseline", baseline.ratio >= least)
