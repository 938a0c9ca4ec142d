"""Alerts: for all users of a scan at once, in the transaction that stores it.

Users' rules are predicates on the batch's candidates (``core.user_rules``); the hits are looked up in the last stored
scans (``core.alerting.stable``), compared with each user's last alert, and written to the outbox. What is asked of the
store is the same number of statements for one user as for ten thousand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from forward_factor.core.account_settings import AccountSettings, QuietHours
from forward_factor.core.alerting import (
    Hits,
    find_hits,
    has_cooled,
    longest_run,
    newest_chains,
    once_an_expiry_pair,
    owners_of,
    stable,
)
from forward_factor.core.arrays import BoolArray, IntArray
from forward_factor.core.messages import AlertFacts, MessageKind
from forward_factor.core.quiet_hours import quiet_until
from forward_factor.core.scan import ScanBatch
from forward_factor.core.user_rules import UserRules, user_rules
from forward_factor.services.alert_facts import alert_facts
from forward_factor.services.ports import Clock, UnitOfWork
from forward_factor.services.ports.alerts import Audience, ExpiryPair, Marks, NewMark
from forward_factor.services.ports.notifications import NewNotification


@dataclass(frozen=True, slots=True, eq=False)
class _Question:
    """Which chains are to be judged by whose rules.

    Attributes:
        chains: those whose tickers the audience is of.
        settings: the audience's distinct ones, then those of its seekers with the threshold of discoveries.
        rules: of ``settings``, in their order.
        which, chain: an entry an evaluation: place in ``settings``, and chain of the batch.
        sought: the place in ``which`` where discoveries begin.

    """

    audience: Audience
    chains: IntArray
    settings: Sequence[AccountSettings]
    rules: UserRules
    which: IntArray
    chain: IntArray
    sought: int


@dataclass(frozen=True, slots=True, eq=False)
class _Alerts:
    """Alerts to be made, an entry each: which hit, and for which user."""

    hit: IntArray
    user: IntArray

    def take(self, rows: BoolArray) -> _Alerts:
        return _Alerts(self.hit[rows], self.user[rows])


class EvaluateAlerts:
    """Follows a scan with the alerts it is worth; see ``ScanFollower``."""

    def __init__(self, clock: Clock, defaults: AccountSettings) -> None:
        self._clock = clock
        self._defaults = defaults

    async def follow(self, work: UnitOfWork, batch: ScanBatch) -> None:
        """Write the alerts of the newest scan of each ticker; those of old scans, and of a repeated one, are none."""
        now = self._clock.now()
        chains = newest_chains(batch.chains, now)
        if not len(chains):
            return
        audience = await work.audience.of_tickers([batch.chains[place].ticker for place in chains], self._defaults)
        question = _ask(batch, audience, chains)
        hits = await self._stable_hits(work, batch, question)
        alerts = _address(question, hits)
        if len(alerts.hit):
            await self._write(work, batch, question, hits, alerts, now)

    async def _stable_hits(self, work: UnitOfWork, batch: ScanBatch, question: _Question) -> Hits:
        """Lock the tickers that hit: from here on no other transaction evaluates them, and all others' are seen."""
        rules = question.rules
        hits = find_hits(batch, rules, question.which, question.chain)
        if not len(hits):
            return hits
        hit_chains = [batch.chains[place] for place in np.unique(hits.chain)]
        await work.alerts.lock_tickers([chain.ticker for chain in hit_chains])
        history = await work.alerts.history(hit_chains, longest_run(hits, rules), batch.rules.pairs)
        return once_an_expiry_pair(batch, stable(batch, hits, rules, history))

    async def _write(
        self, work: UnitOfWork, batch: ScanBatch, question: _Question, hits: Hits, alerts: _Alerts, now: datetime
    ) -> None:
        pairs, pair_of_hit = _expiry_pairs(batch, hits)
        marks = await work.alerts.last_alerts(pairs)
        alerts = alerts.take(_have_cooled(batch, question, hits, alerts, marks, pair_of_hit))
        if not len(alerts.hit):
            return
        used = np.unique(hits.row[alerts.hit]).tolist()
        signal_ids = dict(zip(used, await work.scans.add_signals(batch, used), strict=True))
        facts = _facts_by_hit(batch, question, hits, alerts, signal_ids)
        due = _DueTimes(now)
        new, made = [], []
        for hit, user in zip(alerts.hit.tolist(), alerts.user.tolist(), strict=True):
            told, user_id, settings = facts[hit], question.audience.users[user], question.settings[hits.rules[hit]]
            new.append(_notification(user_id, told, now, due.of(settings)))
            made.append(NewMark(user_id, pairs[pair_of_hit[hit]], told.as_of, float(hits.ff[hit])))
        await work.notifications.add(new)
        await work.alerts.mark(made)


class _DueTimes:
    """When a message may go out, worked out once for all who share quiet hours and a zone."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._known: dict[tuple[QuietHours, str], datetime] = {}

    def of(self, settings: AccountSettings) -> datetime:
        key = (settings.quiet_hours, settings.timezone)
        if key not in self._known:
            self._known[key] = quiet_until(self._now, *key) or self._now
        return self._known[key]


def _ask(batch: ScanBatch, audience: Audience, chains: IntArray) -> _Question:
    """Return what is to be judged: distinct (settings, chain) of watchers, and of seekers on discovered tickers."""
    count = len(audience.settings)
    watched = np.unique(audience.watching_settings * len(chains) + audience.watching_ticker)
    seeking, members = np.unique(audience.seeking_settings), np.flatnonzero(audience.is_discovered)
    settings = [*audience.settings, *(_as_seeker(audience.settings[place]) for place in seeking)]
    sought = np.arange(count, count + len(seeking))
    return _Question(
        audience=audience,
        chains=chains,
        settings=settings,
        rules=user_rules(settings, batch.rules.pairs),
        which=np.concatenate([watched // len(chains), np.repeat(sought, len(members))]),
        chain=chains[np.concatenate([watched % len(chains), np.tile(members, len(seeking))])],
        sought=len(watched),
    )


def _as_seeker(settings: AccountSettings) -> AccountSettings:
    threshold = settings.discovery_ff_threshold
    return settings if threshold is None else replace(settings, ff_threshold=threshold)


def _address(question: _Question, hits: Hits) -> _Alerts:
    """Return who is to be told of which hit; who watches a ticker is not told of it as a discovery."""
    audience, chains = question.audience, question.chains
    users, tickers = max(len(audience.users), 1), len(chains)
    ticker = np.searchsorted(chains, hits.chain)
    watched = hits.asked < question.sought
    at, owner = owners_of(
        np.where(watched, hits.rules * tickers + ticker, -1),
        audience.watching_settings * tickers + audience.watching_ticker,
    )
    distinct = np.unique(audience.seeking_settings)
    seeker = np.searchsorted(distinct, audience.seeking_settings) + len(audience.settings)
    found_at, finder = owners_of(np.where(watched, -1, hits.rules), seeker)
    found_by = audience.seeking_user[finder]
    watching = audience.watching_ticker * users + audience.watching_user
    is_new = ~np.isin(ticker[found_at] * users + found_by, watching)
    return _Alerts(
        hit=np.concatenate([at, found_at[is_new]]),
        user=np.concatenate([audience.watching_user[owner], found_by[is_new]]),
    )


def _expiry_pairs(batch: ScanBatch, hits: Hits) -> tuple[list[ExpiryPair], IntArray]:
    """Return the distinct expiry pairs of ``hits``, and which of them each hit is on."""
    found, expiry = batch.candidates, batch.structures.curves.expiry
    legs = np.stack([hits.chain, found.front[hits.row], found.back[hits.row]], axis=1)
    distinct, of_hit = np.unique(legs, axis=0, return_inverse=True)
    pairs = [
        ExpiryPair(batch.chains[chain].ticker, expiry[front].item(), expiry[back].item())
        for chain, front, back in distinct.tolist()
    ]
    return pairs, of_hit.reshape(-1)


def _have_cooled(
    batch: ScanBatch, question: _Question, hits: Hits, alerts: _Alerts, marks: Marks, pair_of_hit: IntArray
) -> BoolArray:
    users = {user_id: place for place, user_id in enumerate(question.audience.users)}
    known = np.array([users.get(user_id, -1) for user_id in marks.user], dtype=np.int64)
    hit, pair_count = alerts.hit, int(pair_of_hit.max()) + 1
    at, mark = owners_of(
        alerts.user * pair_count + pair_of_hit[hit], np.where(known < 0, -1, known * pair_count + marks.pair)
    )
    last_at, last_ff = np.full(len(hit), np.datetime64("NaT", "us")), np.full(len(hit), np.nan)
    last_at[at], last_ff[at] = marks.at[mark], marks.ff[mark]
    as_of = np.array([chain.as_of.astimezone(UTC).replace(tzinfo=None) for chain in batch.chains], "datetime64[us]")
    cooldown = question.rules.cooldown[hits.rules[hit]]
    return has_cooled(as_of[hits.chain[hit]], hits.ff[hit], cooldown, last_at, last_ff)


def _facts_by_hit(
    batch: ScanBatch, question: _Question, hits: Hits, alerts: _Alerts, signal_ids: dict[int, str]
) -> dict[int, AlertFacts]:
    return {
        hit: alert_facts(
            batch,
            hits,
            hit,
            question.settings[hits.rules[hit]],
            signal_ids[int(hits.row[hit])],
            is_discovery=bool(hits.asked[hit] >= question.sought),
        )
        for hit in np.unique(alerts.hit).tolist()
    }


def _notification(user_id: str, facts: AlertFacts, now: datetime, due_at: datetime) -> NewNotification:
    key = f"alert|{user_id}|{facts.signal_id}"
    return NewNotification(user_id, MessageKind.ALERT, key, now, due_at, facts, facts.ticker, facts.signal_id)
