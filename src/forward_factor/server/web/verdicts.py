"""A judged candidate in words: each limit with the number beside it, kept or missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.reasons import Reason
from forward_factor.server.web.formats import MISSING, day, percent
from forward_factor.services.judge_candidates import JudgedCandidate, Shortfall
from forward_factor.services.reason_words import reason_words
from forward_factor.services.views import CandidateView


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, and whether the limit was kept."""

    is_kept: bool
    words: str


def verdict_of(one: JudgedCandidate) -> str:
    """Return what to call a candidate in two or three words."""
    if one.passes:
        return "within your limits"
    return "1 thing missing" if len(one.shortfalls) == 1 else f"{len(one.shortfalls)} things missing"


def checks_of(one: JudgedCandidate, settings: AccountSettings) -> list[Check]:
    """Return what is missed, then what is kept, each number beside the limit that ``settings`` set."""
    missed = {short.reason: short for short in one.shortfalls}
    limits = list(_limits(one, settings))
    own = {reason for reason, *_ in limits}
    fatal = [_fatal(one, short) for reason, short in missed.items() if reason not in own]
    faults = [
        Check(False, _compared(reason, name, missed[reason].value, limit))
        for reason, name, _, limit in limits
        if reason in missed
    ]
    kept = [
        Check(True, _compared(reason, name, value, limit))
        for reason, name, value, limit in limits
        if reason not in missed and value is not None
    ]
    return [*fatal, *faults, *kept]


def expiries_of(one: CandidateView) -> str:
    """Return the two expiries with their days."""
    return f"{_expiry(one.front_expiry, one.front_dte)} against {_expiry(one.back_expiry, one.back_dte)}"


def _expiry(on: object, dte: int | None) -> str:
    return MISSING if on is None else f"{on} ({dte} d)"


def _fatal(one: JudgedCandidate, short: Shortfall) -> Check:
    words = reason_words(short.reason)
    if short.reason == Reason.EARNINGS_IN_WINDOW and one.candidate.earnings_on is not None:
        words += f", on {day(one.candidate.earnings_on)}"
    return Check(False, words[:1].upper() + words[1:])


def _limits(one: JudgedCandidate, settings: AccountSettings) -> Iterator[tuple[str, str, float | None, float]]:
    """Yield reason, name, value and limit of all that is the person's own to set."""
    found = one.candidate
    yield Reason.FF_BELOW_THRESHOLD, "FF", one.ff, settings.ff_threshold
    yield Reason.SIGMA_FWD_BELOW_FLOOR, "Forward vol", found.sigma_fwd, settings.sigma_fwd_floor
    yield Reason.WIDE_SPREAD, "Widest spread", found.bid_ask_pct, settings.max_bid_ask_pct
    yield Reason.LOW_OPEN_INTEREST, "Least open interest", found.open_interest, settings.min_open_interest
    yield Reason.LOW_VOLUME, "Least volume", found.volume, settings.min_volume


def _compared(reason: str, name: str, value: float | None, limit: float) -> str:
    written, asked = _WRITTEN[reason]
    return f"{name} {'is not known' if value is None else written(value)}; {asked} {written(limit)}"


def _factor(value: float) -> str:
    return f"{value:+.3f}"


def _count(value: float) -> str:
    return f"{value:,.0f}"


_WRITTEN: Mapping[str, tuple[Callable[[float], str], str]] = {
    Reason.FF_BELOW_THRESHOLD: (_factor, "you ask for"),
    Reason.SIGMA_FWD_BELOW_FLOOR: (percent, "your floor is"),
    Reason.WIDE_SPREAD: (percent, "you allow"),
    Reason.LOW_OPEN_INTEREST: (_count, "you ask for"),
    Reason.LOW_VOLUME: (_count, "you ask for"),
}
