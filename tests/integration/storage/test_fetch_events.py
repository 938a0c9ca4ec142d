"""Events fetched on every store: what fails costs itself, what was done is not done again, daily at a bounded cost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from forward_factor.clock import FixedClock
from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.core.decisions import Entry
from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.errors import NotOffered, ProviderRefused, ProviderUnavailable, UnreadableChain
from forward_factor.services.add_to_watchlist import add_to_watchlist
from forward_factor.services.adjust_decisions import AdjustedDecisions
from forward_factor.services.fetch_events import FetchStep, WantedEvents, fetch_events
from forward_factor.services.list_events import list_events
from forward_factor.services.ports.events import WATCHED, EventKind
from forward_factor.services.refresh_events import due_kinds, refresh_events
from forward_factor.storage.store import Store
from tests.fakes.events_provider import GivenEvents
from tests.integration.storage.deciding import find_signal, place, sign_up
from tests.integration.storage.scanning import fetch

NOW = datetime(2026, 6, 9, 18, tzinfo=UTC)
CLOCK = FixedClock(NOW)
EARNINGS, DIVIDENDS, SPLITS = EventKind
START, END = date(2026, 1, 1), date(2026, 12, 31)


def earnings(ticker: str, day: str, is_confirmed: bool | None = None, timing: Timing = Timing.UNKNOWN) -> EarningsEvent:
    return EarningsEvent(ticker, date.fromisoformat(day), timing, is_confirmed, "given")


def dividend(ticker: str, day: str) -> CorporateAction:
    return CorporateAction(ticker, ActionKind.DIVIDEND, date.fromisoformat(day), 0.5, source="given")


def split(ticker: str, day: str, ratio: float = 7) -> CorporateAction:
    return CorporateAction(ticker, ActionKind.SPLIT, date.fromisoformat(day), ratio=ratio, source="given")


async def run(store: Store, provider: GivenEvents, *tickers: str, clock: FixedClock = CLOCK) -> Sequence[FetchStep]:
    wanted = WantedEvents(tickers, tuple(EventKind), START, END)
    return [step async for step in fetch_events(store, clock, provider, wanted)]


async def test_a_ticker_that_fails_costs_itself_and_is_asked_for_again(store: Store) -> None:
    names = [f"T{number:02}" for number in range(40)]
    bad = {"T03": UnreadableChain("no list"), "T35": ProviderUnavailable("away")}
    provider = GivenEvents([dividend(name, "2026-06-20") for name in names], dict(bad))
    steps = await run(store, provider, *names)
    assert [round(step.done, 2) for step in steps] == [0.33, 0.67, 1.0]
    assert sum(step.stored.actions for step in steps) == 38
    failed = [(failure.ticker, failure.error) for step in steps for failure in step.failures]
    assert failed == [("T03", bad["T03"])] * 3 + [("T35", bad["T35"])] * 3
    rows = await fetch(store, "SELECT DISTINCT ticker, failure FROM event_fetches WHERE failure IS NOT NULL ORDER BY 1")
    assert rows == [("T03", "unreadable_chain: no list"), ("T35", "provider_unavailable: away")]
    provider.asked.clear()
    provider.failures.clear()
    again = await run(store, provider, *names)
    assert {ticker for _, ticker in provider.asked} == {"T03", "T35"}
    assert sum(step.skipped for step in again) == 3 * 38
    assert len((await list_events(store, "T35")).actions) == 1
    provider.asked.clear()
    await run(store, provider, *names, clock=FixedClock(NOW + timedelta(days=1)))
    assert len(provider.asked) == 120


async def test_a_kind_that_is_refused_is_told_once_and_the_others_go_on(store: Store) -> None:
    names = [f"T{number:02}" for number in range(40)]
    refused = ProviderRefused("given: HTTP 403")
    provider = GivenEvents([dividend("T20", "2026-06-20")], {"earnings": refused}, frozenset({EARNINGS, DIVIDENDS}))
    steps = await run(store, provider, *names)
    failures = [failure for step in steps for failure in step.failures]
    assert [(one.kind, one.ticker, type(one.error)) for one in failures] == [
        (SPLITS, None, NotOffered),
        (EARNINGS, None, ProviderRefused),
    ]
    assert sum(kind is EARNINGS for kind, _ in provider.asked) == 16
    assert sum(step.stored.actions for step in steps) == 1


async def test_a_provider_out_of_reach_is_not_asked_a_thousand_times(store: Store) -> None:
    provider = GivenEvents(failures={kind.value: ProviderUnavailable("away") for kind in EventKind})
    steps = await run(store, provider, *(f"T{number:04}" for number in range(1000)))
    assert len(provider.asked) == 3 * 16
    assert [failure.ticker for step in steps for failure in step.failures] == [None] * 3


async def test_a_calendar_makes_nothing_less_sure(store: Store) -> None:
    known = [earnings("AAA", "2026-07-22", True, Timing.AFTER_CLOSE), earnings("BBB", "2026-07-22", False)]
    await run(store, GivenEvents(list(known)), "AAA", "BBB")
    guesses = [earnings("AAA", "2026-07-22", False), earnings("BBB", "2026-07-29", False)]
    later = FixedClock(NOW + timedelta(days=1))
    await run(store, GivenEvents(guesses), "AAA", "BBB", clock=later)
    assert (await list_events(store, "AAA")).earnings == (known[0],)
    assert (await list_events(store, "BBB")).earnings == (guesses[1],)
    near = [earnings("AAA", "2026-07-30", False), earnings("AAA", "2026-10-21", False)]
    await run(store, GivenEvents(near), "AAA", clock=FixedClock(NOW + timedelta(days=2)))
    assert (await list_events(store, "AAA")).earnings == (known[0], near[1])
    moved = earnings("AAA", "2026-07-24", True)
    await run(store, GivenEvents([moved]), "AAA", clock=FixedClock(NOW + timedelta(days=3)))
    assert (await list_events(store, "AAA")).earnings == (moved, near[1])


async def test_what_is_watched_or_held_is_refreshed_once_a_day_by_a_request_a_kind(store: Store) -> None:
    ann = await sign_up(store)
    signal = await find_signal(store)
    made = await place(store, ann, signal.id, Entry(4.9, 10))
    await add_to_watchlist(store, CLOCK, ann, ["AAA"])
    given: list[EarningsEvent | CorporateAction] = [
        split("DEAR", "2026-06-09"),
        dividend("AAA", "2026-06-20"),
        earnings("AAA", "2026-07-22"),
    ]
    provider = GivenEvents([*given, dividend("NOBODY", "2026-06-20")])
    assert await due_kinds(store, CLOCK, provider) == list(EventKind)
    done = [await refresh_events(store, CLOCK, provider, kind) for kind in EventKind]
    assert provider.asked == [(kind, "AAA DEAR") for kind in EventKind]
    assert [(one.stored.announcements, one.stored.actions) for one in done] == [(1, 0), (0, 1), (0, 1)]
    assert done[2].stored.decisions == AdjustedDecisions(adjusted=1)
    assert await fetch(store, f"SELECT contracts FROM signal_user_decisions WHERE id = '{made.decision.id}'") == [(70,)]
    assert (await list_events(store, "NOBODY")).actions == ()
    assert await due_kinds(store, CLOCK, provider) == []
    assert await due_kinds(store, FixedClock(NOW + timedelta(days=1)), provider) == list(EventKind)
    rows = await fetch(store, "SELECT kind, ticker, events FROM event_fetches ORDER BY kind")
    assert rows == [("dividends", WATCHED, 1), ("earnings", WATCHED, 1), ("splits", WATCHED, 1)]


@pytest.mark.parametrize(
    ("failure", "again_after"),
    [(ProviderUnavailable("away"), timedelta(hours=1)), (ProviderRefused("no plan"), timedelta(hours=10))],
)
async def test_a_failed_refresh_is_tried_again_now_and_then(
    store: Store, failure: ProviderUnavailable | ProviderRefused, again_after: timedelta
) -> None:
    ann = await sign_up(store)
    await add_to_watchlist(store, CLOCK, ann, ["AAA"])
    provider = GivenEvents(failures={"AAA": failure}, abilities=frozenset({DIVIDENDS}))
    done = await refresh_events(store, CLOCK, provider, DIVIDENDS)
    assert done.failure is failure
    assert await due_kinds(store, FixedClock(NOW + again_after - timedelta(seconds=1)), provider) == []
    assert await due_kinds(store, FixedClock(NOW + again_after), provider) == [DIVIDENDS]
