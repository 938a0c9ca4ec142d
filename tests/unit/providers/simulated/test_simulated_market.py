"""The market as a whole: a pure function of seed, ticker and instant, that moves as markets do."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest

import forward_factor
from forward_factor.core import market_hours
from forward_factor.core.arrays import FloatArray
from forward_factor.core.chain import Chain, Contracts
from forward_factor.errors import InvalidInput, InvalidTicker
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.providers.simulated.moments import moment_at
from forward_factor.providers.simulated.surface import dislocation_at
from forward_factor.providers.simulated.universe import profile_of

NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
COLUMNS = Contracts.__slots__
TRADING_DAYS = market_hours.trading_days_between(date(2025, 1, 2), date(2027, 6, 30))

IN_A_FRESH_PROCESS = """
from datetime import datetime, UTC
from forward_factor.providers.simulated import SimulatedMarket
from hashlib import blake2b
market, noon = SimulatedMarket(), datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
for ticker in ("ZZZZ", "SPY", "AAPL", "SIM0007"):
    contracts = market.chain(ticker, noon).contracts
    columns = b"".join(getattr(contracts, name).tobytes() for name in contracts.__slots__)
    print(ticker, blake2b(columns, digest_size=8).hexdigest())
"""


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    return SimulatedMarket()


def digest(contracts: Contracts) -> str:
    columns = b"".join(getattr(contracts, name).tobytes() for name in COLUMNS)
    return blake2b(columns, digest_size=8).hexdigest()


def instants(count: int) -> list[datetime]:
    """Instants inside sessions, spread over two years and over the day."""
    sessions = [market_hours.session_on(day) for day in TRADING_DAYS[:: len(TRADING_DAYS) // count]]
    return [
        session.opens_at + session.length * (0.05 + 0.9 * (0.618 * number % 1.0))
        for number, session in enumerate(sessions)
        if session
    ]


def atm_variances(chain: Chain) -> tuple[FloatArray, FloatArray]:
    """Days to expiry, and total variance at the money forward from the vendor's vols."""
    contracts = chain.contracts
    all_dte = (contracts.expiry - np.datetime64(chain.new_york_date)).astype(np.float64)
    dte = np.unique(all_dte[all_dte >= 1.0])
    variances = []
    for days in dte:
        calls = contracts.take((all_dte == days) & contracts.is_call & np.isfinite(contracts.iv))
        log_moneyness = np.log(calls.strike / (chain.spot * np.exp(0.04 * days / 365.0)))
        variances.append(np.interp(0.0, log_moneyness, calls.iv**2 * days / 365.0))
    return dte, np.array(variances)


def forward_variances(chain: Chain) -> tuple[FloatArray, FloatArray]:
    """Days to expiry, and variance a day between each expiry and the one before it."""
    dte, variances = atm_variances(chain)
    return dte, np.diff(variances, prepend=0.0) / np.diff(dte, prepend=0.0)


def forward_factor_30_60(chain: Chain) -> tuple[float, int]:
    """FF of the pair 30/60 and the days to its back expiry."""
    dte, variances = atm_variances(chain)
    front, back = (int(np.argmin(np.abs(dte - target))) for target in (30.0, 60.0))
    ahead = (variances[back] - variances[front]) / (dte[back] - dte[front])
    if ahead <= 0.0:
        return np.inf, int(dte[back])
    return float(np.sqrt(variances[front] / dte[front] / ahead)) - 1.0, int(dte[back])


def share_of_signals(market: SimulatedMarket, instant: datetime) -> float:
    hits = 0
    for ticker in market.tickers:
        chain = market.chain(ticker, instant)
        ff, back_dte = forward_factor_30_60(chain)
        today = chain.new_york_date
        hits += ff >= 0.2 and not market.earnings(ticker, today, today + timedelta(days=back_dte))
    return hits / len(market.tickers)


class TestDeterminism:
    def test_a_fresh_process_sees_the_same_market(self, market: SimulatedMarket) -> None:
        source = str(Path(forward_factor.__file__).parents[1])
        printed = subprocess.run(
            [sys.executable, "-c", IN_A_FRESH_PROCESS],
            env={**os.environ, "PYTHONPATH": source, "PYTHONHASHSEED": "99"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        seen = dict(line.split() for line in printed.splitlines())
        here = {ticker: digest(market.chain(ticker, NOON).contracts) for ticker in ("AAPL", "SPY", "SIM0007", "ZZZZ")}
        assert seen == here

    def test_prices_are_the_same_for_ever(self, market: SimulatedMarket) -> None:
        spots = [market.spot(ticker, NOON) for ticker in ("SPY", "AAPL", "SIM0007", "ZZZZ")]
        assert spots == [710.4, 275.44, 66.9, 23.68]

    def test_what_was_asked_before_does_not_matter(self, market: SimulatedMarket) -> None:
        fresh = SimulatedMarket(tickers=["AAPL"])
        for instant in (NOON + timedelta(days=90), NOON - timedelta(days=400), NOON):
            chain = fresh.chain("AAPL", instant)
        assert digest(chain.contracts) == digest(market.chain("aapl", NOON).contracts)

    def test_size_and_depth_do_not_change_prices(self, market: SimulatedMarket) -> None:
        light = SimulatedMarket(size=3000, depth="light", horizon_days=60)
        assert light.spot("SIM0007", NOON) == market.spot("SIM0007", NOON) == market.chain("SIM0007", NOON).spot

    def test_another_seed_is_another_market(self, market: SimulatedMarket) -> None:
        assert SimulatedMarket(seed=8).spot("AAPL", NOON) != market.spot("AAPL", NOON)

    def test_shared_columns_cannot_be_changed(self, market: SimulatedMarket) -> None:
        contracts = market.chain("AAPL", NOON).contracts
        with pytest.raises(ValueError, match="read-only"):
            contracts.strike[0] = 1.0


class TestMovement:
    @pytest.mark.parametrize("ticker", ["SPY", "AAPL", "MSTR"])
    def test_minutes_are_small_steps(self, market: SimulatedMarket, ticker: str) -> None:
        chains = [market.chain(ticker, NOON + timedelta(minutes=minute)) for minute in range(120)]
        spots = np.array([chain.spot for chain in chains])
        vols = np.array(
            [chain.contracts.iv[chain.contracts.strike == chains[0].contracts.strike[20]] for chain in chains]
        )
        assert 0.0 < np.abs(np.diff(np.log(spots))).max() < 0.01
        assert 0.0 < np.nanmax(np.abs(np.diff(vols, axis=0))) < 0.02
        assert len({digest_of_listing(chain.contracts) for chain in chains}) == 1

    def test_stocks_move_about_as_much_as_their_options_say(self, market: SimulatedMarket) -> None:
        closes = [market_hours.session_on(day).closes_at for day in TRADING_DAYS]  # type: ignore[union-attr]
        for ticker, iv in (("SPY", 0.14), ("AAPL", 0.25), ("MSTR", 0.75)):
            spots = np.array([market.spot(ticker, close) for close in closes])
            assert np.diff(np.log(spots)).std() * np.sqrt(252.0) == pytest.approx(iv, rel=0.25)

    def test_prices_stay_plausible_for_decades(self) -> None:
        market = SimulatedMarket(size=100)
        for ticker in market.tickers:
            spots = [market.spot(ticker, NOON.replace(year=year)) for year in range(2014, 2040, 3)]
            assert min(spots) / profile_of(7, ticker).price > 0.15
            assert max(spots) / profile_of(7, ticker).price < 6.0

    def test_a_contract_near_the_money_stays_listed_until_it_expires(self) -> None:
        for depth in ("full", "light"):
            market = SimulatedMarket(depth=depth)
            for ticker in ("SPY", "AAPL", "MSTR", "SIM0001"):
                assert_stays_listed(market, ticker)


def digest_of_listing(contracts: Contracts) -> bytes:
    return contracts.expiry.tobytes() + contracts.strike.tobytes() + contracts.is_call.tobytes()


def assert_stays_listed(market: SimulatedMarket, ticker: str) -> None:
    first = market.chain(ticker, NOON)
    expiry = market_hours.weekly_expiries(first.new_york_date, 56)[-1]
    listed = first.contracts.strike[first.contracts.expiry == np.datetime64(expiry)]
    strike = listed[np.argmin(np.abs(listed - first.spot))]
    for days in range((expiry - first.new_york_date).days + 1):
        contracts = market.chain(ticker, NOON + timedelta(days=days)).contracts
        assert ((contracts.expiry == np.datetime64(expiry)) & (contracts.strike == strike)).sum() == 2


class TestClosedMarket:
    @pytest.mark.parametrize(
        ("close", "later"),
        [
            ("2026-11-20T21:00", "2026-11-20T21:00:01"),  # Friday
            ("2026-11-20T21:00", "2026-11-23T14:29:59"),  # Monday before the open
            ("2026-04-02T20:00", "2026-04-03T15:00"),  # Good Friday
            ("2026-11-27T18:00", "2026-11-27T19:30"),  # early close
            ("2026-12-31T21:00", "2027-01-02T03:00"),  # over the new year
        ],
    )
    def test_closing_state_stands(self, market: SimulatedMarket, close: str, later: str) -> None:
        closing, standing = (
            market.chain("AAPL", datetime.fromisoformat(text).replace(tzinfo=UTC)) for text in (close, later)
        )
        assert digest(standing.contracts) == digest(closing.contracts)
        assert standing.spot == closing.spot
        assert standing.as_of == datetime.fromisoformat(later).replace(tzinfo=UTC)

    def test_it_moves_on_at_the_open(self, market: SimulatedMarket) -> None:
        before, after = (market.chain("AAPL", datetime(2026, 11, 23, 14, minute, tzinfo=UTC)) for minute in (29, 30))
        assert after.spot != before.spot
        assert not after.contracts.volume.any()


class TestTermStructure:
    def test_total_variance_grows_where_nothing_is_dislocated(self, market: SimulatedMarket) -> None:
        checked = 0
        for instant in instants(4):
            for ticker in market.tickers:
                if dislocation_at(profile_of(7, ticker), moment_at(instant).time) > 0.0:
                    continue
                _, variances = atm_variances(market.chain(ticker, instant))
                assert (np.diff(variances) > 0.0).all()
                checked += 1
        assert checked > 80

    @pytest.mark.parametrize("ticker", ["AAPL", "NVDA", "KO", "SIM0011", "UNLISTED"])
    def test_earnings_show_in_the_curve_and_are_gone_afterwards(self, market: SimulatedMarket, ticker: str) -> None:
        event = market.earnings(ticker, date(2026, 2, 1), date(2026, 5, 30))[0]
        eve = datetime.combine(event.date - timedelta(days=6), NOON.time(), UTC)
        before, after = (forward_variances(market.chain(ticker, eve + timedelta(days=lag))) for lag in (0, 14))
        behind = int(np.searchsorted(before[0], 6.5))
        assert before[1][behind] > 1.3 * np.median(before[1][behind + 1 : behind + 4])
        assert after[1][0] < 1.1 * np.median(after[1][1:4])

    def test_expiries_are_weeklies_monthlies_and_leaps(self) -> None:
        chain = SimulatedMarket(horizon_days=760).chain("AAPL", NOON)
        expiries = np.unique(chain.contracts.expiry).tolist()
        assert expiries[:8] == list(market_hours.weekly_expiries(date(2026, 11, 18), 56))
        months = [(day.year, day.month) for day in expiries[8:]]
        assert months == [*((2027, month) for month in range(1, 11)), (2028, 1), (2028, 6)]

    def test_horizon(self) -> None:
        chain = SimulatedMarket(horizon_days=7).chain("AAPL", NOON)
        assert np.unique(chain.contracts.expiry).tolist() == [date(2026, 11, 20)]


class TestDislocations:
    def test_a_tenth_of_a_small_market_at_any_time(self, market: SimulatedMarket) -> None:
        shares = [share_of_signals(market, instant) for instant in instants(12)]
        assert 0.07 < np.mean(shares) < 0.13
        assert min(shares) > 0.0
        assert max(shares) <= 0.2

    @pytest.mark.parametrize("seed", [7, 11])
    def test_five_to_fifteen_percent_of_a_large_market(self, seed: int) -> None:
        market = SimulatedMarket(seed, size=300, depth="light")
        assert all(0.05 <= share_of_signals(market, instant) <= 0.15 for instant in instants(5))


class TestListing:
    def test_most_liquid_names_come_first(self) -> None:
        assert SimulatedMarket(size=5).tickers == ("SPY", "QQQ", "IWM", "AAPL", "MSFT")
        assert SimulatedMarket(size=200).tickers[-1] == "SIM0104"
        assert len(set(SimulatedMarket(size=6000).tickers)) == 6000

    def test_named_tickers_are_cleaned(self) -> None:
        assert SimulatedMarket(tickers=["spy", " brk.b ", "SPY"]).tickers == ("SPY", "BRK.B")

    @pytest.mark.parametrize("ticker", ["ZZZZ", "^SPX", "BRK-B", "SIM", "SIMPLE"])
    def test_anything_that_is_a_ticker_is_simulated(self, market: SimulatedMarket, ticker: str) -> None:
        chain = market.chain(ticker, NOON)
        assert chain.ticker == ticker
        assert 2.0 < chain.spot < 2_000.0
        assert len(chain.contracts) > 300

    def test_contracts_a_ticker(self, market: SimulatedMarket) -> None:
        counts = [len(market.chain(ticker, NOON).contracts) for ticker in market.tickers]
        assert min(counts) > 400
        assert max(counts) < 2_500
        assert 800 < np.median(counts) < 1_500

    def test_light_markets_are_light(self) -> None:
        market = SimulatedMarket(size=200, depth="light")
        counts = [len(market.chain(ticker, NOON).contracts) for ticker in market.tickers]
        assert 200 < np.mean(counts) < 300

    def test_rejects_what_is_no_ticker(self, market: SimulatedMarket) -> None:
        with pytest.raises(InvalidTicker):
            market.chain("no ticker", NOON)
        with pytest.raises(InvalidTicker):
            SimulatedMarket(tickers=["?"])

    def test_rejects_what_it_cannot_list(self) -> None:
        with pytest.raises(InvalidInput, match="full"):
            SimulatedMarket(depth="deep")
        with pytest.raises(InvalidInput, match="horizon_days"):
            SimulatedMarket(horizon_days=6)
        with pytest.raises(InvalidInput, match="dirt"):
            SimulatedMarket(dirt=1.5)
        with pytest.raises(InvalidInput, match="size"):
            SimulatedMarket(size=-1)

    def test_rejects_naive_instants(self, market: SimulatedMarket) -> None:
        with pytest.raises(TypeError):
            market.chain("SPY", NOON.replace(tzinfo=None))
