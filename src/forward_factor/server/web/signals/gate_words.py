"""Gates in plain words: what was asked, what was found, whose limit it is held against."""

from __future__ import annotations

from collections.abc import Sequence

from forward_factor.core.reasons import Flag, Reason
from forward_factor.server.web.formats import MISSING, factor, number, percent
from forward_factor.server.web.parts import Row
from forward_factor.services.reason_words import flag_words, reason_words
from forward_factor.services.views import CandidateView
from forward_factor.services.weigh_gates import Bound, MeasuredGate, Unit

NAMES = {
    Reason.FF_BELOW_THRESHOLD: "Forward factor",
    Reason.NEGATIVE_FORWARD_VARIANCE: "Forward variance",
    Reason.SIGMA_FWD_BELOW_FLOOR: "Forward vol",
    Reason.WIDE_SPREAD: "Widest bid–ask spread",
    Reason.LOW_OPEN_INTEREST: "Least open interest",
    Reason.LOW_VOLUME: "Least volume",
}
_SIGNS = {Bound.AT_LEAST: "≥", Bound.AT_MOST: "≤", Bound.ABOVE: ">"}
_YES, _NO = "✓", "✗ fails"


def gate_rows(gates: Sequence[MeasuredGate]) -> list[Row]:
    """Return gates as rows of a table."""
    return [
        {
            "gate": NAMES[one.reason],
            "value": _number(one, one.value),
            "limit": _limit(one, one.limit, is_passed=bool(one.is_passed)),
            "own_limit": _limit(one, one.own_limit, is_passed=one.is_own_passed),
        }
        for one in gates
    ]


def plain_gates(found: CandidateView) -> list[str]:
    """Return in words what the gates without numbers say, and what is flagged."""
    quotes = {Reason.MISSING_QUOTES, Reason.CROSSED_QUOTES, Reason.STALE_QUOTES}
    failed = [one for one in found.reasons if one in quotes]
    said = ["Quotes: every contract used has a bid and an ask that do not cross, and they changed since the last scan."]
    if failed:
        said = [f"Quotes: {', '.join(map(reason_words, failed))}."]
    if found.earnings_on is not None:
        said.append(f"Earnings on {found.earnings_on} lie before the back expiry.")
    else:
        said.append("Earnings: no announcement is known before the back expiry.")
    return said + [_sentence(flag_words(flag)) for flag in Flag if flag.value in found.flags]


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _limit(gate: MeasuredGate, limit: float | None, *, is_passed: bool) -> str:
    return MISSING if limit is None else f"{_SIGNS[gate.bound]} {_number(gate, limit)} {_YES if is_passed else _NO}"


def _number(gate: MeasuredGate, value: float | None) -> str:
    match gate.unit:
        case Unit.FACTOR:
            return factor(value)
        case Unit.SHARE:
            return percent(value)
        case Unit.CONTRACTS:
            return number(value, 0)
        case Unit.VARIANCE:
            return number(value, 4)
