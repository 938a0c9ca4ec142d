"""Events in backtests of a store, and where else announcements count: as they were known then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from forward_factor.backtest.rules import BacktestRules, EntryRules, SizeRules
from forward_factor.backtest.trades import ExitReason
from forward_factor.clock import FixedClock
from forward_factor.core.chain import Chain
from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.core.rules import PairRule
from forward_factor.services.import_events import import_events
from forward_factor.services.keep_quotes import KeepQuotes
from forward_factor.services.remove_event import remove_event
from forward_factor.services.run_backtest import Backtested, GivenEvents, StoredEvents, run_backtest
from forward_factor.storage.store import Store
from tests.chains import AS_OF, priced_chain
from tests.integration.storage.scanning import fetch, scan

PAIR = PairRule(30, 60, 5, 10)
RULES = [BacktestRules(EntryRules((PAIR,)), size=SizeRules(capacity=0.0, risk=0.10))]
NEXT_DAY = AS_OF + timedelta(days=1)
ANNOUNCED_ON = "2026-06-24"


def chain_at(instant: datetime, split: float = 1.0) -> Chain:
    """A signal on each of some days; its expiries are those of the first."""
    since = (instant.date() - AS_OF.date()).days
    chain = priced_chain({30 - since: 0.45, 60 - since: 0.35}, "DEAR", instant)
    one = chain.contracts
    split_ones = replace(one, strike=one.strike / split, bid=one.bid / split, ask=one.ask / split)
    return replace(chain, spot=chain.spot / split, contracts=split_ones)


def said(day: str = ANNOUNCED_ON, is_confirmed: bool | None = None) -> EarningsEvent:
    return EarningsEvent("DEAR", date.fromisoformat(day), Timing.UNKNOWN, is_confirmed, "test")


async def learn(store: Store, at: datetime, *events: EarningsEvent) -> None:
    await import_events(store, FixedClock(at), events)


async def backtest(store: Store) -> Backtested:
    return await run_backtest(store.history(), RULES, events=StoredEvents(store))


def opened(done: Backtested) -> Sequence[datetime]:
    return [trade.opening.entry.at for trade in done.books[0].trades]


async def record(store: Store, *instants: datetime) -> None:
    await scan(store, [chain_at(at) for at in instants], keep=KeepQuotes.FULL)


async def test_a_date_learned_later_changes_no_earlier_trade(store: Store) -> None:
    await record(store, AS_OF, NEXT_DAY)
    plain = await backtest(store)
    assert (opened(plain), plain.books[0].signals) == ([AS_OF], 2)
    await learn(store, NEXT_DAY - timedelta(hours=1), said())
    known_later = await backtest(store)
    assert (opened(known_later), known_later.books[0].signals) == ([AS_OF], 1)
    assert known_later.observed.hindsight == 0
    given = await run_backtest(store.history(), RULES, events=GivenEvents([said()]))
    assert (opened(given), given.observed.hindsight) == ([], 1)


async def test_a_date_known_then_refuses_then_whatever_became_of_it(store: Store) -> None:
    await record(store, AS_OF, NEXT_DAY)
    await learn(store, AS_OF - timedelta(days=3), said())
    assert opened(await backtest(store)) == []
    await learn(store, AS_OF + timedelta(hours=2), said("2026-08-05"))
    assert opened(await backtest(store)) == [NEXT_DAY]
    await learn(store, NEXT_DAY + timedelta(days=9), said(is_confirmed=True))
    assert opened(await backtest(store)) == [NEXT_DAY]
    await remove_event(store, FixedClock(NEXT_DAY + timedelta(days=10)), "DEAR", None, date.fromisoformat(ANNOUNCED_ON))
    assert opened(await backtest(store)) == [NEXT_DAY]


async def test_what_was_imported_afterwards_counts_as_in_a_file_and_is_told(store: Store) -> None:
    await record(store, AS_OF, NEXT_DAY)
    await learn(store, datetime(2026, 11, 1, tzinfo=UTC), said())
    done = await backtest(store)
    assert (opened(done), done.observed.hindsight) == ([], 1)


async def test_the_same_word_again_is_no_new_word(store: Store) -> None:
    for days in range(5):
        await learn(store, AS_OF + timedelta(days=days), said(is_confirmed=days > 2))
    assert await fetch(store, "SELECT count(*) FROM earnings_words") == [(2,)]


async def test_gate_and_ex_earnings_factor_take_estimates_as_well(store: Store) -> None:
    await learn(store, AS_OF - timedelta(days=3), said(is_confirmed=False))
    vols = {23: 0.30, 30: 0.45, 60: 0.35}
    await scan(store, [priced_chain(vols, "DEAR", AS_OF)])
    query = "SELECT is_signal, earnings_on, ff_ex_earnings < ff_value FROM candidates WHERE vol_point = 'ATM'"
    ((is_signal, earnings_on, is_less),) = [tuple(row) for row in await fetch(store, f"{query} AND pair = '30/60'")]
    assert (bool(is_signal), str(earnings_on), bool(is_less)) == (False, ANNOUNCED_ON, True)


async def test_a_stored_split_carries_a_position_and_an_unknown_one_ends_it(store: Store) -> None:
    split_at = AS_OF + timedelta(days=8)
    await scan(store, [chain_at(AS_OF), chain_at(split_at, 4.0)], keep=KeepQuotes.FULL)
    (unknown,) = (await backtest(store)).books[0].trades
    assert unknown.closing.reason is ExitReason.SPLIT
    action = CorporateAction("DEAR", ActionKind.SPLIT, split_at.date(), ratio=4.0, source="test")
    await import_events(store, FixedClock(split_at), (), [action])
    (known,) = (await backtest(store)).books[0].trades
    assert (known.closing.reason, known.closing.standing.ratio) == (ExitReason.END_OF_DATA, 4)
