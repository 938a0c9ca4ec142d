"""What a scan looks for: pairs of expiries, vol points, and the gates a signal must pass."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from forward_factor.errors import InvalidInput


class VolPoint(StrEnum):
    """A place on the smile at which implied vol is read."""

    ATM = "ATM"
    PUT_35D = "35d_put"
    CALL_35D = "35d_call"


VOL_POINTS = tuple(VolPoint)
BACK_TOLERANCE = 10
_NEAR_DAYS = 45


def front_tolerance_of(front: int) -> int:
    """Return the tolerance of a front target, in days, where nobody said: near ones are met more closely."""
    return 5 if front < _NEAR_DAYS else 10


@dataclass(frozen=True, slots=True)
class PairRule:
    """Which two expiries make a pair; targets and tolerances in calendar days."""

    front: int
    back: int
    front_tolerance: int
    back_tolerance: int

    def __post_init__(self) -> None:
        if not (1 <= self.front < self.back <= 1000):
            raise InvalidInput(f"pair {self.name}: the front target must be at least 1 day and before the back")
        if min(self.front_tolerance, self.back_tolerance) < 0:
            raise InvalidInput(f"pair {self.name}: a tolerance cannot be negative")

    @property
    def name(self) -> str:
        """Return the pair as users write it: ``30/60``, with other tolerances than usual ``30/60±7/12``.

        Candidates are stored under this name, so two rules with one name would be one.
        """
        tolerances = (self.front_tolerance, self.back_tolerance)
        usual = tolerances == (front_tolerance_of(self.front), BACK_TOLERANCE)
        return f"{self.front}/{self.back}" + ("" if usual else f"±{tolerances[0]}/{tolerances[1]}")

    @property
    def longest_dte(self) -> int:
        """Return the largest dte this rule can use."""
        return self.back + self.back_tolerance


DEFAULT_PAIRS = (PairRule(30, 60, 5, 10), PairRule(30, 90, 5, 10), PairRule(60, 90, 10, 10))
SHORTEST_HORIZON_DAYS = 120


@dataclass(frozen=True, slots=True)
class ScanRules:
    """All that decides a scan's candidates besides the chain itself.

    Attributes:
        risk_free_rate: continuously compounded, decimal, a year.
        ff_threshold: smallest forward factor of a signal.
        sigma_fwd_floor: smallest forward vol a signal may rest on, decimal.
        max_bid_ask_pct: widest (ask - bid) / mid, decimal (0.08 = 8 %).
        min_open_interest, min_volume: contracts, at every contract a vol point was made from.

    """

    pairs: tuple[PairRule, ...] = DEFAULT_PAIRS
    vol_points: tuple[VolPoint, ...] = (VolPoint.ATM,)
    risk_free_rate: float = 0.04
    ff_threshold: float = 0.20
    sigma_fwd_floor: float = 0.05
    max_bid_ask_pct: float = 0.08
    min_open_interest: int = 100
    min_volume: int = 10

    def __post_init__(self) -> None:
        if len({rule.name for rule in self.pairs}) < len(self.pairs):
            raise InvalidInput("each pair may stand in the rules once")
        if not -0.5 < self.risk_free_rate < 0.5:
            raise InvalidInput(f"risk_free_rate is a decimal (0.04 = 4 %), not {self.risk_free_rate}")

    @property
    def horizon_days(self) -> int:
        """Return the largest dte of an expiry that is looked at."""
        return max([SHORTEST_HORIZON_DAYS, *(rule.longest_dte for rule in self.pairs)])
