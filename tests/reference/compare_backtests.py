"""Whether the backtest and its slow second one made the same trades and the same money."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from forward_factor.backtest.book import Book
from forward_factor.backtest.engine import Observed, Recording, Simulation
from forward_factor.backtest.fills import FILLS, Fill, profit
from forward_factor.backtest.rules import BacktestRules, Costs, EntryRules, ExitRules, SizeRules
from forward_factor.backtest.splits import Splits
from forward_factor.backtest.trades import Trade
from forward_factor.core.chain import Chain
from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.rules import PairRule, ScanRules, VolPoint
from forward_factor.core.staleness import quotes_digest
from forward_factor.core.structure import Structure
from forward_factor.core.ticket import Stake
from tests.chains import chain_of
from tests.reference.slow_backtest import SlowRules, SlowSplit, SlowTrade, run_slowly
from tests.reference.slow_domain import Snapshot

CENT = 0.005


def rules_of(slow: SlowRules) -> BacktestRules:
    """The same rules as the backtest takes them."""
    kelly = None
    if slow.win_rate is not None and slow.win_loss is not None:
        kelly = Stake(slow.win_rate, slow.win_loss, slow.bankroll)
    return BacktestRules(
        entry=EntryRules(
            pairs=tuple(PairRule(*pair) for pair in slow.pairs),
            structure=Structure(slow.structure),
            vol_point=VolPoint(slow.vol_point),
            threshold=slow.threshold,
            stability=slow.stability,
        ),
        exit=ExitRules(slow.exit_days, slow.target, slow.stop),
        size=SizeRules(slow.bankroll, slow.risk, kelly, slow.capacity, slow.max_positions, slow.max_at_risk),
        costs=Costs(slow.partial_share, slow.commission),
        gates=ScanRules(
            max_bid_ask_pct=slow.max_spread,
            min_open_interest=int(slow.min_open_interest),
            min_volume=int(slow.min_volume),
        ),
    )


def simulate(
    chains: Iterable[Chain], rules: BacktestRules, batch: int = 5, splits: Sequence[SlowSplit] = ()
) -> tuple[Book, Observed]:
    """Run one trial over chains, some at a time."""
    simulation = Simulation([rules])
    recordings = [Recording(chain, quotes_digest(chain), splits=splits_of(chain.ticker, splits)) for chain in chains]
    for start in range(0, len(recordings), batch):
        simulation.take(recordings[start : start + batch])
    simulation.end()
    return simulation.books[0], simulation.observed


def splits_of(ticker: str, splits: Sequence[SlowSplit]) -> Splits:
    """The splits of a ticker as the backtest takes them."""
    return Splits(
        CorporateAction(name, ActionKind.SPLIT, day, ratio=ratio) for name, day, ratio in splits if name == ticker
    )


def differences(
    snapshots: Sequence[Snapshot], slow_rules: SlowRules, splits: Sequence[SlowSplit] = ()
) -> tuple[list[str], int]:
    """Return, in words, where the two differ, and how many trades there were."""
    slow = run_slowly(snapshots, slow_rules, splits)
    rules = rules_of(slow_rules)
    book, _ = simulate(map(chain_of, snapshots), rules, splits=splits)
    trades = sorted(book.trades, key=lambda one: (one.opening.entry.at, one.opening.ticker, one.opening.pair))
    found = []
    skipped = {reason.value: count for reason, count in book.skipped.items()}
    if (book.signals, skipped) != (slow.signals, slow.skipped):
        found.append(f"signals {book.signals} {skipped} != {slow.signals} {slow.skipped}")
    if [facts_of(one) for one in trades] != [slow_facts_of(one) for one in slow.trades]:
        found += [f"{facts_of(one)} is not there" for one in trades]
        found += [f"{slow_facts_of(one)} is missing" for one in slow.trades]
        return found, len(trades)
    for one, other in zip(trades, slow.trades, strict=True):
        for fill, share in zip(FILLS, (0.0, slow_rules.partial_share, 1.0), strict=True):
            fast_profit, slow_profit = profit(one, fill, rules.costs), other.profit(share, slow_rules.commission)
            if abs(fast_profit - slow_profit) > CENT:
                found.append(f"{facts_of(one)} {fill}: {fast_profit} != {slow_profit}")
    return found, len(trades)


def facts_of(trade: Trade) -> tuple[object, ...]:
    """What was traded when, and why it was closed."""
    opening, closing = trade.opening, trade.closing
    return (
        opening.ticker,
        opening.pair,
        opening.contracts,
        opening.entry.at,
        closing.at,
        closing.reason.value,
        [(leg.expiry, leg.strike, "C" if leg.is_call else "P", leg.sign) for leg in opening.legs],
        [leg.strike for leg in closing.standing.legs],
        opening.contracts * closing.standing.ratio,
    )


def slow_facts_of(trade: SlowTrade) -> tuple[object, ...]:
    """The same of a slow trade."""
    return (
        trade.ticker,
        trade.pair,
        trade.contracts,
        trade.opened_at,
        trade.closed_at,
        trade.reason,
        [(leg.expiry, leg.strike, leg.right, leg.sign) for leg in trade.legs],
        [leg.strike for leg in trade.at_exit.legs],
        trade.at_exit.contracts,
    )


def profits_of(book: Book) -> list[dict[Fill, float]]:
    """P&L of every trade under each fill."""
    return [{fill: profit(trade, fill, book.rules.costs) for fill in FILLS} for trade in book.trades]
