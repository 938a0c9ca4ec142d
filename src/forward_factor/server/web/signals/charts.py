"""The charts of a signal: its term structure with the forward segment, its history, and the pay-off of its trade."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from forward_factor.core.arrays import FloatArray
from forward_factor.core.rules import VolPoint
from forward_factor.core.ticket import SHARES_A_CONTRACT
from forward_factor.server.web.charts import Options, line, percent_axis, time_axis
from forward_factor.server.web.palette import Palette
from forward_factor.services.record_views import SeriesPoint
from forward_factor.services.views import ExpiryView, SignalView

Point = list[Any]
_GRID = {"left": 8, "right": 20, "top": 44, "bottom": 8, "containLabel": True}
_SHOWS_POINTS = {"trigger": "item"}


@dataclass(frozen=True, slots=True)
class Smile:
    """One vol point of an expiry: mid, bid and ask, decimals."""

    expiry: date
    mid: float | None
    bid: float | None
    ask: float | None


def term_structure(signal: SignalView, expiries: Sequence[ExpiryView], palette: Palette) -> Options:
    """Return the vols by expiry with their band from bid to ask, front and back, and the forward vol between them."""
    own = [smile_of(one, signal.vol_point) for one in expiries]
    main, forward = palette.series[0], palette.series[1]
    series = [*_band(own, palette), line(_point_name(signal), [_at(one.expiry, one.mid) for one in own], color=main)]
    if signal.vol_point not in {None, VolPoint.ATM.value}:
        atm = [_at(one.expiry, one.atm_iv) for one in expiries]
        series.append(line("ATM", atm, color=palette.muted, lineStyle={"type": "dotted"}))
    if signal.front_expiry and signal.back_expiry:
        series += [_forward(signal, forward), _ends(signal, palette)]
    return {
        "useUTC": True,
        "grid": _GRID,
        "legend": {
            "data": [_legend(one["name"]) for one in series if one["name"] not in _UNNAMED],
            "left": 0,
            "top": 0,
        },
        "tooltip": _SHOWS_POINTS,
        "xAxis": time_axis(),
        "yAxis": percent_axis(""),
        "series": series,
    }


def ff_history(signal: SignalView, points: Sequence[SeriesPoint], threshold: float, palette: Palette) -> Options:
    """Return the forward factors of a pair over time, the signal's own marked, beside the person's threshold."""
    found = [_when(one.as_of, one.ff) for one in points]
    series = [line("FF", found, color=palette.series[0], showSymbol=len(found) < 200)]  # noqa: PLR2004
    if any(one.ff_ex_earnings not in {None, one.ff} for one in points):
        without = [_when(one.as_of, one.ff_ex_earnings) for one in points]
        series.append(line("FF without earnings", without, color=palette.series[2], lineStyle={"type": "dashed"}))
    here = {"type": "scatter", "symbolSize": 13, "symbol": "diamond", "color": palette.series[1]}
    series.append({**here, "name": "This signal", "data": [_when(signal.as_of, signal.ff)]})
    series[0]["markLine"] = _level(threshold, f"your threshold {threshold:.2f}", palette)
    return {
        "useUTC": True,
        "grid": _GRID,
        "legend": {"left": 0, "top": 0},
        "tooltip": _SHOWS_POINTS,
        "xAxis": time_axis(),
        "yAxis": {"type": "value", "scale": True},
        "series": series,
    }


def pay_off(spots: FloatArray, made: FloatArray, spot: float, palette: Palette) -> Options:
    """Return profit at front expiry by spot, dollars a contract."""
    points = [[round(x, 4), round(y * SHARES_A_CONTRACT, 2)] for x, y in zip(spots, made, strict=True)]
    shown = line("Profit at front expiry", points, color=palette.series[0], showSymbol=False)
    shown["areaStyle"] = {"opacity": 0.12}
    shown["markLine"] = {
        "symbol": "none",
        "silent": True,
        "lineStyle": {"color": palette.muted, "type": "dashed"},
        "label": {"color": palette.muted, "formatter": f"spot now {spot:,.2f}", "position": "end", "rotate": 0},
        "data": [{"xAxis": spot}],
    }
    return {
        "grid": {**_GRID, "top": 28, "bottom": 24},
        "tooltip": {"trigger": "axis"},
        "xAxis": {"type": "value", "scale": True, "name": "Spot", "nameLocation": "middle", "nameGap": 26},
        "yAxis": {"type": "value", "name": "Dollars a contract", "nameTextStyle": {"align": "left"}},
        "series": [shown],
    }


def smile_of(one: ExpiryView, vol_point: str | None) -> Smile:
    """Return an expiry's vols at a point, of an unknown one at the money."""
    if vol_point == VolPoint.PUT_35D.value:
        return Smile(one.expiry, one.put_35d_iv, one.put_35d_iv_bid, one.put_35d_iv_ask)
    if vol_point == VolPoint.CALL_35D.value:
        return Smile(one.expiry, one.call_35d_iv, one.call_35d_iv_bid, one.call_35d_iv_ask)
    return Smile(one.expiry, one.atm_iv, one.atm_iv_bid, one.atm_iv_ask)


_UNNAMED = {"bid", "Front and back"}
_BAND = "Bid to ask"


def _legend(name: str) -> dict[str, Any]:
    return {"name": name, "icon": "roundRect"} if name == _BAND else {"name": name}


def _band(own: Sequence[Smile], palette: Palette) -> list[dict[str, Any]]:
    """Return an invisible line at the bids with the distance to the asks stacked on it, filled."""
    known = [one for one in own if one.bid is not None and one.ask is not None]
    low = [_at(one.expiry, one.bid) for one in known]
    width = [_at(one.expiry, (one.ask or 0.0) - (one.bid or 0.0)) for one in known]
    silent = {"silent": True, "showSymbol": False, "stack": "band", "lineStyle": {"opacity": 0}}
    filled = {
        "areaStyle": {"color": palette.series[0], "opacity": 0.18},
        "itemStyle": {"color": palette.series[0], "opacity": 0.4},
    }
    return [line("bid", low, **silent), line(_BAND, width, **{**silent, **filled})]


def _forward(signal: SignalView, colour: str) -> dict[str, Any]:
    ends = [_at(on, signal.sigma_fwd) for on in (signal.front_expiry, signal.back_expiry) if on]
    style = {"lineStyle": {"width": 3, "type": "dashed"}, "color": colour, "symbolSize": 8}
    return line("Forward vol", ends, **style)


def _ends(signal: SignalView, palette: Palette) -> dict[str, Any]:
    front, back = _at(signal.front_expiry, signal.front_iv), _at(signal.back_expiry, signal.back_iv)
    label = {"show": True, "position": "top", "color": palette.text, "fontWeight": "bold"}
    marks = [
        {"value": front, "label": {**label, "formatter": "front"}},
        {"value": back, "label": {**label, "formatter": "back"}},
    ]
    return {"type": "scatter", "name": "Front and back", "data": marks, "symbolSize": 12, "color": palette.series[0]}


def _level(value: float, words: str, palette: Palette) -> dict[str, Any]:
    return {
        "symbol": "none",
        "silent": True,
        "lineStyle": {"color": palette.muted, "type": "dashed"},
        "label": {"color": palette.muted, "formatter": words, "position": "insideStartTop"},
        "data": [{"yAxis": value}],
    }


def _at(day: date | None, vol: float | None) -> Point:
    moment = datetime.combine(day, time(), UTC) if day else None
    return [moment.timestamp() * 1000 if moment else None, None if vol is None else round(100 * vol, 3)]


def _when(at: datetime, value: float | None) -> Point:
    return [at.timestamp() * 1000, None if value is None else round(value, 4)]


def _point_name(signal: SignalView) -> str:
    return {VolPoint.PUT_35D.value: "35Δ put", VolPoint.CALL_35D.value: "35Δ call"}.get(signal.vol_point or "", "ATM")
