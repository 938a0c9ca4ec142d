"""A backtest as a person asks for it: the same names on the command line, over HTTP and in Python."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from forward_factor.backtest.fills import Fill
from forward_factor.backtest.rules import BacktestRules, Costs, EntryRules, ExitRules, SizeRules
from forward_factor.core.pair_rules import parse_pairs
from forward_factor.core.rules import ScanRules, VolPoint
from forward_factor.core.structure import Structure
from forward_factor.core.ticket import Stake
from forward_factor.errors import InvalidInput

USUAL_PAIR = "30/60"


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestRequest:
    """What to test, on which of the recorded chains; docs/backtest.md says what each means.

    Attributes:
        tickers: none means all.
        provider: whose stored chains, where several recorded a ticker.
        start, end: New York dates, both included.
        pair: such as ``30/60`` or ``30/60±5/10``.
        threshold, max_spread: decimals; they and the other gates are the installation's where None.
        target, stop, risk, capacity, max_at_risk, partial_share: shares, decimal.
        bankroll, commission: dollars.
        fill: the headline; all are computed.

    """

    tickers: tuple[str, ...] = ()
    provider: str | None = None
    start: date | None = None
    end: date | None = None
    pair: tuple[str, ...] = (USUAL_PAIR,)
    vol_point: VolPoint = VolPoint.ATM
    threshold: float | None = None
    structure: Structure = Structure.CALL
    stability: int = 1
    max_spread: float | None = None
    min_open_interest: int | None = None
    min_volume: int | None = None
    exit_days: int = 1
    target: float | None = None
    stop: float | None = None
    bankroll: float = 100_000.0
    risk: float = 0.02
    win_rate: float | None = None
    win_loss: float | None = None
    capacity: float = 0.10
    max_positions: int = 10
    max_at_risk: float = 0.20
    fill: Fill = Fill.PARTIAL
    partial_share: float = 0.5
    commission: float = 0.65
    seed: int = 7

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.start > self.end:
            raise InvalidInput(f"the start {self.start} is after the end {self.end}")
        if self.seed < 0:
            raise InvalidInput(f"a seed is 0 or more, not {self.seed}")

    def rules(self, usual: ScanRules) -> BacktestRules:
        """Return the rules of this backtest; ``usual`` are the installation's gates.

        Raises:
            InvalidInput: something is out of range, or does not go together.

        """
        gates = self._gates(usual)
        return BacktestRules(
            entry=EntryRules(
                parse_pairs(self.pair), self.structure, self.vol_point, gates.ff_threshold, self.stability
            ),
            exit=ExitRules(self.exit_days, self.target, self.stop),
            size=SizeRules(
                self.bankroll, self.risk, self._kelly(), self.capacity, self.max_positions, self.max_at_risk
            ),
            costs=Costs(self.partial_share, self.commission),
            gates=gates,
            seed=self.seed,
        )

    def _gates(self, usual: ScanRules) -> ScanRules:
        said = {
            "ff_threshold": self.threshold,
            "max_bid_ask_pct": self.max_spread,
            "min_open_interest": self.min_open_interest,
            "min_volume": self.min_volume,
        }
        return replace(usual, **{name: one for name, one in said.items() if one is not None})  # type: ignore[arg-type]

    def _kelly(self) -> Stake | None:
        if self.win_rate is None and self.win_loss is None:
            return None
        if self.win_rate is None or self.win_loss is None:
            raise InvalidInput("a win rate and a win/loss ratio go together: give both")
        return Stake(self.win_rate, self.win_loss, self.bankroll)
