"""Charts by ECharts, in the page's colours and with words for those who cannot see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from forward_factor.server.web.palette import Palette

Options = Mapping[str, Any]


def draw_chart(options: Options, palette: Palette, words: str, height_px: int = 300) -> ui.echart:
    """Draw a chart; ``words`` say what it shows. Give it no HTML formatter: names in it are to stay text."""
    plain: dict[str, Any] = {"backgroundColor": "transparent", "animation": False, **options}
    chart = ui.echart(plain, theme=theme(palette)).classes("chart").style(f"height: {height_px}px")
    return chart.props(f'role="img" aria-label="{_attribute(words)}"')


def time_axis(**more: Any) -> dict[str, Any]:
    """Return an axis of instants (milliseconds since 1970)."""
    return {"type": "time", **more}


def percent_axis(name: str, **more: Any) -> dict[str, Any]:
    """Return an axis of percent; its values are given as percent, not as decimals."""
    return {
        "type": "value",
        "name": name,
        "nameLocation": "end",
        "nameTextStyle": {"align": "left"},
        "scale": True,
        "axisLabel": {"formatter": "{value} %"},
        **more,
    }


def line(name: str, points: list[list[Any]], **more: Any) -> dict[str, Any]:
    """Return a line through points (x, y)."""
    return {"type": "line", "name": name, "data": points, "showSymbol": len(points) < 40, "symbolSize": 6, **more}  # noqa: PLR2004


def theme(palette: Palette) -> dict[str, Any]:
    """Return the theme of a palette: ECharts takes no colour of text from the page."""
    axis = {
        "axisLine": {"lineStyle": {"color": palette.muted}},
        "axisTick": {"lineStyle": {"color": palette.muted}},
        "axisLabel": {"color": palette.muted, "hideOverlap": True},
        "nameTextStyle": {"color": palette.muted},
        "splitLine": {"lineStyle": {"color": palette.line}},
    }
    text = {"color": palette.text}
    return {
        "color": list(palette.series),
        "textStyle": text,
        "title": {"textStyle": text, "subtextStyle": {"color": palette.muted}},
        "legend": {"textStyle": text, "pageTextStyle": text},
        "tooltip": {"backgroundColor": palette.surface, "borderColor": palette.line, "textStyle": text},
        **dict.fromkeys(("categoryAxis", "valueAxis", "timeAxis", "logAxis"), axis),
    }


def _attribute(words: str) -> str:
    """Return ``words`` as a property's value may hold it: NiceGUI splits properties at quotes."""
    return words.replace("\\", " ").replace('"', "'").replace("\n", " ")
