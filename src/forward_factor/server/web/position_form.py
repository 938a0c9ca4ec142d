"""The form that puts a decision right: its entry, its notes, its exit."""

from __future__ import annotations

from nicegui import ui

from forward_factor.core.decisions import LONGEST_NOTES, Amendment, Decision
from forward_factor.core.structure import Structure
from forward_factor.errors import InvalidInput
from forward_factor.server.web.decision_rows import STRUCTURES
from forward_factor.server.web.parts import note, subtitle
from forward_factor.server.web.visit import Action, Visit
from forward_factor.services.amend_decision import amend_decision
from forward_factor.services.close_decision import close_decision
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.reopen_decision import reopen_decision


class PositionForm:
    """A dialog over one decision; ``done`` is done after each change that was kept."""

    def __init__(self, visit: Visit, decision: DecisionView, done: Action) -> None:
        self._visit, self._decision, self._done = visit, decision, done
        self._is_position = decision.decision is Decision.PLACED
        with ui.dialog().props('aria-label="Change a decision"') as self._dialog, ui.card().classes("form-card"):
            subtitle(f"{decision.ticker or 'A decision'}: {'position' if self._is_position else 'ignored signal'}")
            if self._is_position:
                self._position()
            self._notes = ui.textarea("Notes", value=decision.notes or "").classes("full")
            self._notes.props(f"outlined dense autogrow maxlength={LONGEST_NOTES}")
            self._buttons()
        self._dialog.on("hide", self._dialog.delete)
        self._dialog.open()

    def _position(self) -> None:
        one = self._decision
        with ui.element("div").classes("form-row"):
            self._price = _number("Entry, $ a share", one.entry_price)
            self._contracts = _number("Contracts", one.contracts)
            self._structure = ui.select(STRUCTURES, label="Trade", value=one.structure or Structure.CALL)
            self._structure.props("outlined dense")
        if one.is_open:
            with ui.element("div").classes("form-row"):
                self._exit = _number("Exit, $ a share", None)
                ui.button("Close the position", on_click=self._visit.does(self._close)).props("outline no-caps")
            note("P&L is (exit − entry) × contracts × 100; it needs entry and contracts.")
        elif one.exit_price is not None or one.closed_at is not None:
            with ui.element("div").classes("form-row"):
                note(f"Closed at {one.exit_price if one.exit_price is not None else 'a price that was not said'}.")
                ui.button("Reopen", on_click=self._visit.does(self._reopen)).props("outline no-caps")

    def _buttons(self) -> None:
        with ui.element("div").classes("form-row end"):
            ui.button("Cancel", on_click=self._dialog.close).props("flat no-caps")
            ui.button("Save", on_click=self._visit.does(self._save)).props("unelevated no-caps")

    def _amendment(self) -> Amendment:
        notes = str(self._notes.value or "").strip() or None
        if not self._is_position:
            return Amendment(notes=notes)
        return Amendment(
            price=_float(self._price, "an entry price"),
            contracts=_whole(self._contracts),
            structure=Structure(self._structure.value),
            notes=notes,
        )

    async def _amend(self) -> None:
        visit, one = self._visit, self._decision
        await amend_decision(visit.store, visit.backend.application.clock, visit.user.id, one.id, self._amendment())

    async def _save(self) -> None:
        await self._amend()
        await self._end("Saved.")

    async def _close(self) -> None:
        price = _float(self._exit, "an exit price")
        if price is None:
            raise InvalidInput("say at what price the position was closed, dollars a share")
        await self._amend()
        visit, one = self._visit, self._decision
        await close_decision(visit.store, visit.backend.application.clock, visit.user.id, one.id, price)
        await self._end("Closed.")

    async def _reopen(self) -> None:
        visit, one = self._visit, self._decision
        await reopen_decision(visit.store, visit.backend.application.clock, visit.user.id, one.id)
        await self._end("Open again.")

    async def _end(self, words: str) -> None:
        self._visit.backend.news.tell(self._visit.user.id)
        ui.notify(words, type="positive")
        self._dialog.close()
        await self._done()


def _number(label: str, value: float | None) -> ui.input:
    box = ui.input(label, value="" if value is None else f"{value:g}")
    return box.props("outlined dense inputmode=decimal maxlength=20 autocomplete=off")


def _float(box: ui.input, name: str) -> float | None:
    text = str(box.value or "").strip().replace(",", "").removeprefix("$")
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        raise InvalidInput(f"{name} is in dollars a share, such as 1.85") from None


def _whole(box: ui.input) -> int | None:
    number = _float(box, "the number of contracts")
    if number is None:
        return None
    if number != number // 1:
        raise InvalidInput("the number of contracts is a whole one")
    return int(number)
