"""How fast chains (parsed arrays) become candidates, on one core.

Rates are contracts within the scan's window a second of processor time. The engine solves vols at bid, mid and
ask of the usable out-of-the-money half, which is all the rules need; the second line of each market adds the
solves of every other contract, three each, so that nothing is left out. The baseline is the solver alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.figures import Figure, Timings, at_least, processor_seconds, take_turns
from benchmarks.markets import batches_of, light_market, liquid_name, recorded_chains, scan
from forward_factor.core import black76
from forward_factor.core.arrays import BoolArray, FloatArray
from forward_factor.core.chain import Chain
from forward_factor.core.rules import ScanRules
from forward_factor.core.scan import ScanBatch

TARGET_RATE = 300_000
ENGINE = "engine"
ENGINE_AND_THE_REST = "engine + all other solves"
SOLVER = "bare pyvolr, 3 IVs a contract"


@dataclass(frozen=True, slots=True, eq=False)
class Solves:
    """Arguments of the solver for some contracts: three prices each."""

    prices: tuple[FloatArray, FloatArray, FloatArray]
    is_call: BoolArray
    forward: FloatArray
    strike: FloatArray
    years: FloatArray
    rate: float

    def __len__(self) -> int:
        return 3 * len(self.strike)

    def run(self) -> None:
        """Solve them all."""
        for price in self.prices:
            black76.implied_vols(price, self.is_call, self.forward, self.strike, self.years, self.rate)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One call of the engine, with the solves of all its contracts and of those it needs no vol of."""

    chains: Sequence[Chain]
    every: Solves
    others: Solves


def measure(tickers: int = 6_000) -> list[Figure]:
    """Return figures for a whole market, one liquid name and the recorded chains."""
    spy = liquid_name(120)
    figures = _measure_market(f"market of {tickers:,} tickers, light", batches_of(light_market(tickers)))
    figures += _measure_market("SPY, full chains", batches_of(spy))
    figures += _measure_calls("SPY, full chains, one a call", spy)
    recorded = recorded_chains()
    if recorded:
        figures += _measure_market("recorded chains", batches_of(recorded))
        figures += _measure_calls("recorded chains, one a call", recorded)
    return figures


def _measure_market(name: str, calls: Iterable[Sequence[Chain]]) -> list[Figure]:
    """Return contracts and vols a second where a call of the engine gets as many chains as a scan gives it."""
    cases = [_case(chains) for chains in calls]
    timings = take_turns(
        {
            ENGINE: _timed(cases, lambda case: scan(case.chains)),
            ENGINE_AND_THE_REST: _timed(cases, _scan_and_solve_others),
            SOLVER: _timed(cases, lambda case: case.every.run()),
        }
    )
    return _figures(name, cases, timings)


def _measure_calls(name: str, chains: Sequence[Chain]) -> list[Figure]:
    """Return what a scan of one ticker takes: a call has a fixed cost, which many chains in one share."""
    alone, together = "one a call", "all in one call"
    timings = take_turns(
        {
            alone: lambda: processor_seconds(lambda: [scan([chain]) for chain in chains]),
            together: lambda: processor_seconds(lambda: scan(chains)),
        }
    )
    baseline = timings.baseline(together, alone, len(chains))
    return [Figure(name, timings.rate(alone, len(chains)), "chains/s", baseline)]


def _timed(cases: Sequence[Case], work: Callable[[Case], object]) -> Callable[[], float]:
    return lambda: processor_seconds(lambda: [work(case) for case in cases])


def _scan_and_solve_others(case: Case) -> None:
    scan(case.chains)
    case.others.run()


def _figures(name: str, cases: Sequence[Case], timings: Timings) -> list[Figure]:
    contracts = sum(len(case.every) for case in cases) // 3
    own_solves = 3 * contracts - sum(len(case.others) for case in cases)
    figures = []
    for work in (ENGINE, ENGINE_AND_THE_REST):
        rate = timings.rate(work, contracts)
        baseline = timings.baseline(SOLVER, work, contracts)
        target = at_least(rate, TARGET_RATE)
        figures.append(Figure(f"{name} ({contracts:,}): {work}", rate, "contracts/s", baseline, target))
    for work, solves in ((ENGINE, own_solves), (ENGINE_AND_THE_REST, 3 * contracts)):
        baseline = timings.baseline(SOLVER, work, 3 * contracts, solves)
        figures.append(Figure(f"{name}: {work}", timings.rate(work, solves), "IV solves/s", baseline))
    return figures


def _case(chains: Sequence[Chain]) -> Case:
    batch = scan(chains)
    solved = _solved_by_engine(batch)
    return Case(chains, _solves(batch, np.ones(len(solved), dtype=np.bool_)), _solves(batch, ~solved))


def _solved_by_engine(batch: ScanBatch) -> BoolArray:
    quotes, contracts = batch.structures.quotes, batch.structures.quotes.contracts
    forward = batch.structures.forwards.price[quotes.curve]
    solved: BoolArray = quotes.usable & (contracts.is_call == (contracts.strike >= forward))
    return solved


def _solves(batch: ScanBatch, wanted: BoolArray) -> Solves:
    quotes = batch.structures.quotes
    contracts, curve = quotes.contracts.take(wanted), quotes.curve[wanted]
    return Solves(
        prices=(contracts.bid, (contracts.bid + contracts.ask) / 2.0, contracts.ask),
        is_call=contracts.is_call,
        forward=batch.structures.forwards.price[curve],
        strike=contracts.strike,
        years=quotes.curves.years[curve],
        rate=ScanRules().risk_free_rate,
    )
