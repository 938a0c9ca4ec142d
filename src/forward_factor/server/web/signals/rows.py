"""A board's rows as its table draws them: numbers written out, places of the bar, and what is marked."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from math import isfinite
from zoneinfo import ZoneInfo

from forward_factor.core.decisions import Decision
from forward_factor.core.rules import VolPoint
from forward_factor.server.web.formats import MISSING, factor, instant, money, number, percent
from forward_factor.server.web.parts import Row
from forward_factor.services.board_views import BoardRow, OwnDecision

POINTS = {VolPoint.ATM.value: "ATM", VolPoint.PUT_35D.value: "35Δ put", VolPoint.CALL_35D.value: "35Δ call"}
HIGHEST_SHOWN = 2.0
"""A bar ends there: one forward factor of 40 must not make all others invisible."""
_LOWEST_SHOWN = -0.5


def board_rows(rows: Sequence[BoardRow], zone: ZoneInfo, new: Collection[str]) -> list[Row]:
    """Return rows of the table, those named in ``new`` marked; bars of one page have one scale."""
    low, high = _scale(rows)
    return [_row(one, zone, low, high) | {"is_new": one.signal.id in new} for one in rows]


def own_words(own: OwnDecision | None) -> str:
    """Return in a word what the person did."""
    if own is None:
        return ""
    if own.decision is Decision.IGNORED:
        return "Ignored"
    if own.decision is Decision.PLACED:
        return "Placed" if own.is_open else f"Closed {money(own.pnl)}" if own.pnl is not None else "Closed"
    return own.word or "Decided"


def short_instant(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant without its year: ``Nov 25 14:30``."""
    return f"{at.astimezone(zone):%b %d %H:%M}"


def short_day(day: date | None) -> str:
    """Return a date without its year: ``Nov 25``."""
    return MISSING if day is None else f"{day:%b %d}"


def _row(one: BoardRow, zone: ZoneInfo, low: float, high: float) -> Row:
    signal = one.signal
    return {
        "id": signal.id,
        "found": short_instant(signal.as_of, zone),
        "found_full": instant(signal.as_of, zone),
        "ticker": signal.ticker,
        "is_discovery": bool(signal.is_discovery),
        "earnings": "" if one.earnings_on is None else f"earnings {short_day(one.earnings_on)}",
        "pair": signal.pair or _pair(signal.front_dte, signal.back_dte),
        "point": POINTS.get(signal.vol_point or "", signal.vol_point or MISSING),
        "expiries": f"{short_day(signal.front_expiry)} / {short_day(signal.back_expiry)}",
        "dte": f"{_days(signal.front_dte)} / {_days(signal.back_dte)}",
        "ff": factor(signal.ff),
        "range": f"{factor(signal.ff_low)} to {factor(signal.ff_high)}",
        "bar": _bar(signal.ff, signal.ff_low, signal.ff_high, low, high),
        "vols": f"{_vol(signal.front_iv)} / {_vol(signal.back_iv)}",
        "forward": percent(signal.sigma_fwd),
        "spread": percent(one.bid_ask_pct),
        "quality": number(signal.quality_score),
        "own": own_words(one.own),
        "own_kind": "none" if one.own is None else _kind(one.own),
    }


def _kind(own: OwnDecision) -> str:
    if own.decision is Decision.PLACED:
        return "open" if own.is_open else "closed"
    return "ignored"


def _pair(front: int | None, back: int | None) -> str:
    return MISSING if front is None or back is None else f"{front}/{back} d"


def _days(dte: int | None) -> str:
    return MISSING if dte is None else f"{dte}"


def _vol(value: float | None) -> str:
    return MISSING if value is None else f"{100 * value:.1f}"


def _scale(rows: Sequence[BoardRow]) -> tuple[float, float]:
    ends = [end for one in rows for end in (one.signal.ff, one.signal.ff_low, one.signal.ff_high)]
    known = [end for end in ends if end is not None and isfinite(end)]
    return max(min([0.0, *known]), _LOWEST_SHOWN), min(max([0.5, *known]), HIGHEST_SHOWN)


def _bar(mid: float | None, start: float | None, end: float | None, low: float, high: float) -> Row | None:
    """Return where a bar begins, how long it is, and where its middle and zero are, each in percent of the width."""
    if mid is None or not isfinite(mid):
        return None

    def place(value: float | None, missing: float) -> float:
        known = missing if value is None or not isfinite(value) else value
        return round(100 * (min(max(known, low), high) - low) / (high - low), 1)

    first, last = place(start, mid), place(end, mid)
    return {"x": first, "width": round(max(last - first, 0.5), 1), "mid": place(mid, mid), "zero": place(0.0, 0.0)}
