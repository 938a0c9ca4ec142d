"""A person's board of signals on every store: orders, filters, pages, own decisions alone, and marks of change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from forward_factor.core.decisions import Decision
from forward_factor.services.add_to_watchlist import add_to_watchlist
from forward_factor.services.board_views import BoardPage
from forward_factor.services.close_decision import close_decision
from forward_factor.services.ports.board import BoardQuery, SignalSort
from forward_factor.services.ports.records import SignalFilter
from forward_factor.services.read_board import read_board, read_whole_board
from forward_factor.services.record_decision import record_decision
from forward_factor.storage.store import Store
from forward_factor.storage.tables import Signal, table_of
from tests.chains import AS_OF, priced_chain
from tests.integration.storage.accounts import CLOCK, register
from tests.integration.storage.scanning import dear_chain, scan

HOUR = timedelta(hours=1)


async def seed(store: Store) -> None:
    """Store six signals of DEAR and of CHER at each of two instants, and one of the old bot's."""
    await scan(store, [dear_chain(ticker, at) for at in (AS_OF, AS_OF - HOUR) for ticker in ("DEAR", "CHER")])
    old = {"id": "moved", "as_of_ts": AS_OF - 5 * HOUR, "ticker": "OLD"}
    async with store.engine.begin() as connection:
        await connection.execute(insert(table_of(Signal)).values(old))


async def ids(store: Store, user: str, **wanted: Any) -> set[str]:
    page = await read_board(store.board, user, BoardQuery(wanted=SignalFilter(**wanted), limit=500))
    assert page.count == len(page.rows)
    return {one.signal.id for one in page.rows}


async def test_a_page_holds_what_its_candidates_told_and_counts_all(store: Store) -> None:
    await seed(store)
    first = await read_board(store.board, "nobody", BoardQuery(limit=20))
    rest = await read_board(store.board, "nobody", BoardQuery(limit=20, offset=20))
    assert (len(first.rows), len(rest.rows), first.count, rest.count) == (20, 5, 25, 25)
    assert len({one.signal.id for one in (*first.rows, *rest.rows)}) == 25
    assert all(one.bid_ask_pct == pytest.approx(0.02) and one.volume and one.open_interest for one in first.rows)
    moved = rest.rows[-1]
    assert (moved.signal.ticker, moved.bid_ask_pct, moved.earnings_on, moved.own, moved.flags) == (
        "OLD", None, None, None, (),
    )  # fmt: skip
    beyond = await read_board(store.board, "nobody", BoardQuery(limit=20, offset=500))
    assert (beyond.offset, beyond.rows) == (0, first.rows)
    empty = await read_board(store.board, "nobody", BoardQuery(wanted=SignalFilter(ticker="NONE")))
    assert empty == BoardPage([], 0, 0)


@pytest.mark.parametrize("sort", list(SignalSort))
@pytest.mark.parametrize("descending", [True, False])
async def test_orders(store: Store, sort: SignalSort, descending: bool) -> None:
    await seed(store)
    query = BoardQuery(sort=sort, descending=descending, limit=7)
    rows = [
        row for offset in range(0, 28, 7) for row in (await store.board.page("x", replace(query, offset=offset))).rows
    ]
    name = {SignalSort.FOUND: "as_of", SignalSort.QUALITY: "quality_score"}.get(sort, sort.value)
    values = [getattr(row.signal, name) for row in rows]
    known = [value for value in values if value is not None]
    assert len({row.signal.id for row in rows}) == 25
    assert values[: len(known)] == sorted(known, reverse=descending)
    assert len(known) == (25 if sort in {SignalSort.FOUND, SignalSort.TICKER} else 24)


async def test_filters_of_a_persons_own(store: Store) -> None:
    await seed(store)
    ann, bob = [(await register(store, f"{name}@x.de")).id for name in ("ann", "bob")]
    everything = await ids(store, ann)
    await add_to_watchlist(store, CLOCK, ann, ["CHER"])
    assert await ids(store, ann, watched_by=ann) == await ids(store, ann, ticker="CHER")
    assert await ids(store, ann, ticker_start="DE") == await ids(store, ann, ticker="DEAR")
    assert await ids(store, ann, ticker_start="%") == set()
    one = next(iter(await ids(store, ann, ticker="DEAR")))
    await record_decision(store, CLOCK, ann, one, Decision.PLACED)
    assert await ids(store, ann, decided_by=ann) == {one}
    assert await ids(store, ann, undecided_by=ann) == everything - {one}
    assert await ids(store, bob, decided_by=bob) == set()
    assert await ids(store, bob, undecided_by=bob) == everything


async def test_what_a_later_scan_replaced_or_refused_is_not_current(store: Store) -> None:
    await seed(store)
    await scan(store, [dear_chain("DEAR", AS_OF - 2 * HOUR)])
    shown = await read_board(store.board, "x", BoardQuery(wanted=SignalFilter(is_current=True), limit=500))
    assert {(one.signal.ticker, one.signal.as_of) for one in shown.rows if one.signal.ticker != "OLD"} == {
        ("DEAR", AS_OF), ("CHER", AS_OF),
    }  # fmt: skip
    await scan(store, [priced_chain({30: 0.3, 60: 0.3, 90: 0.3}, "DEAR", AS_OF + HOUR)])
    assert await ids(store, "x", is_current=True, ticker="DEAR") == set()
    assert len(await ids(store, "x", is_current=True, ticker="CHER")) == 6


async def test_a_board_shows_its_own_persons_decisions_alone(store: Store) -> None:
    await seed(store)
    ann, bob = [(await register(store, f"{name}@x.de")).id for name in ("ann", "bob")]
    signal = (await store.board.page(ann, BoardQuery(limit=1))).rows[0].signal
    done = await record_decision(store, CLOCK, ann, signal.id, Decision.PLACED)
    (own,) = [row.own for row in (await store.board.page(ann, BoardQuery(limit=100))).rows if row.own]
    assert (own.decision, own.is_open, own.pnl) == (Decision.PLACED, True, None)
    assert not any(row.own for row in (await store.board.page(bob, BoardQuery(limit=100))).rows)
    await close_decision(store, CLOCK, ann, done.decision.id, 3.0)
    (own,) = [row.own for row in (await store.board.page(ann, BoardQuery(limit=100))).rows if row.own]
    assert (own.decision, own.is_open) == (Decision.PLACED, False)


async def test_all_of_a_board_in_parts(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await seed(store)
    monkeypatch.setattr("forward_factor.services.read_board.ROWS_A_READ", 7)
    whole = [row async for rows in read_whole_board(store.board, "x", SignalFilter(), 1000) for row in rows]
    assert whole == list((await store.board.page("x", BoardQuery(limit=100))).rows)
    some = [row async for rows in read_whole_board(store.board, "x", SignalFilter(), 9) for row in rows]
    assert some == whole[:9]


async def test_marks_change_with_signals_and_decisions(store: Store) -> None:
    since = AS_OF - 24 * HOUR
    empty = await store.board.mark(since)
    await seed(store)
    before = await store.board.mark(since)
    assert empty != before == await store.board.mark(since)
    await scan(store, [dear_chain("LATE", AS_OF - 2 * HOUR)])  # older than the newest
    assert await store.board.mark(since) != before
    ann, bob = [(await register(store, f"{name}@x.de")).id for name in ("ann", "bob")]
    marks = await store.board.decision_marks([ann, bob])
    done = await record_decision(store, CLOCK, ann, "moved", Decision.PLACED)
    placed = await store.board.decision_marks([ann, bob])
    assert (placed[ann] != marks[ann], placed[bob] == marks[bob]) == (True, True)
    await close_decision(store, CLOCK, ann, done.decision.id, 3.0)
    assert (await store.board.decision_marks([ann]))[ann] != placed[ann]
