"""A judged candidate in words: each limit with the number beside it, kept or missed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from forward_factor.core.reasons import Reason
from forward_factor.server.web.formats import MISSING, day, factor, percent
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


def checks_of(one: JudgedCandidate) -> list[Check]:
    """Return what is missed, in order of the limits, and then what is kept."""
    missed = {short.reason for short in one.shortfalls}
    return [*(_missed(one, short) for short in one.shortfalls), *(_kept(one, missed))]


def expiries_of(one: CandidateView) -> str:
    """Return the two expiries with their days."""
    return f"{_expiry(one.front_expiry, one.front_dte)} against {_expiry(one.back_expiry, one.back_dte)}"


def _expiry(on: object, dte: int | None) -> str:
    return MISSING if on is None else f"{on} ({dte} d)"


def _missed(one: JudgedCandidate, short: Shortfall) -> Check:
    return Check(False, _FAULTS[short.reason](short) if short.reason in _FAULTS else _fatal(one, short.reason))


def _fatal(one: JudgedCandidate, reason: str) -> str:
    words = reason_words(reason)
    if reason == Reason.EARNINGS_IN_WINDOW and one.candidate.earnings_on is not None:
        words += f", on {day(one.candidate.earnings_on)}"
    return words[:1].upper() + words[1:]


def _kept(one: JudgedCandidate, missed: set[str]) -> Iterator[Check]:
    candidate = one.candidate
    known = {
        Reason.FF_BELOW_THRESHOLD: ("FF", one.ff, factor),
        Reason.SIGMA_FWD_BELOW_FLOOR: ("Forward vol", candidate.sigma_fwd, percent),
        Reason.WIDE_SPREAD: ("Widest spread", candidate.bid_ask_pct, percent),
        Reason.LOW_OPEN_INTEREST: ("Least open interest", candidate.open_interest, _count),
        Reason.LOW_VOLUME: ("Least volume", candidate.volume, _count),
    }
    for reason, (name, value, written) in known.items():
        if reason not in missed and value is not None:
            yield Check(True, f"{name} {written(value)}")


def _count(value: float | None) -> str:
    return MISSING if value is None else f"{value:,.0f}"


def _limit(name: str, written: Callable[[float | None], str], asked: str) -> Callable[[Shortfall], str]:
    def words(short: Shortfall) -> str:
        value = "is not known" if short.value is None else written(short.value)
        return f"{name} {value}; {asked} {written(short.limit)}"

    return words


_FAULTS: Mapping[str, Callable[[Shortfall], str]] = {
    Reason.FF_BELOW_THRESHOLD: _limit("FF", factor, "you ask for"),
    Reason.SIGMA_FWD_BELOW_FLOOR: _limit("Forward vol", percent, "your floor is"),
    Reason.WIDE_SPREAD: _limit("Widest spread", percent, "you allow"),
    Reason.LOW_OPEN_INTEREST: _limit("Least open interest", _count, "you ask for"),
    Reason.LOW_VOLUME: _limit("Least volume", _count, "you ask for"),
}
