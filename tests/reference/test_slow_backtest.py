"""The backtest against its slow second one: the same trades, and the same P&L to a cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import lru_cache
from math import floor
from pathlib import Path

import pytest

from forward_factor.core.market_hours import session_on, trading_days_between
from forward_factor.providers.simulated import SimulatedMarket
from tests.chains import snapshot_of
from tests.reference.compare_backtests import differences
from tests.reference.recorded import iter_snapshots, recorded_dir
from tests.reference.slow_backtest import SlowRules, SlowSplit, run_slowly
from tests.reference.slow_domain import Snapshot
from tests.reference.slow_sessions import HALF_DAYS, close_on_or_before, is_session

TWO_PAIRS = ((30, 60, 5, 10), (30, 90, 5, 10))
LENIENT = {"max_spread": 0.5, "min_open_interest": 0, "min_volume": 0}
SIMULATED = [
    SlowRules(),
    SlowRules(pairs=TWO_PAIRS, structure="put", threshold=0.05, max_positions=3, exit_days=3),
    SlowRules(structure="double", threshold=0.0, risk=0.04, max_at_risk=0.05, **LENIENT),  # type: ignore[arg-type]
    SlowRules(vol_point="35d_call", threshold=0.0, target=0.1, stop=0.1, stability=2, win_rate=0.6, win_loss=1.5),
    SlowRules(structure="put", vol_point="35d_put", threshold=-0.5, partial_share=0.2, commission=0.0, capacity=0.01),
    SlowRules(
        pairs=TWO_PAIRS, threshold=0.0, bankroll=4_000.0, risk=0.05, max_at_risk=0.06, capacity=0.005, exit_days=20
    ),
]
RECORDED = [
    ("spy_2026.parquet", SlowRules(pairs=TWO_PAIRS, threshold=-0.5)),
    ("spy_2026.parquet", SlowRules(structure="double", threshold=-0.5, risk=0.05, exit_days=8)),
    ("aapl_meta_2026.parquet", SlowRules(pairs=TWO_PAIRS, structure="put", threshold=-0.5, risk=0.03)),
    ("aapl_meta_2026.parquet", SlowRules(structure="double", threshold=-0.5, target=0.05, stop=0.05, risk=0.05)),
    ("spy_2021.csv.gz", SlowRules(pairs=TWO_PAIRS, threshold=0.0, capacity=0.0, **LENIENT)),  # type: ignore[arg-type]
    ("spy_2021.csv.gz", SlowRules(structure="put", threshold=-1.0, capacity=0.0, exit_days=5, **LENIENT)),  # type: ignore[arg-type]
]


@lru_cache(maxsize=1)
def simulated_year() -> Sequence[Snapshot]:
    """Closing chains of two tickers, some days missing, one snapshot repeated, contracts dirty."""
    market = SimulatedMarket(tickers=("KO", "NFLX"), depth="light", dirt=0.02, horizon_days=120)
    days = trading_days_between(date(2026, 1, 5), date(2026, 9, 30))
    closes = [session.closes_at for day in days if day.day % 7 and (session := session_on(day))]
    snapshots = [snapshot_of(market.chain(ticker, at)) for at in closes for ticker in market.tickers]
    repeated = Snapshot("KO", datetime(2026, 3, 7, 15, tzinfo=UTC), snapshots[80].spot, snapshots[80].rows)
    return sorted([*snapshots, repeated], key=lambda one: (one.as_of, one.ticker))


@lru_cache(maxsize=1)
def recorded(name: str) -> Sequence[Snapshot]:
    folder = recorded_dir()
    if folder is None:
        pytest.skip("the recorded chains are not here")
    return sorted(iter_snapshots(Path(folder) / "chains" / name), key=lambda one: (one.as_of, one.ticker))


@pytest.mark.parametrize("rules", SIMULATED, ids=range(len(SIMULATED)))
def test_same_trades_on_simulated_chains(rules: SlowRules) -> None:
    found, trades = differences(simulated_year(), rules)
    assert found == []
    assert trades >= 4


@pytest.mark.parametrize(("name", "rules"), RECORDED, ids=[f"{name}-{i}" for i, (name, _) in enumerate(RECORDED)])
def test_same_trades_on_recorded_chains(name: str, rules: SlowRules) -> None:
    found, trades = differences(recorded(name), rules)
    assert found == []
    assert trades >= 1


SPLIT_ON = date(2026, 5, 12)


def split_year(ratio: float) -> Sequence[Snapshot]:
    """The simulated year with KO split: strikes to the cent, prices in proportion, as many more contracts."""
    return [split_snapshot(one, ratio) if is_after_split(one) else one for one in simulated_year()]


def is_after_split(one: Snapshot) -> bool:
    return one.ticker == "KO" and one.as_of.date() >= SPLIT_ON


def split_snapshot(one: Snapshot, ratio: float) -> Snapshot:
    def shared(number: float | None) -> float | None:
        return None if number is None else number / ratio

    rows = tuple(
        replace(
            row,
            strike=floor(row.strike / ratio * 100 + 0.5) / 100,
            bid=shared(row.bid),
            ask=shared(row.ask),
            last=shared(row.last),
        )
        for row in one.rows
    )
    return Snapshot(one.ticker, one.as_of, one.spot / ratio, rows)


@pytest.mark.parametrize("rules", SIMULATED[:4], ids=range(4))
@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        (4.0, (4.0,)),
        (4.0, (2.0, 2.0)),  # said twice on the same day: one split of 2, and a jump that nobody explains
        (4.0, ()),
        (1.5, (1.5,)),
        (0.2, (0.2,)),
    ],
    ids=["known", "wrong", "unknown", "odd", "reverse"],
)
def test_same_trades_over_a_split(rules: SlowRules, ratio: float, said: tuple[float, ...]) -> None:
    found, trades = differences(split_year(ratio), rules, [("KO", SPLIT_ON, one) for one in said])
    assert found == []
    assert trades >= 4


def test_a_known_split_of_two_changes_nothing_but_the_rounding() -> None:
    """Strikes of half a dollar stay on the cent, so the trades are the same and so is the money, commissions aside."""
    rules = SlowRules(threshold=0.0, commission=0.0, capacity=0.0, **LENIENT)  # type: ignore[arg-type]
    plain, split = run_slowly(simulated_year(), rules), run_slowly(split_year(2.0), rules, [("KO", SPLIT_ON, 2.0)])
    held = [one for one in split.trades if one.at_exit.contracts == 2 * one.contracts]
    assert len(held) >= 1
    for one in held:
        other = next(same for same in plain.trades if (same.ticker, same.opened_at) == (one.ticker, one.opened_at))
        assert (one.closed_at, one.reason) == (other.closed_at, other.reason)
        assert one.profit(1.0, 0.0) == pytest.approx(other.profit(1.0, 0.0), abs=0.01)


@pytest.mark.parametrize("splits", [(), (("AAPL", date(2014, 6, 9), 7.0),)], ids=["unknown", "known"])
def test_same_trades_over_apples_split(splits: Sequence[SlowSplit]) -> None:
    pairs = ((43, 71, 5, 10),)
    rules = SlowRules(pairs=pairs, threshold=-9.0, capacity=0.0, risk=0.1, **LENIENT)  # type: ignore[arg-type]
    found, trades = differences(recorded("aapl_lean_2014.csv.gz"), rules, splits)
    assert found == []
    assert trades == 1
    (trade,) = run_slowly(recorded("aapl_lean_2014.csv.gz"), rules, splits).trades
    assert trade.reason == ("end_of_data" if splits else "split")
    assert abs(trade.profit(0.0, 0.0)) < 0.2 * 100 * trade.contracts * trade.debit_mid()


@pytest.mark.parametrize("year", [2021, 2022, 2026, 2027])
def test_the_hand_written_sessions_are_those_of_the_exchange(year: int) -> None:
    days = trading_days_between(date(year, 1, 1), date(year, 12, 31))
    by_hand = [
        day
        for day in map(date.fromordinal, range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1))
        if is_session(day)
    ]
    assert list(days) == by_hand
    for day in by_hand:
        session = session_on(day)
        assert session is not None
        assert session.closes_at == close_on_or_before(day)
        assert (day in HALF_DAYS) == (close_on_or_before(day).time() == time(13))
