"""Small streams of chains whose trades are known, and ways to run them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import numpy as np

from forward_factor.backtest.book import Book
from forward_factor.backtest.engine import Observed, Recording, Simulation
from forward_factor.backtest.rules import BacktestRules, EntryRules, ExitRules, SizeRules
from forward_factor.backtest.splits import Splits
from forward_factor.core.chain import Chain
from forward_factor.core.corporate_actions import CorporateAction
from forward_factor.core.market_hours import session_on, trading_days_between
from forward_factor.core.rules import PairRule
from forward_factor.core.staleness import quotes_digest
from forward_factor.providers.simulated import SimulatedMarket
from tests.chains import priced_chain

PAIR = PairRule(30, 60, 5, 10)
FRONT, BACK = date(2026, 7, 1), date(2026, 7, 31)
FIRST_DAY = date(2026, 6, 1)
RULES = BacktestRules(EntryRules((PAIR,)), size=SizeRules(capacity=0.0, risk=0.10))
SPREAD = 0.02


def at(day: date, hour: int = 20) -> datetime:
    """An instant of a day, 16:00 New York time in summer by default."""
    return datetime.combine(day, time(hour), UTC)


def chain_on(
    day: date,
    front_vol: float = 0.45,
    back_vol: float = 0.35,
    spot: float = 100.0,
    hour: int = 20,
    ticker: str = "TEST",
) -> Chain:
    """The chain of one day with two expiries that stay: FF is above 1 at the default vols 30 days ahead."""
    vols = {(expiry - day).days: vol for expiry, vol in ((FRONT, front_vol), (BACK, back_vol)) if expiry > day}
    chain = priced_chain(vols, ticker, at(day, hour), spot, SPREAD / 2)
    volume = chain.contracts.volume + (24 * day.toordinal() + hour) % 397  # no two instants are alike, so none is stale
    return replace(chain, contracts=replace(chain.contracts, volume=volume))


def calm(day: date, spot: float = 100.0, hour: int = 20) -> Chain:
    """The chain of a day with a flat term structure: no signal."""
    return chain_on(day, 0.30, 0.30, spot, hour)


def without_contract(chain: Chain, expiry: date, strike: float, *, is_call: bool = True) -> Chain:
    """The chain without a quote for one contract."""
    contracts = chain.contracts
    row = (contracts.expiry == np.datetime64(expiry)) & (contracts.strike == strike) & (contracts.is_call == is_call)
    assert row.sum() == 1
    return replace(chain, contracts=contracts.take(np.flatnonzero(~row)))


def run(
    chains: Sequence[Chain], rules: BacktestRules = RULES, batch: int = 3, splits: Sequence[CorporateAction] = ()
) -> Book:
    """The finished book of one trial."""
    return run_all(chains, [rules], batch, splits)[0][0]


def run_all(
    chains: Sequence[Chain],
    trials: Sequence[BacktestRules],
    batch: int = 3,
    splits: Sequence[CorporateAction] = (),
) -> tuple[tuple[Book, ...], Observed]:
    """The finished books of some trials, chains taken some at a time."""
    simulation = Simulation(trials)
    recordings = [Recording(chain, quotes_digest(chain), splits=Splits(splits)) for chain in chains]
    for start in range(0, len(recordings), batch):
        simulation.take(recordings[start : start + batch])
    simulation.end()
    return simulation.books, simulation.observed


@lru_cache(maxsize=1)
def busy_market() -> tuple[Chain, ...]:
    """Two simulated tickers, twice a day for ten weeks."""
    market = SimulatedMarket(tickers=("KO", "NFLX"), depth="light", dirt=0.02, horizon_days=120)
    sessions = [session_on(day) for day in trading_days_between(date(2026, 1, 5), date(2026, 3, 13))]
    instants = [at for one in sessions if one for at in (one.closes_at - timedelta(hours=3), one.closes_at)]
    return tuple(market.chain(ticker, at) for at in instants for ticker in market.tickers)


BUSY = BacktestRules(
    EntryRules((PAIR, PairRule(30, 90, 5, 10)), threshold=-0.2), ExitRules(1, 0.08, 0.08), SizeRules(risk=0.05)
)
