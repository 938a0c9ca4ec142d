"""Charts as inline SVG: lines over dates and bars by number, drawn with classes that the page's style colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, log10

from forward_factor.backtest.report.markup import Html, element, join

WIDTH, HEIGHT = 900, 300
LEFT, RIGHT, TOP, BOTTOM = 78, 12, 12, 28
TICKS = 5
MOST_POINTS = 1_500


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart; ``style`` is a class of the page's style sheet."""

    name: str
    style: str
    values: Sequence[float]


@dataclass(frozen=True, slots=True)
class _Scale:
    """From values to pixels."""

    low: float
    high: float
    step: float

    def y(self, value: float) -> float:
        return TOP + (self.high - value) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)

    @property
    def ticks(self) -> list[float]:
        count = round((self.high - self.low) / self.step)
        return [self.low + number * self.step for number in range(count + 1)]


def line_chart(title: str, days: Sequence[date], lines: Sequence[Line]) -> Html:
    """Return lines over dates; nothing to draw gives a sentence instead."""
    if len(days) < 2:
        return element("p", f"{title}: too few days to draw.", class_="note")
    scale = _scale([value for line in lines for value in line.values])
    first, span = days[0].toordinal(), days[-1].toordinal() - days[0].toordinal()
    xs = [LEFT + (day.toordinal() - first) / span * (WIDTH - LEFT - RIGHT) for day in days]
    chosen = _thinned(len(days))
    drawn = [
        element(
            "polyline",
            element("title", line.name),
            points=" ".join(f"{xs[place]:.1f},{scale.y(line.values[place]):.1f}" for place in chosen),
            class_=f"line {line.style}",
        )
        for line in lines
    ]
    labels = [_text(x, HEIGHT - 8, f"{day}", anchor) for x, day, anchor in _date_labels(days, xs)]
    return _figure(title, [*_grid(scale), *labels, *drawn], lines)


def bar_chart(title: str, values: Sequence[float], names: Sequence[str]) -> Html:
    """Return a bar a value, above or below 0; ``names`` are told when one is pointed at."""
    if not values:
        return element("p", f"{title}: nothing to draw.", class_="note")
    scale = _scale([0.0, *values])
    width = (WIDTH - LEFT - RIGHT) / len(values)
    bars = []
    for place, (value, name) in enumerate(zip(values, names, strict=True)):
        top, bottom = sorted((scale.y(value), scale.y(0.0)))
        bars.append(
            element(
                "rect",
                element("title", name),
                x=f"{LEFT + place * width:.2f}",
                y=f"{top:.1f}",
                width=f"{max(width * 0.8, 0.5):.2f}",
                height=f"{max(bottom - top, 0.5):.1f}",
                class_="gain" if value > 0.0 else "loss",
            )
        )
    return _figure(title, [*_grid(scale), *bars], [])


def _figure(title: str, drawn: Sequence[Html], lines: Sequence[Line]) -> Html:
    picture = element("svg", element("title", title), *drawn, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img")
    legend = join(element("span", line.name, class_=f"key {line.style}") for line in lines)
    return element("figure", picture, element("figcaption", f"{title} ", legend))


def _grid(scale: _Scale) -> list[Html]:
    drawn = []
    for tick in scale.ticks:
        y = f"{scale.y(tick):.1f}"
        is_zero = abs(tick) < scale.step / 2.0
        drawn.append(
            element("line", x1=f"{LEFT}", x2=f"{WIDTH - RIGHT}", y1=y, y2=y, class_="zero" if is_zero else "grid")
        )
        drawn.append(_text(LEFT - 8, scale.y(tick) + 4, f"{tick:,.0f}" if scale.step >= 1.0 else f"{tick:,.3g}", "end"))
    return drawn


def _text(x: float, y: float, content: str, anchor: str) -> Html:
    return element("text", content, x=f"{x:.1f}", y=f"{y:.1f}", text_anchor=anchor)


def _date_labels(days: Sequence[date], xs: Sequence[float]) -> list[tuple[float, date, str]]:
    middle = len(days) // 2
    labels = [(xs[0], days[0], "start"), (xs[-1], days[-1], "end")]
    return [labels[0], (xs[middle], days[middle], "middle"), labels[1]] if len(days) > 4 else labels


def _thinned(count: int) -> list[int]:
    """Return the places to draw: all, or evenly some with the last one."""
    step = max(1, ceil(count / MOST_POINTS))
    places = list(range(0, count, step))
    return places if places[-1] == count - 1 else [*places, count - 1]


def _scale(values: Sequence[float]) -> _Scale:
    low, high = min(values), max(values)
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = low - 1.0, high + 1.0
    rough = (high - low) / TICKS
    power = 10.0 ** floor(log10(rough))
    step = next(one * power for one in (1.0, 2.0, 5.0, 10.0) if one * power >= rough * 0.999)
    return _Scale(floor(low / step) * step, ceil(high / step) * step, step)
