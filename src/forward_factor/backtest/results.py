"""What a backtest found, ready to be shown or written: plain values, every quote of every trade among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from forward_factor.backtest.engine import SpotJump
from forward_factor.backtest.fills import Fill
from forward_factor.backtest.metrics import CurveFigures, Group, TradeFigures
from forward_factor.backtest.rules import BacktestRules
from forward_factor.backtest.sharpe import Sharpe
from forward_factor.backtest.trades import ExitReason
from forward_factor.core.structure import Structure


@dataclass(frozen=True, slots=True)
class QuoteUsed:
    """One leg's quote at one instant, and the price it was traded at under each fill; dollars a share.

    Attributes:
        bid, ask: None where the leg was settled at its intrinsic value.
        settled: the price at settlement, the same under all fills; else None.

    """

    at: datetime
    bid: float | None
    ask: float | None
    settled: float | None
    prices: dict[Fill, float]


@dataclass(frozen=True, slots=True)
class LegView:
    """One leg from entry to exit; ``side`` says what was done at entry, ``buy`` or ``sell``.

    ``exit_strike`` is the strike after the splits between, else the same.
    """

    expiry: date
    strike: float
    exit_strike: float
    right: str
    side: str
    entry: QuoteUsed
    exit: QuoteUsed


@dataclass(frozen=True, slots=True)
class TradeView:
    """One trade; dollars, a share where they are debits.

    Attributes:
        regime: third of the front vol's range at entry: low, middle or high.
        split_ratio: contracts at exit for one at entry: what splits made of it.
        max_loss: debit at touch of all contracts.
        debits, credits, profits: under each fill; credits are what closing brought.

    """

    number: int
    ticker: str
    pair: str
    structure: Structure
    contracts: int
    opened_at: datetime
    closed_at: datetime
    exit_reason: ExitReason
    front_expiry: date
    back_expiry: date
    exit_day: date
    entry_spot: float
    exit_spot: float
    ff: float
    front_iv: float
    back_iv: float
    sigma_fwd: float
    regime: str
    split_ratio: int
    max_loss: float
    commissions: float
    debits: dict[Fill, float]
    credits: dict[Fill, float]
    profits: dict[Fill, float]
    legs: tuple[LegView, ...]


@dataclass(frozen=True, slots=True)
class EquityRow:
    """Equity at the end of a date under each fill, buy-and-hold beside it; dollars."""

    day: date
    mid: float
    partial: float
    touch: float
    hold: float
    open_positions: int
    at_risk: float


@dataclass(frozen=True, slots=True)
class DataView:
    """What the chains were.

    Attributes:
        hindsight_earnings: announcements that were used from the start, as nobody says when they became known.

    """

    tickers: tuple[str, ...]
    first_at: datetime | None
    last_at: datetime | None
    snapshots: int
    stale: int
    repeated: int
    quotes: int
    spot_jumps: tuple[SpotJump, ...]
    hindsight_earnings: int = 0


@dataclass(frozen=True, slots=True)
class FillFigures:
    """All figures under one fill."""

    fill: Fill
    spread_share: float
    curve: CurveFigures
    trades: TradeFigures


@dataclass(frozen=True, slots=True)
class Exposure:
    """How much was at stake: share of days with an open position, and sums at risk over the bankroll."""

    days_invested: float
    mean_at_risk: float
    most_at_risk: float


@dataclass(frozen=True, slots=True)
class Contributors:
    """How much hangs on few trades, under the headline fill.

    Attributes:
        numbers: the five best trades, by number.
        share_of_gains: what they won over all that was won; None where nothing was.
        without_best: P&L of all other trades, dollars.

    """

    numbers: tuple[int, ...]
    share_of_gains: float | None
    without_best: float


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """One trial, whole.

    Attributes:
        fill: the headline; figures of the other fills stand beside it.
        skipped: signals that were not entered, by reason.

    """

    rules: BacktestRules
    fill: Fill
    data: DataView
    signals: int
    skipped: dict[str, int]
    figures: tuple[FillFigures, ...]
    hold: CurveFigures
    exposure: Exposure
    by_year: tuple[Group, ...]
    by_regime: tuple[Group, ...]
    by_ticker: tuple[Group, ...]
    by_exit: tuple[Group, ...]
    contributors: Contributors
    trades: tuple[TradeView, ...]
    equity: tuple[EquityRow, ...]

    def of(self, fill: Fill) -> FillFigures:
        """Return the figures under a fill."""
        return next(one for one in self.figures if one.fill is fill)

    @property
    def headline(self) -> FillFigures:
        """Return the figures under the fill that was asked for."""
        return self.of(self.fill)


@dataclass(frozen=True, slots=True)
class TrialView:
    """One combination of a sweep, under the headline fill."""

    values: dict[str, str]
    trades: int
    profit: float
    sharpe: Sharpe | None


@dataclass(frozen=True, slots=True)
class SweepResult:
    """All trials of a sweep, and how much of the best one's Sharpe is luck.

    Attributes:
        trial_count: the trials of the grid, or as many as the user says were made.
        best: place of the trial with the highest Sharpe; None where no trial has one.
        expected_best: Sharpe a year that the best of so many worthless trials would show.
        deflated: probability that the best one's true Sharpe is above 0, given how it was picked.

    """

    trials: tuple[TrialView, ...]
    trial_count: int
    best: int | None
    expected_best: float | None
    deflated: float | None
