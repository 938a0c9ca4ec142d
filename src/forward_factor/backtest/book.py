"""One trial's positions: what is open, what was closed, what was skipped, and the equity of each day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from forward_factor.backtest.entries import Signals, SkipReason, propose
from forward_factor.backtest.exits import close_at, close_reason, mark, settle
from forward_factor.backtest.fills import FILLS, entry_commission, entry_cost, profit, spread_share
from forward_factor.backtest.moments import Moment
from forward_factor.backtest.rules import BacktestRules
from forward_factor.backtest.sizing import size_position
from forward_factor.backtest.splits import Standing, whole_ratios
from forward_factor.backtest.trades import Closing, ExitReason, Marked, Opening, Skip, Trade
from forward_factor.core.arrays import FloatArray
from forward_factor.core.ticket import SHARES_A_CONTRACT

Key = tuple[str, str]


@dataclass(slots=True)
class _Position:
    opening: Opening
    last: Marked
    standing: Standing
    cost: FloatArray
    """Dollars that opening took under each fill, commissions included."""

    def open_profits(self) -> FloatArray:
        return self.last.value * SHARES_A_CONTRACT * self.opening.contracts - self.cost

    def passes_splits(self, moment: Moment) -> bool:
        """Adjust it for the splits since the snapshot before; return False where nobody can tell what became of it."""
        ratios = whole_ratios(moment.splits)
        if ratios is None:
            return False
        for ratio in ratios:
            self.standing = self.standing.after(ratio)
        return not moment.has_jumped or all(map(moment.lists, self.standing.legs))


@dataclass(frozen=True, slots=True, eq=False)
class DayRow:
    """The book at the end of a date.

    Attributes:
        profits: dollars won since the beginning, open positions at mid, one entry a fill.
        at_risk: what the open positions may lose together, dollars.

    """

    day: date
    profits: FloatArray
    open_positions: int
    at_risk: float


@dataclass(slots=True)
class Book:
    """All that happened in one trial so far; it is told moments in their order."""

    rules: BacktestRules
    trades: list[Trade] = field(default_factory=list)
    rows: list[DayRow] = field(default_factory=list)
    skipped: Counter[SkipReason] = field(default_factory=Counter)
    signals: int = 0
    _open: dict[Key, _Position] = field(default_factory=dict)
    _stable: Counter[Key] = field(default_factory=Counter)
    _won: FloatArray = field(default_factory=lambda: np.zeros(len(FILLS)))

    def take(self, moment: Moment, signals: Signals) -> None:
        """Go through one fresh snapshot: exits, then entries."""
        keys = [(moment.ticker, pair.name) for pair in self.rules.entry.pairs]
        was_open = [key in self._open for key in keys]
        for key in keys:
            self._follow(key, moment)
        for pair, key in enumerate(keys):
            if not signals.is_signal[moment.chain, pair]:
                self._stable.pop(key, None)
                continue
            self.signals += 1
            self._stable[key] += 1
            skipped = self._enter(pair, key, moment, signals, was_open=was_open[pair])
            if skipped is not None:
                self.skipped[skipped] += 1

    def end_day(self, day: date) -> None:
        """Write the row of a date, after its last snapshot."""
        profits = self._won + sum((one.open_profits() for one in self._open.values()), np.zeros(len(FILLS)))
        self.rows.append(DayRow(day, profits, len(self._open), self._at_risk()))

    def end(self) -> None:
        """Close what is still open at the quotes of its last mark; only the last row learns of it."""
        for key, position in list(self._open.items()):
            self._close(key, position, close_at(position.last, ExitReason.END_OF_DATA))
        if self.rows:
            last = self.rows[-1]
            self.rows[-1] = replace(last, profits=self._won.copy())

    def _follow(self, key: Key, moment: Moment) -> None:
        position = self._open.get(key)
        if position is None:
            return
        opening = position.opening
        if not position.passes_splits(moment):
            self._close(key, position, close_at(position.last, ExitReason.SPLIT, moment.at))
            return
        if moment.at >= opening.settles_at:
            self._close(key, position, settle(position.standing, moment))
            return
        marked = mark(position.standing, moment)
        if marked is None:
            return
        position.last = marked
        reason = close_reason(opening, marked, moment.day, self.rules.exit)
        if reason is not None:
            self._close(key, position, close_at(marked, reason))

    def _close(self, key: Key, position: _Position, closing: Closing) -> None:
        trade = Trade(position.opening, closing)
        del self._open[key]
        self.trades.append(trade)
        self._won = self._won + np.array([profit(trade, fill, self.rules.costs) for fill in FILLS])

    def _enter(self, pair: int, key: Key, moment: Moment, signals: Signals, *, was_open: bool) -> SkipReason | None:
        if self._stable[key] < self.rules.entry.stability:
            return Skip.NOT_STABLE_YET
        if was_open:
            return Skip.POSITION_OPEN
        proposal = propose(moment, pair, signals, self.rules)
        if isinstance(proposal, SkipReason):
            return proposal
        size = size_position(proposal.loss_of_one, proposal.rungs, self.rules.size, len(self._open), self._at_risk())
        if isinstance(size, Skip):
            return size
        opening = replace(proposal.opening, contracts=size)
        self._open[key] = _Position(opening, opening.entry, opening.entry.standing, self._costs(opening))
        return None

    def _at_risk(self) -> float:
        return sum(one.opening.max_loss for one in self._open.values())

    def _costs(self, opening: Opening) -> FloatArray:
        costs = self.rules.costs
        lots = SHARES_A_CONTRACT * opening.contracts
        prices = [entry_cost(opening, spread_share(fill, costs)) for fill in FILLS]
        return lots * np.array(prices) + entry_commission(opening, costs)
