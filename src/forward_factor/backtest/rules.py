"""What a backtest trades, when it gets out, how much of it, and at what cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from forward_factor.core.rules import PairRule, ScanRules, VolPoint
from forward_factor.core.structure import Structure
from forward_factor.core.ticket import Stake
from forward_factor.errors import InvalidInput

DOUBLE_POINTS = (VolPoint.PUT_35D, VolPoint.CALL_35D)
POINTS_OF = {
    Structure.CALL: (VolPoint.ATM, VolPoint.CALL_35D),
    Structure.PUT: (VolPoint.ATM, VolPoint.PUT_35D),
}
"""Where a single calendar may be gated, by its right."""

LONGEST_EXIT_DAYS = 60


@dataclass(frozen=True, slots=True)
class EntryRules:
    """Which candidates are traded, and as what.

    Attributes:
        vol_point: of a single calendar; a double is gated on both its points.
        threshold: smallest forward factor, decimal, of any sign.
        stability: fresh snapshots in a row at which a pair must signal.

    Raises:
        InvalidInput: no pair, one named twice, or numbers out of range.

    """

    pairs: tuple[PairRule, ...]
    structure: Structure = Structure.CALL
    vol_point: VolPoint = VolPoint.ATM
    threshold: float = 0.20
    stability: int = 1

    def __post_init__(self) -> None:
        if not self.pairs or len({rule.name for rule in self.pairs}) < len(self.pairs):
            raise InvalidInput("a backtest needs at least one pair, and each once")
        if not -inf < self.threshold < inf:
            raise InvalidInput(f"a threshold is a decimal (0.2 = 20 %), not {self.threshold}")
        if self.stability < 1:
            raise InvalidInput(f"stability is a number of snapshots, 1 or more, not {self.stability}")
        if self.structure in POINTS_OF and self.vol_point not in POINTS_OF[self.structure]:
            known = " or ".join(POINTS_OF[self.structure])
            raise InvalidInput(f"a {self.structure} calendar is gated at {known}, not at {self.vol_point}")

    @property
    def points(self) -> tuple[VolPoint, ...]:
        """Return the vol points whose candidates gate a trade."""
        return DOUBLE_POINTS if self.structure is Structure.DOUBLE else (self.vol_point,)


@dataclass(frozen=True, slots=True)
class ExitRules:
    """When a position is closed.

    Attributes:
        days_before_expiry: sessions before the front expiry, 1 or more.
        target, stop: gain and loss of the value at mid, as shares of the debit at mid; None: no such rule.

    """

    days_before_expiry: int = 1
    target: float | None = None
    stop: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.days_before_expiry <= LONGEST_EXIT_DAYS:
            raise InvalidInput(f"the exit is 1 to {LONGEST_EXIT_DAYS} sessions before the front expiry")
        if self.target is not None and not 0.0 < self.target < inf:
            raise InvalidInput(f"a target is a gain above 0 (0.5 = 50 % of the debit), not {self.target}")
        if self.stop is not None and not 0.0 < self.stop < inf:
            raise InvalidInput(f"a stop is a loss above 0 (0.5 = 50 % of the debit), not {self.stop}")


@dataclass(frozen=True, slots=True)
class SizeRules:
    """How many contracts, and what may be at risk at a time.

    Attributes:
        bankroll: dollars; sizes are shares of it, whatever was won or lost.
        risk: share of the bankroll a trade may lose; not looked at where there is a Kelly stake.
        kelly: the user's own win rate and win/loss ratio, for a quarter of Kelly's share.
        capacity: largest share of a leg's volume and of its open interest; 0 for no such limit.
        max_positions: open at a time.
        max_at_risk: largest share of the bankroll that all open positions together may lose.

    """

    bankroll: float = 100_000.0
    risk: float = 0.02
    kelly: Stake | None = None
    capacity: float = 0.10
    max_positions: int = 10
    max_at_risk: float = 0.20

    def __post_init__(self) -> None:
        if not 0.0 < self.bankroll <= 1e12:
            raise InvalidInput(f"a bankroll is in dollars, above 0 and at most 1e12, not {self.bankroll}")
        for name, share in (("risk", self.risk), ("max at risk", self.max_at_risk)):
            if not 0.0 < share <= 1.0:
                raise InvalidInput(f"{name} is a share of the bankroll, above 0 and at most 1, not {share}")
        if not 0.0 <= self.capacity <= 1.0:
            raise InvalidInput(f"a capacity is a share from 0 to 1, not {self.capacity}")
        if self.max_positions < 1:
            raise InvalidInput(f"at least one position must be allowed, not {self.max_positions}")


@dataclass(frozen=True, slots=True)
class Costs:
    """What trading costs.

    Attributes:
        partial_share: of the half-spread a leg, paid under the fill ``partial``.
        commission: dollars a contract and leg, at entry and at exit.

    """

    partial_share: float = 0.5
    commission: float = 0.65

    def __post_init__(self) -> None:
        if not 0.0 <= self.partial_share <= 1.0:
            raise InvalidInput(f"a share of the half-spread is from 0 to 1, not {self.partial_share}")
        if not 0.0 <= self.commission < inf:
            raise InvalidInput(f"a commission is in dollars, 0 or more, not {self.commission}")


@dataclass(frozen=True, slots=True)
class BacktestRules:
    """All that decides a backtest besides the chains.

    Attributes:
        gates: the scan's limits on spread, open interest, volume and forward vol, and its rate; its pairs, vol
            points and threshold are not looked at.
        seed: of the bootstrap.

    """

    entry: EntryRules
    exit: ExitRules = field(default_factory=ExitRules)
    size: SizeRules = field(default_factory=SizeRules)
    costs: Costs = field(default_factory=Costs)
    gates: ScanRules = field(default_factory=ScanRules)
    seed: int = 7
