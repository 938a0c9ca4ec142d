"""Quotes a strict vendor would send: ticks, spreads, parity, liquidity; and what dirt does to them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from pyvolr import black76

from forward_factor.core.arrays import FloatArray
from forward_factor.core.chain import Chain, Contracts
from forward_factor.providers.simulated import SimulatedMarket

NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)
TICKERS = ("SPY", "AAPL", "F", "COST", "SIM0003", "ZZZZ")
RATE = 0.04


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    return SimulatedMarket(dirt=0.0)


def years_of(chain: Chain) -> FloatArray:
    days = (chain.contracts.expiry - np.datetime64(chain.new_york_date)).astype(np.float64)
    return np.maximum(days, 0.5) / 365.0


def deviations_of(chain: Chain) -> FloatArray:
    contracts, years = chain.contracts, years_of(chain)
    forward = chain.spot * np.exp(RATE * years)
    return np.abs(np.log(contracts.strike / forward)) / (contracts.iv * np.sqrt(years))


@pytest.mark.parametrize("ticker", TICKERS)
class TestCleanQuotes:
    def test_nothing_is_missing_but_the_last_of_what_never_traded(self, market: SimulatedMarket, ticker: str) -> None:
        contracts = market.chain(ticker, NOON).contracts
        for column in (contracts.bid, contracts.ask, contracts.volume, contracts.open_interest):
            assert np.isfinite(column).all()
            assert (column >= 0.0).all()
        assert np.isfinite(contracts.iv).all()
        assert np.isfinite(contracts.delta).all()
        assert (np.isnan(contracts.last) == (contracts.volume == 0.0)).all()

    def test_bid_is_below_ask_and_both_are_whole_ticks(self, market: SimulatedMarket, ticker: str) -> None:
        contracts = market.chain(ticker, NOON).contracts
        assert (contracts.bid < contracts.ask).all()
        for price in (contracts.bid, contracts.ask):
            cents = np.rint(price * 100.0)
            assert (price == cents / 100.0).all()
            if ticker != "SPY":
                assert not (cents[price >= 3.0] % 5.0).any()

    def test_last_is_between_bid_and_ask(self, market: SimulatedMarket, ticker: str) -> None:
        contracts = market.chain(ticker, NOON).contracts
        traded = contracts.take(contracts.volume > 0.0)
        assert (traded.last >= np.maximum(traded.bid, 0.01) - 1e-9).all()
        assert (traded.last <= traded.ask + 1e-9).all()

    def test_put_call_parity_within_the_spread(self, market: SimulatedMarket, ticker: str) -> None:
        chain = market.chain(ticker, NOON)
        contracts = chain.contracts
        calls, puts = contracts.take(contracts.is_call), contracts.take(~contracts.is_call)
        assert (calls.strike == puts.strike).all()
        assert (calls.expiry == puts.expiry).all()
        discounted = chain.spot - calls.strike * np.exp(-RATE * years_of(chain)[contracts.is_call])
        assert (calls.bid - puts.ask <= discounted + 1e-9).all()
        assert (calls.ask - puts.bid >= discounted - 1e-9).all()

    def test_delta_falls_with_strike_from_one_to_zero(self, market: SimulatedMarket, ticker: str) -> None:
        contracts = market.chain(ticker, NOON).contracts
        for expiry in np.unique(contracts.expiry):
            calls = contracts.take((contracts.expiry == expiry) & contracts.is_call)
            assert (np.diff(calls.delta) <= 0.0).all()
            assert calls.delta[0] > 0.8
            assert calls.delta[-1] < 0.2
        puts = contracts.take(~contracts.is_call)
        assert puts.delta == pytest.approx(contracts.take(contracts.is_call).delta - 1.0, abs=1e-9)

    def test_vendor_vol_is_the_one_in_the_quotes(self, market: SimulatedMarket, ticker: str) -> None:
        chain = market.chain(ticker, NOON)
        contracts, years = chain.contracts, years_of(chain)
        sign = np.where(contracts.is_call, 1, -1).astype(np.int8)
        forward = chain.spot * np.exp(RATE * years)
        fair = np.asarray(black76.price(sign, forward, contracts.strike, years, RATE, contracts.iv))
        rounding = 1e-4 * chain.spot * np.sqrt(years)
        assert (contracts.bid - rounding <= fair).all()
        assert (fair <= contracts.ask + rounding).all()

    def test_order_is_expiry_strike_call_before_put(self, market: SimulatedMarket, ticker: str) -> None:
        contracts = market.chain(ticker, NOON).contracts
        order = np.lexsort((~contracts.is_call, contracts.strike, contracts.expiry))
        assert (order == np.arange(len(contracts))).all()


class TestLiquidity:
    def test_wings_have_no_bid(self, market: SimulatedMarket) -> None:
        chain = market.chain("AAPL", NOON)
        worthless = (chain.contracts.ask < 0.04) & (deviations_of(chain) > 3.0)
        assert worthless.any()
        assert not chain.contracts.bid[worthless].any()

    def test_spread_widens_away_from_the_money_and_with_tenor(self, market: SimulatedMarket) -> None:
        chain = market.chain("COST", NOON)
        contracts, deviations, years = chain.contracts, deviations_of(chain), years_of(chain)
        spread = contracts.ask - contracts.bid
        share = spread / (0.5 * (contracts.ask + contracts.bid))
        out = (np.abs(contracts.delta) < 0.5) & (contracts.bid > 0.0)
        near, far = out & (deviations < 0.3), out & (deviations > 1.8)
        assert np.median(share[far]) > 2.0 * np.median(share[near])
        assert np.median(spread[near & (years > 0.5)]) > 1.5 * np.median(spread[near & (years < 0.1)])

    def test_liquid_tickers_trade_tighter(self, market: SimulatedMarket) -> None:
        def spread_at_the_money(ticker: str) -> float:
            chain = market.chain(ticker, NOON)
            contracts = chain.contracts.take((deviations_of(chain) < 0.3) & (years_of(chain) > 0.05))
            return float(np.median((contracts.ask - contracts.bid) / (contracts.ask + contracts.bid) * 2.0))

        assert spread_at_the_money("SPY") < 0.01 < spread_at_the_money("COST") < 0.08

    @pytest.mark.parametrize("column", ["volume", "open_interest"])
    def test_crowds_at_the_money(self, market: SimulatedMarket, column: str) -> None:
        chain = market.chain("NVDA", NOON)
        values, deviations = getattr(chain.contracts, column), deviations_of(chain)
        near, middle, far = (
            np.median(values[(low <= deviations) & (deviations < low + 0.5)]) for low in (0.0, 1.0, 2.0)
        )
        assert near > middle > far
        assert near > 300.0

    def test_volume_grows_over_the_day_and_open_interest_stands(self, market: SimulatedMarket) -> None:
        morning, evening = (market.chain("NVDA", NOON.replace(hour=hour)).contracts for hour in (15, 20))
        assert (morning.volume <= evening.volume).all()
        assert morning.volume.sum() < 0.5 * evening.volume.sum()
        assert (morning.open_interest == evening.open_interest).all()


class TestDirt:
    def changed(self, dirt: float) -> tuple[Chain, Contracts, Contracts]:
        clean, dirty = (SimulatedMarket(dirt=share).chain("SPY", NOON) for share in (0.0, dirt))
        return clean, clean.contracts, dirty.contracts

    def test_share_is_what_was_asked_for(self) -> None:
        _, clean, dirty = self.changed(0.3)
        without_iv, crossed = np.isnan(dirty.iv), dirty.bid > dirty.ask
        without_last = np.isnan(dirty.last) & (clean.volume > 0.0)
        assert without_iv.mean() == pytest.approx(0.1, abs=0.03)
        assert (without_iv == np.isnan(dirty.delta)).all()
        assert crossed.any()
        assert 0.2 < (without_iv | crossed | without_last).mean() < 0.36

    def test_quotes_are_crossed_only_far_from_the_money(self) -> None:
        chain, clean, dirty = self.changed(1.0)
        crossed = dirty.bid > dirty.ask
        assert deviations_of(chain)[crossed].min() > 1.0
        assert (dirty.bid[crossed] == clean.ask[crossed]).all()
        assert (dirty.bid[~crossed] == clean.bid[~crossed]).all()

    def test_a_little_by_default(self) -> None:
        contracts = Contracts.concatenate(
            [SimulatedMarket().chain(ticker, NOON).contracts for ticker in SimulatedMarket().tickers]
        )
        assert 0.0002 < np.isnan(contracts.iv).mean() < 0.002
        assert 0 < (contracts.bid > contracts.ask).sum() < 0.001 * len(contracts)
