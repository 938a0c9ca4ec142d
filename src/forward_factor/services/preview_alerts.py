"""How often rules would have told their user of something, had they been in force while the last scans were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.alert_preview import RecordedScans, WouldBeAlerts, loosest_limits, would_be_alerts
from forward_factor.core.chain import new_york_date
from forward_factor.core.quiet_hours import quiet_until
from forward_factor.core.rules import VOL_POINTS, PairRule
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidTicker
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.ports.recorded_scans import ScanRecords

SPAN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class TickerPreview:
    """Alerts on one ticker: under the rules asked about, and under the ones they are compared with."""

    ticker: str
    alerts: int
    present_alerts: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A pair at a vol point that not all of the scans looked at: it is counted as far as it was recorded."""

    pair: str
    vol_point: str
    scans: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPreview:
    """What rules would have told of.

    Attributes:
        since: the first instant that was looked at.
        recorded_days: New York dates with a scan of a watched ticker; ``scans`` is how many those were.
        is_cut: whether there were too many scans, so that ``since`` is later than the span asked for.
        watched: tickers on the watchlist.
        alerts: under the rules asked about; ``deferred`` of them fall into their quiet hours.
        present_alerts: under the rules they are compared with.
        gaps: what the rules ask for and some scans, or all, did not compute.
        tickers: those with an alert under either, most alerts first.

    """

    since: datetime
    recorded_days: int
    scans: int
    is_cut: bool
    watched: int
    alerts: int
    deferred: int
    present_alerts: int
    gaps: tuple[Gap, ...]
    tickers: tuple[TickerPreview, ...]


async def preview_alerts(
    store: Transactions,
    records: ScanRecords,
    clock: Clock,
    user_id: str,
    rules: AccountSettings,
    present: AccountSettings,
) -> AlertPreview:
    """Return what ``rules`` would have told a user of the tickers they watch now, and ``present`` likewise.

    Looked at are the scans recorded in the last 30 days, each as if it had been judged when it was made and no alert
    had come before the first of them. Discoveries are left out; a pause of alerts is too.
    """
    async with store.reading() as work:
        watched = _canonical([one.ticker for one in await work.watchlists.of_user(user_id)])
    since = clock.now() - SPAN
    both = (rules, present)
    pairs = tuple(dict.fromkeys(pair for one in both for pair in one.pairs))
    points = tuple(dict.fromkeys(point for one in both for point in one.vol_points))
    scans = await records.scans(watched, since, pairs, points, loosest_limits(both))
    found = would_be_alerts(scans, rules, pairs)
    before = found if rules == present else would_be_alerts(scans, present, pairs)
    return AlertPreview(
        since=_instant(scans.at.min()) if scans.is_cut else since,
        recorded_days=_days(scans),
        scans=len(scans),
        is_cut=scans.is_cut,
        watched=len(watched),
        alerts=len(found),
        deferred=_deferred(scans, found, rules),
        present_alerts=len(before),
        gaps=_gaps(scans, rules, pairs),
        tickers=_by_ticker(scans, found, before),
    )


def _canonical(tickers: Sequence[str]) -> list[str]:
    """Return tickers as scans store them, without what is none."""
    found: dict[str, None] = {}
    for one in tickers:
        try:
            found[parse_ticker(one)] = None
        except InvalidTicker:
            continue
    return list(found)


def _by_ticker(scans: RecordedScans, found: WouldBeAlerts, before: WouldBeAlerts) -> tuple[TickerPreview, ...]:
    counts, present = (np.bincount(scans.ticker[one.scan], minlength=len(scans.tickers)) for one in (found, before))
    rows = [
        TickerPreview(ticker, int(counts[place]), int(present[place]))
        for place, ticker in enumerate(scans.tickers)
        if counts[place] or present[place]
    ]
    return tuple(sorted(rows, key=lambda one: (-one.alerts, -one.present_alerts, one.ticker)))


def _gaps(scans: RecordedScans, rules: AccountSettings, pairs: Sequence[PairRule]) -> tuple[Gap, ...]:
    asked = [(pair, point) for pair in rules.pairs for point in dict.fromkeys(rules.vol_points)]
    counts = [int(scans.computed[pairs.index(pair), VOL_POINTS.index(point)]) for pair, point in asked]
    found = zip(asked, counts, strict=True)
    return tuple(Gap(pair.name, point.value, count) for (pair, point), count in found if count < len(scans))


def _days(scans: RecordedScans) -> int:
    """Return how many New York dates have a scan; the hours of a day are few, its scans need not be."""
    hours = np.unique(scans.at.astype("datetime64[h]"))
    return len({new_york_date(_instant(hour)) for hour in hours})


def _deferred(scans: RecordedScans, found: WouldBeAlerts, rules: AccountSettings) -> int:
    if not rules.quiet_hours.is_on:
        return 0
    instants = [_instant(at) for at in scans.at[found.scan]]
    return sum(quiet_until(at, rules.quiet_hours, rules.timezone) is not None for at in instants)


def _instant(at: np.datetime64) -> datetime:
    whole: datetime = at.astype("datetime64[us]").item()
    return whole.replace(tzinfo=UTC)
