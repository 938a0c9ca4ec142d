"""Alerts once more, in plain loops: one user, one candidate, one scan at a time, from the text of the rules alone.

Of the fast way it shares the settings and what a candidate is; nothing of how users are judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import inf, isfinite, sqrt
from zoneinfo import ZoneInfo

from forward_factor.core.account_settings import AccountSettings
from forward_factor.services.views import CandidateView

OWN = {"wide_spread", "low_open_interest", "low_volume", "sigma_fwd_below_floor", "ff_below_threshold"}
NEWS = timedelta(minutes=30)
TINY = 1e-9


@dataclass(frozen=True)
class SlowScan:
    """One stored scan: its candidates by (pair, vol point), in the order of the scan's rules."""

    ticker: str
    as_of: datetime
    candidates: Mapping[tuple[str, str], CandidateView]
    pairs: Sequence[str]


@dataclass(frozen=True)
class SlowUser:
    name: str
    settings: AccountSettings
    watches: frozenset[str] = frozenset()
    is_active: bool = True


@dataclass(frozen=True, order=True)
class SlowAlert:
    user: str
    ticker: str
    as_of: datetime
    front: date
    back: date
    vol_point: str
    ff: float
    is_discovery: bool
    due_at: datetime


@dataclass
class SlowDesk:
    """Sees scans one after the other, and says what each user is to be told."""

    scans: list[SlowScan] = field(default_factory=list)
    last: dict[tuple[str, str, date, date], tuple[datetime, float]] = field(default_factory=dict)
    told: set[tuple[str, str, date, date, str, datetime]] = field(default_factory=set)

    def see(self, scan: SlowScan, users: Sequence[SlowUser], members: set[str], now: datetime) -> list[SlowAlert]:
        """Record a scan and return its alerts."""
        of_ticker = [one for one in self.scans if one.ticker == scan.ticker]
        self.scans = [one for one in self.scans if (one.ticker, one.as_of) != (scan.ticker, scan.as_of)] + [scan]
        if any(one.as_of > scan.as_of for one in of_ticker) or abs(now - scan.as_of) > NEWS:
            return []
        alerts = []
        for user in users:
            if user.is_active and not user.settings.alerts_paused:
                alerts += self._of_user(scan, user, members, now)
        return alerts

    def _of_user(self, scan: SlowScan, user: SlowUser, members: set[str], now: datetime) -> list[SlowAlert]:
        settings = user.settings
        threshold, is_discovery = settings.ff_threshold, scan.ticker not in user.watches
        if is_discovery and not (settings.discovery_mode and scan.ticker in members):
            return []
        if is_discovery and settings.discovery_ff_threshold is not None:
            threshold = settings.discovery_ff_threshold
        alerts: list[SlowAlert] = []
        for pair in scan.pairs:
            found = self._told(scan, pair, settings, threshold)
            if found is None:
                continue
            one, ff = found
            assert one.front_expiry is not None
            assert one.back_expiry is not None
            expiries = (one.front_expiry, one.back_expiry)
            if all((old.front, old.back) != expiries for old in alerts) and self._has_cooled(scan, user, expiries, ff):
                due_at = _due(now, settings)
                where = (user.name, scan.ticker, scan.as_of, *expiries, one.vol_point)
                alerts.append(SlowAlert(*where, ff, is_discovery, due_at))
        return [one for one in alerts if self._is_first(one)]

    def _has_cooled(self, scan: SlowScan, user: SlowUser, expiries: tuple[date, date], ff: float) -> bool:
        """Return whether the user may be told of these expiries again; if so, that counts as told."""
        key = (user.name, scan.ticker, *expiries)
        if key in self.last:
            at, before = self.last[key]
            if scan.as_of < at + timedelta(minutes=user.settings.cooldown_minutes) or ff < before + 0.02 - TINY:
                return False
        self.last[key] = (scan.as_of, ff)
        return True

    def _is_first(self, alert: SlowAlert) -> bool:
        about = (alert.user, alert.ticker, alert.front, alert.back, alert.vol_point, alert.as_of)
        is_first = about not in self.told
        self.told.add(about)
        return is_first

    def _told(
        self, scan: SlowScan, pair: str, settings: AccountSettings, threshold: float
    ) -> tuple[CandidateView, float] | None:
        """Return the candidate to tell of with its factor, if the pair has passed often enough in a row."""
        now = slow_hit(scan, pair, settings, threshold) if pair in {rule.name for rule in settings.pairs} else None
        if now is None:
            return None
        one = now[0]
        earlier = sorted(
            (old for old in self.scans if old.ticker == scan.ticker and old.as_of <= scan.as_of),
            key=lambda old: old.as_of,
            reverse=True,
        )
        in_a_row = 0
        for old in earlier:
            then = slow_hit(old, pair, settings, threshold)
            if then is None:
                break
            if (then[0].front_expiry, then[0].back_expiry) != (one.front_expiry, one.back_expiry):
                break
            in_a_row += 1
        return now if in_a_row >= settings.stability_scans else None


def slow_hit(
    scan: SlowScan, pair: str, settings: AccountSettings, threshold: float
) -> tuple[CandidateView, float] | None:
    """Return the candidate of a pair that passes, of a double the half with the smaller factor, and that factor."""
    if "double" not in settings.preferred_structure:
        return passing(scan.candidates.get((pair, settings.vol_point.value)), settings, threshold)
    put = passing(scan.candidates.get((pair, "35d_put")), settings, threshold)
    call = passing(scan.candidates.get((pair, "35d_call")), settings, threshold)
    if put is None or call is None:
        return None
    return call if call[1] < put[1] else put


def passing(
    one: CandidateView | None, settings: AccountSettings, threshold: float
) -> tuple[CandidateView, float] | None:
    """Return the candidate and the factor it is judged by, None if it fails."""
    if one is None:
        return None
    by_ex = settings.ex_earnings and one.earnings_on is not None
    reasons = set(one.reasons) - OWN
    if by_ex:
        reasons -= {"earnings_in_window"}
    ff = one.ff_ex_earnings if by_ex else one.ff
    sigma = min(_number(one.sigma_fwd), _sigma_ex(one)) if by_ex else _number(one.sigma_fwd)
    limits = (
        not reasons,
        isfinite(_number(ff)),
        _number(ff) >= threshold,
        sigma >= settings.sigma_fwd_floor,
        one.bid_ask_pct is not None and one.bid_ask_pct <= settings.max_bid_ask_pct + TINY,
        _number(one.open_interest) >= settings.min_open_interest,
        _number(one.volume) >= settings.min_volume,
    )
    return (one, _number(ff)) if all(limits) else None


def _number(value: float | None) -> float:
    return -inf if value is None else value


def _sigma_ex(one: CandidateView) -> float:
    if one.front_iv_ex_earnings is None or one.back_iv_ex_earnings is None:
        return -inf
    assert one.front_dte is not None
    assert one.back_dte is not None
    near, far = one.front_dte / 365, one.back_dte / 365
    gained = one.back_iv_ex_earnings**2 * far - one.front_iv_ex_earnings**2 * near
    return sqrt(gained / (far - near)) if gained > 0 else -inf


def _due(now: datetime, settings: AccountSettings) -> datetime:
    """Look at the wall every minute until it is quiet no longer."""
    hours, zone = settings.quiet_hours, ZoneInfo(settings.timezone)
    if not hours.enabled or hours.start == hours.end:
        return now

    def is_quiet(at: datetime) -> bool:
        wall = f"{at.astimezone(zone):%H:%M}"
        if hours.start < hours.end:
            return hours.start <= wall < hours.end
        return wall >= hours.start or wall < hours.end

    if not is_quiet(now):
        return now
    at = now.replace(second=0, microsecond=0)
    while is_quiet(at):
        at += timedelta(minutes=1)
    return at.astimezone(UTC)
