"""A store with a past: what a person would find after two months of simulated market, so that no page is empty."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np

from forward_factor.backtest.request import BacktestRequest
from forward_factor.bootstrap import Application
from forward_factor.clock import FixedClock
from forward_factor.core.accounts import Role
from forward_factor.core.bars import Timeframe
from forward_factor.core.chain import Chain
from forward_factor.core.decisions import Decision, Entry
from forward_factor.core.market_hours import Session, session_before, session_by, trading_days_between
from forward_factor.core.ticket import Calendar, Quote, Right, Ticket
from forward_factor.providers.simulated import SimulatedChains, SimulatedMarket
from forward_factor.services.add_to_watchlist import add_to_watchlist
from forward_factor.services.change_settings import change_settings
from forward_factor.services.close_decision import close_decision
from forward_factor.services.fetch_bars import Wanted, fetch_bars, plan_spans
from forward_factor.services.import_events import import_events
from forward_factor.services.ports import Recorded
from forward_factor.services.record_decision import record_decision
from forward_factor.services.register_user import register_user
from forward_factor.services.views import SignalView
from forward_factor.services.write_ticket import write_ticket
from forward_factor.storage.store import Store

USUAL = ("AAPL", "NVDA", "TSLA", "AMD", "SPY", "KO")
BEST = 5
PAST = timedelta(days=63)
BEFORE_CLOSE = timedelta(minutes=30)
DECIDED_AFTER = timedelta(minutes=12)
TRADES = 16
TESTED = 4
"""Tickers of the backtest: it takes a second."""
HELD = timedelta(days=14)
SETTINGS = {
    "discovery_mode": True,
    "bankroll": 25_000.0,
    "win_rate": 0.58,
    "win_loss_ratio": 1.3,
    "quiet_hours": {"enabled": True, "start": "20:00", "end": "08:00"},
}
_WHY_NOT = ("Too close to the product event.", "Spread too wide for my taste.", None)
_WHY = ("Half size, front looks rich after the week's headlines.", None, "Third calendar on this one.", None)


@dataclass(frozen=True, slots=True)
class DemoUser:
    """Whom to log in as."""

    id: str
    email: str
    password: str
    watches: tuple[str, ...]


class DemoStore:
    """Fills an empty store, by the use cases a person and the services would go through."""

    def __init__(self, application: Application, store: Store, market: SimulatedMarket) -> None:
        self._application = application
        self._store = store
        self._market = market

    async def live(self, looks: Sequence[datetime], email: str, password: str) -> DemoUser:
        """Give the store all there is to see at the last of ``looks``; return whose it is."""
        await self.announce_earnings(looks[-1])
        for instant in looks:
            await self.scan(instant)
        user = await self.join(email, password, looks[-1])
        await self.live_through(user, looks[-1])
        await self.look_back(user, looks[-1])
        return user

    async def announce_earnings(self, now: datetime) -> None:
        """Store the dates of announcements, those of the past two months too."""
        first, last = (now - PAST).date(), now.date() + timedelta(days=200)
        events = [event for ticker in self._market.tickers for event in self._market.earnings(ticker, first, last)]
        await import_events(self._store, FixedClock(now - PAST), events)

    async def scan(self, instant: datetime, tickers: Sequence[str] = ()) -> Recorded:
        """Scan the market, or some tickers, as of an instant."""
        provider = SimulatedChains(self._market, FixedClock(instant))
        recorded = Recorded()
        async for step in self._application.scanner(provider, self._store).run(tickers):
            recorded += step.recorded
        return recorded

    async def _worth_watching(self, since: datetime) -> list[str]:
        """Return the tickers with the best signals, so that there is something to see, and some usual ones."""
        found = await self._store.findings.signals(since=since, limit=1000)
        best = [one.ticker for one in sorted(found, key=lambda one: -(one.ff or 0.0))]
        return list(dict.fromkeys([*list(dict.fromkeys(best))[:BEST], *USUAL]))

    async def join(self, email: str, password: str, now: datetime) -> DemoUser:
        """Make an administrator's account, two months old, with a watchlist and settings of its own."""
        one, clock, tickers = self._application, FixedClock(now - PAST), await self._worth_watching(now)
        new = await register_user(self._store, one.passwords, clock, one.account_settings, email, password, Role.ADMIN)
        await change_settings(self._store, new.id, SETTINGS, one.account_settings)
        await add_to_watchlist(self._store, clock, new.id, tickers)
        return DemoUser(new.id, email, password, tuple(tickers))

    async def live_through(self, user: DemoUser, now: datetime) -> None:
        """Scan the watched tickers once a day up to yesterday; decide on some signals, and close what has run out."""
        for session in past_sessions(now):
            await self.scan(session.closes_at - BEFORE_CLOSE, user.watches)
        signals = _worth_deciding(await self._store.findings.signals(limit=5000))
        for number, signal in enumerate(signals[:TRADES]):
            if number % 3 == 1:
                notes = _WHY_NOT[number // 3 % len(_WHY_NOT)]
                await self._decide(user, signal, Decision.IGNORED, Entry(notes=notes))
            else:
                await self._trade(user, signal, _WHY[number % len(_WHY)], now)

    async def look_back(self, user: DemoUser, now: datetime) -> None:
        """Fetch a year of daily bars and ten days of hours of what is watched, and run a backtest over it."""
        clock, today = FixedClock(now), now.date()
        async with self._application.market_data() as data:
            for timeframe, days in ((Timeframe.DAY, 365), (Timeframe.HOUR, 14)):
                wanted = Wanted(user.watches, timeframe, today - timedelta(days=days), today)
                spans = await plan_spans(self._store, clock, wanted)
                async for _ in fetch_bars(self._store, data, wanted, spans):
                    pass
        runs = self._application.backtests()
        try:
            await runs.request(self._store, user.id, BacktestRequest(tickers=user.watches[:TESTED]))
            await runs.finished()
        finally:
            await runs.close()

    async def _trade(self, user: DemoUser, signal: SignalView, notes: str | None, now: datetime) -> None:
        written = await write_ticket(self._store, self._store.findings, signal.id, user.id)
        if not isinstance(written.trade, Ticket):
            return
        price, contracts = round(written.trade.debit.at_mid, 2), max(1, written.trade.contracts or 1)
        placed = await self._decide(user, signal, Decision.PLACED, Entry(price, contracts, written.structure, notes))
        sold_at = min(signal.as_of + HELD, _last_day(written.trade.calendars[0].front_expiry))
        value = self._value(signal.ticker, written.trade.calendars, sold_at) if sold_at < now else None
        if value is not None:
            await close_decision(self._store, FixedClock(sold_at), user.id, placed, value)

    async def _decide(self, user: DemoUser, signal: SignalView, decision: Decision, entry: Entry) -> str:
        clock = FixedClock(signal.as_of + DECIDED_AFTER)
        return (await record_decision(self._store, clock, user.id, signal.id, decision, entry)).decision.id

    def _value(self, ticker: str, calendars: Iterable[Calendar], at: datetime) -> float | None:
        """Return what the spreads are worth at mid, dollars a share; None where a leg has no quote."""
        chain, total = self._market.chain(ticker, at), 0.0
        for one in calendars:
            front, back = (_quote(chain, on, one.strike, one.right) for on in (one.front_expiry, one.back_expiry))
            if front is None or back is None:
                return None
            total += max(back.mid - front.mid, 0.0)
        return round(total, 2)


def past_sessions(now: datetime) -> list[Session]:
    """Return the sessions of the two months before today's, the oldest first."""
    yesterday = session_before(now.date()).day
    return [session_by(day) for day in trading_days_between(yesterday - PAST, yesterday)]


def _last_day(front_expiry: date) -> datetime:
    """Return when a calendar is sold: late on the last day before its front expires."""
    return session_before(front_expiry).closes_at - BEFORE_CLOSE


def _worth_deciding(signals: Sequence[SignalView]) -> list[SignalView]:
    """Return signals at the money, one an expiry pair and day, taken from all of the past in turn."""
    seen: set[tuple[object, ...]] = set()
    found: list[SignalView] = []
    for one in sorted(signals, key=lambda one: (one.as_of, one.ticker)):
        keys = {(one.ticker, one.front_expiry), (one.as_of.date(),)}
        if one.pair == "30/60" and not keys & seen:
            seen |= keys
            found.append(one)
    step = max(1, len(found) // TRADES)
    return found[::step]


def _quote(chain: Chain, expiry: date, strike: float, right: Right) -> Quote | None:
    rows = chain.contracts
    found = np.flatnonzero(
        (rows.expiry == np.datetime64(expiry, "D")) & (rows.strike == strike) & (rows.is_call == (right is Right.CALL))
    )
    if not len(found):
        return None
    quote = Quote(float(rows.bid[found[0]]), float(rows.ask[found[0]]))
    return quote if quote.ask > 0.0 else None
