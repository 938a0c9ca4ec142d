"""What the charts of the research pages show; pure, so that it can be tested without a browser."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from forward_factor.core.constant_maturity import MATURITIES, vols_at
from forward_factor.server.web.charts import percent_axis, time_axis
from forward_factor.server.web.palette import Palette
from forward_factor.services.chain_views import ExpiryChain, StrikeView, StructureView
from forward_factor.services.daily_views import PairValues
from forward_factor.services.record_views import BarView, SeriesPoint
from forward_factor.services.views import ExpiryView

Options = dict[str, Any]
FURTHEST = 0.5
"""Strikes beyond ln(K/F) of a half are a few cents of noise; the table has them."""
MOST_STRIKES = 120
MILLISECONDS = 1000
_GRID = {"left": 52, "right": 16, "top": 56, "bottom": 44}
_BELOW = {"nameLocation": "middle", "nameGap": 28, "nameTextStyle": {"align": "center"}}
_TOOLTIP = {"trigger": "axis", "confine": True}


def _legend(palette: Palette) -> Options:
    icons = {"pageIconColor": palette.text, "pageIconInactiveColor": palette.line}
    return {"type": "scroll", "top": 0, "left": 0, "right": 0, **icons}


def smile_options(expiries: Sequence[ExpiryChain], shaded: ExpiryChain | None, palette: Palette) -> Options:
    """Return implied vol by ln(K/F) of out-of-the-money contracts, of ``shaded`` with bid and ask."""
    series = []
    for place, one in enumerate(expiries):
        colour = palette.series[place % len(palette.series)]
        wide = {"lineStyle": {"width": 3 if one is shaded else 1.5, "color": colour}}
        series.append(_curve(f"{one.expiry} · {one.dte} d", _smile(one, "iv"), colour, **wide))
    if shaded is not None:
        for name, attribute in (("bid", "iv_bid"), ("ask", "iv_ask")):
            dotted = {"lineStyle": {"type": "dotted", "width": 1.5, "color": palette.text}, "symbol": "none"}
            series.append(_curve(f"{shaded.expiry} {name}", _smile(shaded, attribute), palette.text, **dotted))
    return {
        "grid": _GRID,
        "legend": _legend(palette),
        "tooltip": _TOOLTIP,
        "xAxis": percent_axis("ln(K/F)", axisLine={"onZero": False}) | _BELOW,
        "yAxis": percent_axis("Implied vol", axisLine={"onZero": False}),
        "series": series,
    }


def _curve(name: str, points: list[list[Any]], colour: str, **more: Any) -> Options:
    drawn = {"type": "line", "name": name, "data": points, "symbolSize": 4, "color": colour}
    return {**drawn, "lineStyle": {"width": 1.5, "color": colour}, **more}


def _smile(chain: ExpiryChain, attribute: str) -> list[list[Any]]:
    shown = [one for one in chain.strikes if one.outside and abs(one.log_moneyness or 0.0) <= FURTHEST]
    return [
        [round(100 * (one.log_moneyness or 0.0), 2), round(100 * vol, 2)]
        for one in _thinned(shown, MOST_STRIKES)
        if (vol := getattr(one.outside, attribute)) is not None
    ]


def _thinned(strikes: Sequence[StrikeView], most: int) -> Sequence[StrikeView]:
    step = -(-len(strikes) // most) if strikes else 1
    return strikes[::step]


def term_options(expiries: Sequence[ExpiryView], palette: Palette) -> Options:
    """Return the three vol points of one scan by days to expiry, at the money with bid and ask."""
    named: tuple[tuple[str, str, str, Options], ...] = (
        ("At the money", "atm_iv", palette.series[0], {}),
        ("Bid", "atm_iv_bid", palette.muted, {"lineStyle": {"type": "dotted", "width": 1.2}, "symbol": "none"}),
        ("Ask", "atm_iv_ask", palette.muted, {"lineStyle": {"type": "dotted", "width": 1.2}, "symbol": "none"}),
        ("35Δ put", "put_35d_iv", palette.series[1], {}),
        ("35Δ call", "call_35d_iv", palette.series[2], {}),
    )
    return {
        "grid": _GRID,
        "legend": _legend(palette),
        "tooltip": _TOOLTIP,
        "xAxis": _days_axis(),
        "yAxis": percent_axis("Implied vol"),
        "series": [_curve(name, _by_days(expiries, key), colour, **more) for name, key, colour, more in named],
    }


def _days_axis() -> Options:
    return {"type": "value", "name": "days to expiry", "min": 0, **_BELOW}


def _by_days(expiries: Sequence[ExpiryView], key: str) -> list[list[Any]]:
    return [[one.dte, round(100 * vol, 2)] for one in expiries if (vol := getattr(one, key)) is not None]


def structures_options(structures: Sequence[StructureView], words: Sequence[str], palette: Palette) -> Options:
    """Return at-the-money vol by days to expiry of several scans, the oldest first and faintest."""
    newest = len(structures) - 1
    series = []
    for place, (one, name) in enumerate(zip(structures, words, strict=True)):
        colour = palette.series[0] if place == newest else palette.series[2]
        opacity = 1.0 if place == newest else 0.25 + 0.55 * place / max(newest, 1)
        width = 2.5 if place == newest else 1.5
        series.append(
            _curve(name, _by_days(one.expiries, "atm_iv"), colour)
            | {"lineStyle": {"width": width, "opacity": opacity}, "itemStyle": {"opacity": opacity}}
        )
    return {
        "grid": _GRID,
        "legend": _legend(palette),
        "tooltip": _TOOLTIP,
        "xAxis": _days_axis(),
        "yAxis": percent_axis("Implied vol"),
        "series": series,
    }


def surface_options(structures: Sequence[StructureView], words: Sequence[str], palette: Palette) -> Options:
    """Return a map of at-the-money vol: scans across, constant maturities up."""
    cells: list[list[Any]] = []
    for column, one in enumerate(structures):
        vols = vols_at([point.dte for point in one.expiries], [point.atm_iv for point in one.expiries], MATURITIES)
        cells += [[column, row, round(100 * vol, 1)] for row, vol in enumerate(vols) if vol is not None]
    values = [cell[2] for cell in cells] or [0.0]
    axis_lines = {"splitLine": {"show": False}, "axisTick": {"show": False}}
    return {
        "grid": {"left": 52, "right": 16, "top": 12, "bottom": 92},
        "tooltip": {"confine": True},
        "xAxis": {"type": "category", "data": list(words), **axis_lines},
        "yAxis": {"type": "category", "data": [f"{days} d" for days in MATURITIES], **axis_lines},
        "visualMap": {
            "min": min(values),
            "max": max(*values, min(values) + 1),
            "calculable": False,
            "orient": "horizontal",
            "left": "center",
            "bottom": 4,
            "text": [f"{max(values):.0f} %", f"{min(values):.0f} %"],
            "textStyle": {"color": palette.text},
            "inRange": {"color": ["#30487e", "#4d9fb0", "#e8d28a", "#d9642f"]},
        },
        "series": [{"type": "heatmap", "name": "At-the-money vol, %", "data": cells, "progressive": 0}],
    }


def series_options(points: Sequence[SeriesPoint], threshold: float, palette: Palette) -> Options:
    """Return front, back and forward vol over time above the forward factor with its range."""

    def over_time(key: str, factor: float = 1.0) -> list[list[Any]]:
        return [[_at(one.as_of), _rounded(getattr(one, key), factor)] for one in points]

    def drawn(name: str, key: str, colour: str, panel: int = 0, factor: float = 100.0, **more: Any) -> Options:
        base = _curve(name, over_time(key, factor), colour, **more)
        return base | {"xAxisIndex": panel, "yAxisIndex": panel, "showSymbol": len(points) == 1}

    dotted = {"lineStyle": {"type": "dotted", "width": 1.2}}
    mark = {"silent": True, "symbol": "none", "lineStyle": {"color": palette.warn, "type": "dashed"}}
    mark |= {"label": {"formatter": f"{threshold:.2f}", "color": palette.warn}, "data": [{"yAxis": threshold}]}
    return {
        "grid": [
            {"left": 52, "right": 44, "top": 56, "height": "38%"},
            {"left": 52, "right": 44, "bottom": 34, "height": "30%"},
        ],
        "legend": _legend(palette),
        "tooltip": _TOOLTIP,
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "xAxis": [time_axis(gridIndex=0, axisLabel={"show": False}), time_axis(gridIndex=1)],
        "yAxis": [
            percent_axis("Implied vol", gridIndex=0),
            {"type": "value", "name": "Forward factor", "nameTextStyle": {"align": "left"}, "gridIndex": 1},
        ],
        "series": [
            drawn("Front vol", "front_iv", palette.series[1]),
            drawn("Back vol", "back_iv", palette.series[2]),
            drawn("Forward vol", "sigma_fwd", palette.series[3]),
            drawn("FF", "ff", palette.series[0], 1, 1.0, markLine=mark),
            drawn("FF low", "ff_low", palette.muted, 1, 1.0, **dotted),
            drawn("FF high", "ff_high", palette.muted, 1, 1.0, **dotted),
        ],
    }


def days_options(days: Sequence[PairValues], palette: Palette) -> Options:
    """Return a pair's vols day by day: at 30 days, and of its front; a day without a number breaks the line."""

    def over_days(key: str) -> list[list[Any]]:
        return [[one.on.isoformat(), _rounded(getattr(one, key), 100.0)] for one in days]

    named = (("At the money, 30 days", "iv_30d", palette.series[0]), ("Front", "front_iv", palette.series[1]))
    return {
        "grid": _GRID,
        "legend": _legend(palette),
        "tooltip": _TOOLTIP,
        "xAxis": time_axis(),
        "yAxis": percent_axis("Implied vol"),
        "series": [
            _curve(name, over_days(key), colour) | {"showSymbol": len(days) < 2}  # noqa: PLR2004 - a line needs two
            for name, key, colour in named
        ],
    }


def candle_options(
    bars: Sequence[BarView], instants: Sequence[str], palette: Palette, zoom_from: float = 0.0
) -> Options:
    """Return candles above their volume, ``instants`` in words below.

    ``zoom_from`` is the share of the span left out at first, 0 to 100.
    """
    up, down = palette.good, palette.bad
    colours = {"color": up, "color0": down, "borderColor": up, "borderColor0": down}
    volumes = [
        {"value": one.volume, "itemStyle": {"color": up if one.close >= one.open else down, "opacity": 0.55}}
        for one in bars
    ]
    return {
        "grid": [
            {"left": 62, "right": 16, "top": 34, "height": "53%"},
            {"left": 62, "right": 16, "bottom": 72, "height": "18%"},
        ],
        "tooltip": {"trigger": "axis", "confine": True, "axisPointer": {"type": "cross"}},
        "axisPointer": {"link": [{"xAxisIndex": "all"}]},
        "xAxis": [
            {"type": "category", "data": list(instants), "gridIndex": 0, "axisLabel": {"show": False}},
            {"type": "category", "data": list(instants), "gridIndex": 1},
        ],
        "yAxis": [
            {"type": "value", "scale": True, "name": "$", "gridIndex": 0},
            {"type": "value", "gridIndex": 1, "axisLabel": {"show": False}, "splitLine": {"show": False}},
        ],
        "dataZoom": [{"type": "slider", "xAxisIndex": [0, 1], "start": zoom_from, "bottom": 8, "height": 26}],
        "series": [
            {
                "type": "candlestick",
                "name": "Price",
                "data": [[one.open, one.close, one.low, one.high] for one in bars],
                "itemStyle": colours,
            },
            {"type": "bar", "name": "Volume", "data": volumes, "xAxisIndex": 1, "yAxisIndex": 1},
        ],
    }


def _at(instant: datetime) -> int:
    return int(instant.timestamp() * MILLISECONDS)


def _rounded(value: float | None, factor: float) -> float | None:
    return None if value is None else round(value * factor, 4)
