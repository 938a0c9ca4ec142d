"""The price watch, without a store, a network or real time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from forward_factor.clock import FixedClock
from forward_factor.core.price_moves import MoveRule, Price
from forward_factor.errors import ProviderRefused, ProviderUnavailable, StoreUnavailable, UnreadableChain
from forward_factor.services.ports.market_data import Ability
from forward_factor.services.watch_prices import (
    ASKS_FOR_STREAM_EVERY,
    READS_SCANS_EVERY,
    REFUSED_FOR,
    TICKERS_A_CALL,
    PriceSource,
    WatchPrices,
)
from tests.fakes.market_data import GivenMarketData

NOON = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
EVENING = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
POLL = timedelta(seconds=30)
WITHOUT_STREAM = frozenset({Ability.PRICES})


@dataclass
class Desk:
    """All that stands around a watch."""

    clock: FixedClock = field(default_factory=lambda: FixedClock(NOON))
    data: GivenMarketData = field(default_factory=GivenMarketData)
    scanned: dict[str, float] = field(default_factory=dict)
    requested: list[list[str]] = field(default_factory=list)
    fault: StoreUnavailable | None = None

    async def of_watched(self) -> Mapping[str, float]:
        return dict(self.scanned)

    async def request(self, tickers: Sequence[str]) -> None:
        if self.fault:
            raise self.fault
        self.requested.append(list(tickers))

    def price(self, dollars: float) -> Price:
        return Price(dollars, self.clock.now())

    def streams(self, **dollars: float) -> None:
        self.data.stream.fresh |= {ticker: self.price(price) for ticker, price in dollars.items()}

    def gives(self, **dollars: float) -> None:
        self.data.given |= {ticker: self.price(price) for ticker, price in dollars.items()}


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def watch(desk: Desk) -> AsyncIterator[WatchPrices]:
    async with WatchPrices(desk, desk.clock, desk.data, desk.request, MoveRule(0.005), POLL) as one:
        yield one


async def test_a_move_on_the_stream_asks_for_a_rescan(desk: Desk, watch: WatchPrices) -> None:
    desk.scanned = {"A": 100.0, "B": 50.0}
    desk.streams(A=100.6, B=50.1)
    assert await watch.look() == ["A"]
    assert desk.requested == [["A"]]
    assert desk.data.stream.watched == {"A", "B"}
    assert desk.data.asked_for_prices == []
    assert watch.source is PriceSource.STREAM


async def test_a_move_while_a_ticker_rests_is_acted_on_afterwards(desk: Desk, watch: WatchPrices) -> None:
    desk.scanned = {"A": 100.0}
    desk.streams(A=101.0)
    await watch.look()
    desk.clock.instant += 10 * SECOND
    desk.streams(A=103.0)
    assert await watch.look() == []
    desk.clock.instant += 50 * SECOND
    assert await watch.look() == ["A"]
    desk.clock.instant += 600 * SECOND
    assert await watch.look() == []


async def test_a_price_from_before_the_last_scan_is_none_of_a_move(desk: Desk, watch: WatchPrices) -> None:
    desk.scanned = {"A": 100.0, "B": 10.0}
    desk.streams(A=100.1, B=10.0)
    await watch.look()
    desk.scanned = {"A": 101.0, "B": 10.0}
    desk.clock.instant += READS_SCANS_EVERY
    assert await watch.look() == []
    desk.streams(A=100.1)
    assert await watch.look() == ["A"]


async def test_nothing_is_looked_at_while_the_market_is_closed(desk: Desk, watch: WatchPrices) -> None:
    desk.scanned = {"A": 100.0}
    desk.clock.instant = EVENING
    assert await watch.look() == ()
    assert (desk.data.opened, desk.data.asked_for_prices, watch.source) == (0, [], PriceSource.NOWHERE)


async def test_the_stream_is_open_as_long_as_the_market(desk: Desk, watch: WatchPrices) -> None:
    desk.scanned = {"A": 100.0}
    await watch.look()
    desk.clock.instant = EVENING
    await watch.look()
    assert (desk.data.opened, desk.data.closed) == (1, 1)
    desk.clock.instant = NOON + timedelta(days=1)
    await watch.look()
    assert (desk.data.opened, desk.data.closed) == (2, 1)


async def test_prices_are_asked_for_while_the_stream_is_not_live(desk: Desk, watch: WatchPrices) -> None:
    desk.scanned, desk.data.stream.is_live = {"A": 100.0}, False
    desk.gives(A=101.0)
    assert await watch.look() == ["A"]
    assert watch.source is PriceSource.POLLING
    desk.clock.instant += 29 * SECOND
    await watch.look()
    assert len(desk.data.asked_for_prices) == 1
    desk.clock.instant += SECOND
    await watch.look()
    assert len(desk.data.asked_for_prices) == 2
    desk.data.stream.is_live = True
    desk.clock.instant += POLL
    await watch.look()
    assert len(desk.data.asked_for_prices) == 2


async def test_a_refused_stream_is_said_and_tried_again_much_later(desk: Desk, watch: WatchPrices) -> None:
    desk.scanned = {"A": 100.0}
    desk.data.stream.refusal = "not on your plan"
    desk.gives(A=101.0)
    assert await watch.look() == ["A"]
    assert (watch.refusal, watch.source) == ("not on your plan", PriceSource.POLLING)
    desk.clock.instant += ASKS_FOR_STREAM_EVERY - SECOND
    await watch.look()
    assert (desk.data.opened, desk.data.closed, watch.refusal) == (1, 1, "not on your plan")
    desk.data.stream.refusal = None
    desk.clock.instant += SECOND
    await watch.look()
    assert (desk.data.opened, watch.refusal, watch.source) == (2, None, PriceSource.STREAM)


async def test_a_provider_without_a_stream_is_asked(desk: Desk, watch: WatchPrices) -> None:
    desk.data.abilities = WITHOUT_STREAM
    desk.scanned = {f"T{number:04d}": 100.0 for number in range(TICKERS_A_CALL + 1)}
    desk.gives(T0000=99.0, T0200=102.0)
    assert await watch.look() == ["T0000", "T0200"]
    assert desk.requested == [["T0000"], ["T0200"]]
    assert [len(call) for call in desk.data.asked_for_prices] == [TICKERS_A_CALL, 1]
    assert desk.data.opened == 0


async def test_a_slow_round_leaves_the_provider_alone_as_long_as_it_took(
    desk: Desk, watch: WatchPrices, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.scanned, desk.data.abilities = {"A": 100.0}, WITHOUT_STREAM

    async def slow(tickers: Sequence[str]) -> Mapping[str, Price]:
        desk.clock.instant += timedelta(seconds=100)
        desk.data.asked_for_prices.append(list(tickers))
        return {}

    monkeypatch.setattr(desk.data, "prices", slow)
    await watch.look()
    desk.clock.instant += timedelta(seconds=99)
    await watch.look()
    assert len(desk.data.asked_for_prices) == 1
    desk.clock.instant += SECOND
    await watch.look()
    assert len(desk.data.asked_for_prices) == 2


async def test_a_provider_that_is_down_is_not_asked_on_and_on(desk: Desk, watch: WatchPrices) -> None:
    desk.data.abilities = WITHOUT_STREAM
    desk.scanned = {f"T{number:04d}": 100.0 for number in range(3 * TICKERS_A_CALL)}
    desk.data.failure = ProviderUnavailable("down")
    assert await watch.look() == []
    assert len(desk.data.asked_for_prices) == 1
    assert isinstance(watch.failure, ProviderUnavailable)
    desk.data.failure = None
    desk.gives(T0000=101.0)
    desk.clock.instant += POLL
    assert await watch.look() == ["T0000"]
    assert watch.failure is None


async def test_a_part_that_cannot_be_read_costs_itself_only(desk: Desk, watch: WatchPrices) -> None:
    desk.data.abilities = WITHOUT_STREAM
    desk.scanned = {f"T{number:04d}": 100.0 for number in range(3 * TICKERS_A_CALL)}
    desk.data.failure = UnreadableChain("html")
    await watch.look()
    assert len(desk.data.asked_for_prices) == 3
    assert isinstance(watch.failure, UnreadableChain)


async def test_a_plan_without_prices_is_asked_for_them_seldom(desk: Desk, watch: WatchPrices) -> None:
    desk.scanned, desk.data.abilities = {"A": 100.0}, WITHOUT_STREAM
    desk.data.failure = ProviderRefused("403")
    await watch.look()
    desk.clock.instant += REFUSED_FOR - SECOND
    await watch.look()
    assert len(desk.data.asked_for_prices) == 1
    desk.clock.instant += SECOND
    await watch.look()
    assert len(desk.data.asked_for_prices) == 2


async def test_what_the_store_could_not_take_is_asked_for_again(desk: Desk, watch: WatchPrices) -> None:
    desk.scanned = {"A": 100.0}
    desk.streams(A=101.0)
    desk.fault = StoreUnavailable("restarting")
    with pytest.raises(StoreUnavailable):
        await watch.look()
    desk.fault = None
    desk.clock.instant += SECOND
    assert await watch.look() == ["A"]


async def test_who_is_watched_is_kept_fresh(desk: Desk, watch: WatchPrices) -> None:
    desk.scanned = {"A": 100.0}
    await watch.look()
    desk.scanned = {"B": 50.0, "not a ticker": 1.0, "lower": 1.0}
    await watch.look()
    assert desk.data.stream.watched == {"A"}
    desk.clock.instant += READS_SCANS_EVERY
    await watch.look()
    assert desk.data.stream.watched == {"B"}


async def test_a_watch_that_rests_forgets(desk: Desk, watch: WatchPrices) -> None:
    desk.scanned = {"A": 100.0}
    desk.streams(A=100.4)
    await watch.look()
    await watch.rest()
    assert (desk.data.closed, watch.source) == (1, PriceSource.NOWHERE)
    desk.scanned = {"A": 99.0}
    desk.clock.instant += READS_SCANS_EVERY
    assert await watch.look() == []
