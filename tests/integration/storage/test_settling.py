"""What becomes of slots: begun, released, done with the scan that served them, failed, given up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from forward_factor.core.slots import Cause, SlotReason
from forward_factor.core.tiers import Tier
from forward_factor.services.ports.slots import NewSlot, OpenTicker
from forward_factor.storage.store import Store
from forward_factor.storage.tables import MasterTicker, table_of
from tests.integration.storage.scheduling import list_as_liquid, slots, watch

OPEN = datetime(2026, 6, 1, 13, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def add(store: Store, *slots_: tuple[str, int], tier: Tier = Tier.HIGH) -> None:
    async with store.unit_of_work() as work:
        await work.slots.add([NewSlot(name, OPEN + at * MINUTE, Cause.CADENCE, tier) for name, at in slots_])
        await work.commit()


async def open_among(store: Store, *tickers: str, until: datetime = OPEN + 30 * MINUTE) -> Sequence[OpenTicker]:
    async with store.reading() as work:
        return await work.slots.open_among(tickers, until)


async def begin(store: Store, *tickers: str, until: datetime = OPEN + 30 * MINUTE) -> None:
    async with store.unit_of_work() as work:
        await work.slots.begin(tickers, until)
        await work.commit()


async def settle(store: Store, spots: Mapping[str, float], until: datetime) -> None:
    async with store.unit_of_work() as work:
        await work.slots.settle(spots, until, until + MINUTE)
        await work.commit()


async def fail(store: Store, reasons: Mapping[str, str], until: datetime = OPEN + 30 * MINUTE) -> None:
    async with store.unit_of_work() as work:
        await work.slots.fail(reasons, until, until)
        await work.commit()


async def release(store: Store, reasons: Mapping[str, str], *, uncounted: bool = False) -> None:
    async with store.unit_of_work() as work:
        await work.slots.release(reasons, OPEN + 30 * MINUTE, uncounted=uncounted)
        await work.commit()


async def test_one_scan_settles_all_slots_due_before_it(store: Store) -> None:
    await watch(store, {"AAPL": Tier.HIGH, "MSFT": Tier.HIGH})
    await add(store, ("AAPL", 0), ("AAPL", 3), ("AAPL", 6), ("AAPL", 9), ("MSFT", 0))
    await settle(store, {"AAPL": 101.5}, OPEN + 7 * MINUTE)
    assert [(one.ticker, one.state, one.reason) for one in await slots(store)] == [
        ("AAPL", "done", SlotReason.SUPERSEDED),
        ("AAPL", "done", SlotReason.SUPERSEDED),
        ("AAPL", "done", None),
        ("AAPL", "open", None),
        ("MSFT", "open", None),
    ]


async def test_a_scan_is_noted_at_its_ticker_however_it_is_spelled(store: Store) -> None:
    await watch(store, {"aapl": Tier.HIGH, "AAPL": Tier.HIGH, "MSFT": Tier.HIGH})
    await list_as_liquid(store, "IWM")
    await settle(store, {"AAPL": 101.5, "IWM": 200.0}, OPEN)
    await settle(store, {"AAPL": 99.0}, OPEN - MINUTE)  # an earlier scan that ends later
    table = table_of(MasterTicker)
    async with store.engine.connect() as connection:
        rows = (await connection.execute(select(table).order_by(table.c.ticker))).all()
    assert [(row.ticker, row.last_scan_at, row.last_scan_price) for row in sorted(rows)] == [
        ("AAPL", OPEN, 101.5),
        ("MSFT", None, None),
        ("aapl", OPEN, 101.5),
    ]


async def test_a_start_without_a_word_is_suspect(store: Store) -> None:
    await add(store, ("AAPL", 0), ("AAPL", 3), ("LATER", 60))
    (fresh,) = await open_among(store, "AAPL", "MSFT", "LATER")
    assert fresh == OpenTicker("AAPL", Tier.HIGH, OPEN + 3 * MINUTE, 0, is_suspect=False, gave_up_before=False)
    await begin(store, "AAPL", "LATER")
    (begun,) = await open_among(store, "AAPL", "LATER")
    assert (begun.starts, begun.is_suspect) == (1, True)
    await release(store, {"AAPL": "provider_unavailable"})
    (released,) = await open_among(store, "AAPL")
    assert (released.starts, released.is_suspect) == (1, False)
    await begin(store, "AAPL")
    await release(store, {"AAPL": SlotReason.STOPPED}, uncounted=True)
    (stopped,) = await open_among(store, "AAPL")
    assert (stopped.starts, stopped.is_suspect) == (1, False)


async def test_a_slot_that_is_not_open_is_left_alone(store: Store) -> None:
    await add(store, ("AAPL", 0))
    await settle(store, {"AAPL": 1.0}, OPEN)
    before = await slots(store)
    await begin(store, "AAPL")
    await release(store, {"AAPL": "x"})
    await fail(store, {"AAPL": "x"})
    await settle(store, {"AAPL": 1.0}, OPEN + MINUTE)
    assert await slots(store) == before
    assert await open_among(store, "AAPL") == []


async def test_failures_keep_their_reasons(store: Store) -> None:
    await add(store, ("AAPL", 0), ("AAPL", 3), ("BAD", 0), ("WORSE", 0))
    await fail(store, {"BAD": "unknown_ticker", "WORSE": "unreadable_chain", "AAPL": "unknown_ticker"}, OPEN)
    assert [(one.ticker, one.state, one.reason) for one in await slots(store)] == [
        ("AAPL", "failed", "unknown_ticker"),
        ("AAPL", "open", None),
        ("BAD", "failed", "unknown_ticker"),
        ("WORSE", "failed", "unreadable_chain"),
    ]


async def test_a_ticker_given_up_stays_known_as_that_until_a_scan_of_it_goes_well(store: Store) -> None:
    await add(store, ("KILLER", 0), ("AAPL", 0))
    await fail(store, {"KILLER": SlotReason.GAVE_UP, "AAPL": "unreadable_chain"}, OPEN)
    await add(store, ("KILLER", 3), ("AAPL", 3))
    found = {one.ticker: one.gave_up_before for one in await open_among(store, "KILLER", "AAPL")}
    assert found == {"KILLER": True, "AAPL": False}
    await settle(store, {"KILLER": 1.0}, OPEN + 3 * MINUTE)
    await add(store, ("KILLER", 6))
    (healed,) = await open_among(store, "KILLER")
    assert not healed.gave_up_before
