"""The simulated market behind the provider port."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from forward_factor.clock import FixedClock
from forward_factor.core.chain import Chain
from forward_factor.errors import InvalidTicker
from forward_factor.providers.simulated import SimulatedChains, SimulatedMarket
from forward_factor.services.ports import ChainFailure, ChainProvider

NOON = datetime(2026, 11, 18, 17, 0, tzinfo=UTC)


def fetch(tickers: Sequence[str], size: int = 5) -> list[Chain | ChainFailure]:
    provider: ChainProvider = SimulatedChains(SimulatedMarket(size=size, depth="light"), FixedClock(NOON))

    async def collect() -> list[Chain | ChainFailure]:
        return [answer async for answer in provider.fetch_chains(tickers)]

    return asyncio.run(collect())


def test_name() -> None:
    assert SimulatedChains(SimulatedMarket(), FixedClock(NOON)).name == "simulated"


def test_no_tickers_means_all() -> None:
    answers = fetch([])
    assert [answer.ticker for answer in answers if isinstance(answer, Chain)] == list(SimulatedMarket(size=5).tickers)


def test_chains_come_in_the_order_asked_for_and_of_one_instant() -> None:
    answers = fetch(["msft", "NEWCO", "SPY"])
    chains = [answer for answer in answers if isinstance(answer, Chain)]
    assert [chain.ticker for chain in chains] == ["MSFT", "NEWCO", "SPY"]
    assert {(chain.as_of, chain.provider) for chain in chains} == {(NOON, "simulated")}


def test_a_bad_ticker_does_not_end_the_others() -> None:
    first, bad, last = fetch(["SPY", "not a ticker", "QQQ"])
    assert isinstance(first, Chain)
    assert isinstance(last, Chain)
    assert isinstance(bad, ChainFailure)
    assert bad.source == "not a ticker"
    assert isinstance(bad.error, InvalidTicker)


def test_time_passes_between_fetches() -> None:
    clock = FixedClock(NOON)
    provider = SimulatedChains(SimulatedMarket(), clock)

    async def spot() -> float:
        async for answer in provider.fetch_chains(["SPY"]):
            assert isinstance(answer, Chain)
            return answer.spot
        raise AssertionError

    before = asyncio.run(spot())
    clock.instant = NOON.replace(hour=19)
    assert asyncio.run(spot()) != before
