"""One ticker's recorded chains and term structures, on every store."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, text

from forward_factor.core.quotes import tabulate_quotes
from forward_factor.errors import NotFound
from forward_factor.services.read_chain import read_chain
from forward_factor.storage.store import Store
from forward_factor.storage.tables import OptionChainSnapshot, table_of
from tests.chains import AS_OF, priced_chain
from tests.integration.storage.scanning import dear_chain, scan

HOUR = timedelta(hours=1)
RATE = 0.04


async def test_a_chain_is_shown_as_it_was_recorded(store: Store) -> None:
    chain = dear_chain("DEAR", AS_OF)
    await scan(store, [chain, dear_chain("DEAR", AS_OF - HOUR), dear_chain("CHER", AS_OF - 9 * 24 * HOUR)])
    newest, older = await store.chains.snapshots("DEAR", None, 10)
    assert (newest.as_of, older.as_of, newest.provider, newest.spot) == (AS_OF, AS_OF - HOUR, "files", chain.spot)
    assert newest.contracts == len(chain.contracts)
    assert await store.chains.snapshots("DEAR", AS_OF - timedelta(minutes=1), 10) == [older]
    assert await store.chains.snapshots("DEAR", None, 10, "cboe") == []
    assert await store.chains.snapshots("NONE", None, 10) == []
    read = await store.chains.chain("DEAR", newest)
    stored, sent = (tabulate_quotes([one], 400).contracts for one in (read, chain))
    for name in ("expiry", "strike", "is_call", "bid", "ask", "volume", "open_interest"):
        assert getattr(stored, name).tolist() == getattr(sent, name).tolist()
    (recent,) = await store.chains.recorded(10)
    assert (recent.ticker, recent.last_at, recent.snapshots) == ("DEAR", AS_OF, 2)


async def test_every_contract_of_a_recorded_chain_has_its_vol(store: Store) -> None:
    await scan(store, [dear_chain("DEAR", AS_OF)])
    view = await read_chain(store.chains, "DEAR", AS_OF + HOUR, RATE)
    assert [one.dte for one in view.expiries] == [7, 30, 60, 90]
    at_the_money = min(view.expiries[1].strikes, key=lambda one: abs(one.log_moneyness or 1.0))
    assert at_the_money.outside is not None
    assert at_the_money.outside.iv == pytest.approx(0.45, abs=0.01)
    assert at_the_money.outside is (at_the_money.call if (at_the_money.log_moneyness or 0) >= 0 else at_the_money.put)
    with pytest.raises(NotFound, match="no chain of DEAR is stored at or before"):
        await read_chain(store.chains, "DEAR", AS_OF - HOUR, RATE)
    with pytest.raises(NotFound, match="no chain of NONE"):
        await read_chain(store.chains, "NONE", None, RATE)


async def test_a_scan_without_its_quotes_still_has_a_header(store: Store) -> None:
    await scan(store, [dear_chain("DEAR", AS_OF)])
    await forget(store, "option_quotes")
    view = await read_chain(store.chains, "DEAR", None, RATE)
    assert view.expiries == []
    (header,) = await store.chains.snapshots("DEAR", None, 1)
    await forget(store, "option_chain_snapshots")
    with pytest.raises(NotFound):
        await store.chains.chain("DEAR", header)
    assert await store.chains.recorded(10) == []


async def test_headers_that_the_old_bot_left_are_passed_over(store: Store) -> None:
    await scan(store, [dear_chain("DEAR", AS_OF)])
    table = table_of(OptionChainSnapshot)
    async with store.engine.begin() as connection:
        for ticker, provider in (("DEAR", None), ("OLD", "polygon")):
            moved = {"id": f"moved {ticker}", "as_of_ts": AS_OF + HOUR, "ticker": ticker, "provider": provider}
            await connection.execute(insert(table).values(moved))
    (header,) = await store.chains.snapshots("DEAR", None, 10)
    assert header.as_of == AS_OF
    assert await store.chains.snapshots("OLD", None, 10) == []
    assert [one.ticker for one in await store.chains.recorded(10)] == ["DEAR"]
    with pytest.raises(NotFound):
        await read_chain(store.chains, "OLD", None, RATE)


async def test_term_structures_are_spread_over_a_span(store: Store) -> None:
    moments = [AS_OF - number * HOUR for number in range(12)]
    await scan(store, [priced_chain({30: 0.4, 60: 0.35}, "DEAR", at) for at in moments])
    since, until = moments[-1], AS_OF + HOUR
    few = await store.chains.structures("DEAR", since, until, 4)
    assert [one.as_of for one in few] == [AS_OF - number * HOUR for number in (9, 6, 3, 0)]
    assert [point.dte for point in few[0].expiries] == [30, 60]
    assert [round(point.atm_iv or 0, 3) for point in few[0].expiries] == [0.4, 0.35]
    everything = await store.chains.structures("DEAR", since, AS_OF, 100)
    assert [one.as_of for one in everything] == moments[:0:-1]
    assert await store.chains.structures("NONE", since, until, 4) == []


async def forget(store: Store, table: str) -> None:
    async with store.engine.begin() as connection:
        await connection.execute(text(f"DELETE FROM {table}"))
