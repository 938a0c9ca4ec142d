"""The controls that filter a board."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from nicegui import ui

from forward_factor.core.rules import DEFAULT_PAIRS
from forward_factor.server.web.signals.choice import Choice, Decided, Origin, Scope, Span
from forward_factor.server.web.signals.rows import POINTS
from forward_factor.server.web.visit import Visit
from forward_factor.services.ports.board import SignalSort

WAITS_MS = 25
"""While somebody types, nothing is asked."""
_SPANS = {
    Span.ALL: "Any time",
    Span.LAST_SCAN: "Last scan",
    Span.HOUR: "Last hour",
    Span.DAY: "Last 24 hours",
    Span.WEEK: "Last 7 days",
    Span.MONTH: "Last 30 days",
}
_SCOPES = {Scope.ALL: "All", Scope.WATCHED: "My watchlist", Scope.TOLD: "Told to me"}
_ORIGINS = {Origin.ALL: "All", Origin.DISCOVERY: "Discovery", Origin.WATCHED: "Watched"}
_DECIDED = {Decided.ALL: "All", Decided.OPEN: "Undecided", Decided.DECIDED: "Decided"}
_ORDERS = {
    (SignalSort.FOUND, True): "Newest first",
    (SignalSort.FF, True): "Highest FF first",
    (SignalSort.QUALITY, True): "Best quality first",
    (SignalSort.TICKER, False): "By ticker",
}

Chosen = Callable[[Choice], Awaitable[None]]


class Filters:
    """Controls that show a choice and tell of another one."""

    def __init__(self, visit: Visit, choice: Choice, chosen: Chosen) -> None:
        self._visit, self._choice, self._chosen = visit, choice, chosen
        self._build()

    def show(self, choice: Choice) -> None:
        """Take over a choice that was made elsewhere: the order and the page."""
        self._choice = choice

    def _build(self) -> None:
        one = self._choice
        with ui.element("div").classes("bar filters").props('role=search aria-label="Filter signals"') as bar:
            self._text("Ticker", one.ticker).classes("narrow")
            more = ui.button("Filters", icon="tune", on_click=lambda: bar.classes(toggle="open"))
            more.props("flat dense no-caps").classes("phone-only")
            with ui.element("div").classes("more"):
                self._select("Show", "scope", _SCOPES, one.scope)
                self._select("Decision", "decided", _DECIDED, one.decided)
                self._select("Found", "since", _SPANS, one.since)
                self._select("Pair", "pair", self._pairs(), one.pair).classes("narrow")
                self._select("Vol point", "point", {"": "All", **POINTS}, one.point).classes("narrow")
                self._number(one.min_ff)
                self._select("Origin", "origin", _ORIGINS, one.origin)
                self._order(one)

    def _pairs(self) -> Mapping[str, str]:
        own = {rule.name for rule in (*self._visit.settings.pairs, *DEFAULT_PAIRS)} | {self._choice.pair}
        return {"": "All", **{name: name for name in sorted(own) if name}}

    def _text(self, label: str, value: str) -> ui.input:
        control = ui.input(
            label, value=value, on_change=self._says("ticker", lambda text: (text or "").strip().upper())
        )
        props = f"outlined dense clearable debounce={WAITS_MS} maxlength=20 autocomplete=off spellcheck=false"
        return control.props(props).classes("control")

    def _number(self, value: float | None) -> ui.number:
        control = ui.number("Min. FF", value=value, step=0.05, format="%.2f", on_change=self._says("min_ff", _as_is))
        return control.props(f"outlined dense clearable debounce={WAITS_MS}").classes("control narrow")

    def _select(self, label: str, name: str, options: Mapping[Any, str], value: Any) -> ui.select:
        control = ui.select(dict(options), label=label, value=value, on_change=self._says(name, _as_is))
        return control.props("outlined dense options-dense").classes("control")

    def _order(self, one: Choice) -> None:
        """Offer the orders that headings give too: a phone shows none, and no key reaches them."""
        now = (one.sort, one.descending)
        options = {f"{sort.value} {down}": words for (sort, down), words in _ORDERS.items()}
        value = f"{now[0].value} {now[1]}" if now in _ORDERS else None

        async def order(event: Any) -> None:
            chosen = next((key for key in _ORDERS if f"{key[0].value} {key[1]}" == event.value), now)
            await self._tell(sort=chosen[0], descending=chosen[1])

        control = ui.select(options, label="Order", value=value, on_change=self._visit.does(order))
        control.props("outlined dense options-dense").classes("control wide")

    def _says(self, name: str, read: Callable[[Any], Any]) -> Callable[..., Awaitable[None]]:
        async def say(event: Any) -> None:
            await self._tell(**{name: read(event.value)})

        return self._visit.does(say)

    async def _tell(self, **change: Any) -> None:
        wanted = replace(self._choice, **change, page=1)
        if wanted != self._choice:
            self._choice = wanted
            await self._chosen(wanted)


def _as_is(value: Any) -> Any:
    return value
