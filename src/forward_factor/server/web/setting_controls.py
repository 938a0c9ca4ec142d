"""Controls of settings: each shows a value, gives what stands in it, and tells what is wrong with that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol
from zoneinfo import available_timezones

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from forward_factor.core.account_settings import QuietHours
from forward_factor.core.pair_rules import MOST_PAIRS
from forward_factor.core.rules import PairRule
from forward_factor.server.web.parts import note
from forward_factor.server.web.setting_fields import Field, Kind, written

DEBOUNCE_MS = 350
_TOUCHED = Callable[[], Awaitable[None]]


class Control(Protocol):
    """A setting on the screen; every change by a person is told to ``touched``."""

    def read(self) -> object:
        """Return what stands in it, as the setting's parser takes it."""

    def show(self, value: Any) -> None:
        """Show a value of the setting."""

    def blame(self, words: str) -> None:
        """Tell what is wrong with what stands in it; an empty text takes that back."""


def draw_control(one: Field, value: Any, hint: str, touched: _TOUCHED) -> Control:
    """Draw the control of a setting."""
    match one.kind:
        case Kind.SWITCH:
            return _Switch(one, value, hint, touched)
        case Kind.CHOICE:
            return _Choice(one, dict(one.choices), value, hint, touched)
        case Kind.ZONE:
            zones = {name: name for name in sorted(available_timezones())}
            return _Choice(one, zones, value, hint, touched, is_long=True)
        case Kind.PAIRS:
            return _Pairs(one, value, hint, touched)
        case Kind.QUIET_HOURS:
            return _QuietHours(one, value, hint, touched)
        case Kind.NUMBER | Kind.SHARE:
            return _Text(one, value, hint, touched)


class _Listener:
    """Tells of values that a person chose, and not of those that the page shows by itself."""

    def __init__(self, touched: _TOUCHED, *elements: ValueElement[Any]) -> None:
        self._touched = touched
        self._is_silent = False
        for one in elements:
            self.hear(one)

    def hear(self, element: ValueElement[Any]) -> None:
        """Listen to one more element."""
        element.on_value_change(self._changed)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Hear nothing for a while."""
        self._is_silent = True
        try:
            yield
        finally:
            self._is_silent = False

    def _changed(self) -> Awaitable[None] | None:
        return None if self._is_silent else self._touched()


class _Text:
    def __init__(self, one: Field, value: Any, hint: str, touched: _TOUCHED) -> None:
        self._kind = one.kind
        box = ui.input(one.label, value=written(value, one.kind)).classes("setting")
        self._box = box.props(f"outlined dense debounce={DEBOUNCE_MS} autocomplete=off maxlength=60 inputmode=text")
        self._box.props["hint"] = hint
        if one.unit:
            self._box.props["suffix"] = one.unit
        self._listener = _Listener(touched, self._box)

    def read(self) -> object:
        return str(self._box.value or "")

    def show(self, value: Any) -> None:
        with self._listener.silent():
            self._box.value = written(value, self._kind)

    def blame(self, words: str) -> None:
        self._box.error = words or None


class _Choice:
    def __init__(
        self, one: Field, choices: dict[str, str], value: Any, hint: str, touched: _TOUCHED, *, is_long: bool = False
    ) -> None:
        self._choices = choices
        self._box = ui.select(choices, label=one.label, value=self._known(value), with_input=is_long)
        self._box.props("outlined dense options-dense").classes("setting")
        self._listener = _Listener(touched, self._box)
        self._box.props["hint"] = hint

    def read(self) -> object:
        return self._box.value

    def show(self, value: Any) -> None:
        with self._listener.silent():
            self._box.value = self._known(value)

    def blame(self, words: str) -> None:
        self._box.error = words or None

    def _known(self, value: Any) -> str | None:
        text = str(value)
        return text if text in self._choices else None


class _Switch:
    def __init__(self, one: Field, value: Any, hint: str, touched: _TOUCHED) -> None:
        with ui.element("div").classes("setting"):
            self._switch = ui.switch(one.label, value=bool(value))
            note(hint)
        self._listener = _Listener(touched, self._switch)

    def read(self) -> object:
        return bool(self._switch.value)

    def show(self, value: Any) -> None:
        with self._listener.silent():
            self._switch.value = bool(value)

    def blame(self, words: str) -> None:
        """Nothing is wrong with on or off."""


class _QuietHours:
    def __init__(self, one: Field, value: QuietHours, hint: str, touched: _TOUCHED) -> None:
        with ui.element("div").classes("setting wide"):
            with ui.element("div").classes("bar"):
                self._on = ui.switch(one.label, value=value.enabled)
                self._start = ui.input("From", value=value.start)
                self._end = ui.input("To", value=value.end)
                for box in (self._start, self._end):
                    box.props("outlined dense type=time stack-label hide-bottom-space").classes("time-box")
            self._fault = ui.label().classes("bad").props("role=alert")
            note(hint)
        self._listener = _Listener(touched, self._on, self._start, self._end)

    def read(self) -> object:
        return {"enabled": bool(self._on.value), "start": self._start.value or "", "end": self._end.value or ""}

    def show(self, value: QuietHours) -> None:
        with self._listener.silent():
            self._on.value, self._start.value, self._end.value = value.enabled, value.start, value.end

    def blame(self, words: str) -> None:
        self._fault.text = words


class _Pairs:
    """A row a pair; boxes left empty for tolerances mean the usual ones."""

    def __init__(self, one: Field, value: tuple[PairRule, ...], hint: str, touched: _TOUCHED) -> None:
        self._touched = touched
        self._listener = _Listener(touched)
        self._rows: list[tuple[ui.element, tuple[ui.input, ...]]] = []
        with ui.element("fieldset").classes("setting wide pairs-box"):
            with ui.element("legend"):
                ui.label(one.label)
            self._place = ui.element("div").classes("pair-rows")
            self._add = ui.button("Add a pair", icon="add", on_click=self._add_empty).props("flat dense no-caps")
            self._fault = ui.label().classes("bad").props("role=alert")
            note(hint)
        self.show(value)

    def read(self) -> object:
        return ", ".join(_pair_text(boxes) for _, boxes in self._rows)

    def show(self, value: tuple[PairRule, ...]) -> None:
        self._place.clear()
        self._rows.clear()
        for pair in value:
            self._draw(pair.front, pair.back, pair.front_tolerance, pair.back_tolerance)

    def blame(self, words: str) -> None:
        self._fault.text = words

    async def _add_empty(self) -> None:
        if len(self._rows) < MOST_PAIRS:
            self._draw("", "", "", "")
            await self._touched()

    def _draw(self, *numbers: int | str) -> None:
        with self._place, ui.element("div").classes("pair-row") as row:
            names = ("Front", "Back", "Front ±", "Back ±")
            boxes = tuple(_days(name, number) for name, number in zip(names, numbers, strict=True))
            for box in boxes:
                self._listener.hear(box)

            async def remove() -> None:
                self._rows[:] = [one for one in self._rows if one[0] is not row]
                row.delete()
                await self._touched()

            ui.button(icon="close", on_click=remove).props('flat dense round aria-label="Remove this pair"')
        self._rows.append((row, boxes))


def _days(name: str, number: int | str) -> ui.input:
    box = ui.input(name, value=str(number)).classes("day-box")
    return box.props(
        f"outlined dense debounce={DEBOUNCE_MS} hide-bottom-space inputmode=numeric maxlength=4 stack-label"
    )


def _pair_text(boxes: tuple[ui.input, ...]) -> str:
    front, back, front_tolerance, back_tolerance = (str(box.value or "").strip() or "" for box in boxes)
    tolerances = f"±{front_tolerance or 0}/{back_tolerance or 0}" if front_tolerance or back_tolerance else ""
    return f"{front or '?'}/{back or '?'}{tolerances}"
