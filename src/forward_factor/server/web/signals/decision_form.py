"""The forms by which somebody says what they did with a signal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nicegui import ui

from forward_factor.core.decisions import LONGEST_NOTES, Amendment, Decision, Entry
from forward_factor.core.structure import Structure, structure_at
from forward_factor.core.ticket import Ticket
from forward_factor.errors import InvalidInput, NotFound
from forward_factor.server.web.decision_rows import STRUCTURES
from forward_factor.server.web.formats import day
from forward_factor.server.web.parts import note, subtitle
from forward_factor.server.web.signals.rows import POINTS
from forward_factor.server.web.visit import Visit
from forward_factor.services.amend_decision import amend_decision
from forward_factor.services.close_decision import close_decision
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.record_decision import record_decision
from forward_factor.services.views import SignalView
from forward_factor.services.write_ticket import write_ticket

Done = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a form begins with; ``source`` says where the numbers are from."""

    entry: Entry
    source: str


class EntryFields:
    """The fields of an entry, and what is in them."""

    def __init__(self, start: Entry, *, is_position: bool) -> None:
        self._is_position = is_position
        if is_position:
            self._price = ui.number("Entry price, dollars a share", value=start.price, min=0, step=0.05, format="%.2f")
            self._contracts = ui.number("Contracts of every leg", value=start.contracts, min=1, step=1, precision=0)
            self._structure = ui.select(STRUCTURES, label="Structure", value=start.structure or Structure.CALL)
        self._notes = ui.textarea("Notes", value=start.notes or "")
        for field in self._fields():
            field.props("outlined dense").classes("full")
        self._notes.props(f"autogrow maxlength={LONGEST_NOTES}")

    @property
    def entry(self) -> Entry:
        """Return what is said.

        Raises:
            InvalidInput: a number or the text lies outside its bounds.

        """
        notes = (self._notes.value or "").strip() or None
        if not self._is_position:
            return Entry(notes=notes)
        contracts = self._contracts.value
        return Entry(self._price.value, _whole(contracts), self._structure.value, notes)

    def _fields(self) -> list[ui.number | ui.select | ui.textarea]:
        return [self._price, self._contracts, self._structure, self._notes] if self._is_position else [self._notes]


async def ask_decision(visit: Visit, signal: SignalView, decision: Decision, done: Done) -> None:
    """Open the form of a decision on a signal; ``done`` is called when it was made, here or elsewhere."""
    is_position = decision is Decision.PLACED
    start = await _defaults(visit, signal) if is_position else Defaults(Entry(), "")
    verb = "Place" if is_position else "Ignore"
    with _dialog(f"{verb} {signal.ticker}") as dialog:
        note(_trade_words(signal))
        fields = EntryFields(start.entry, is_position=is_position)
        if start.source:
            note(start.source)

        async def save() -> None:
            made = await record_decision(
                visit.store, visit.backend.application.clock, visit.user.id, signal.id, decision, fields.entry
            )
            visit.backend.news.tell(visit.user.id)
            dialog.close()
            if not made.is_new:
                ui.notify("You had decided about this signal already: that stays as it was.", type="warning")
            await done()

        _buttons(dialog, verb, visit.does(save))


def ask_amendment(visit: Visit, made: DecisionView, decision: Decision, done: Done) -> None:
    """Open the form that puts a decision right, or makes it ``decision``."""
    is_position = decision is Decision.PLACED
    with _dialog(f"Change what you did with {made.ticker or 'this signal'}") as dialog:
        start = Entry(made.entry_price, made.contracts, made.structure, made.notes)
        fields = EntryFields(start, is_position=is_position)

        async def save() -> None:
            said = fields.entry
            change = Amendment(decision=decision, notes=said.notes)
            if is_position:
                change = Amendment(decision, said.price, said.contracts, said.structure or Structure.CALL, said.notes)
            await amend_decision(visit.store, visit.backend.application.clock, visit.user.id, made.id, change)
            visit.backend.news.tell(visit.user.id)
            dialog.close()
            await done()

        _buttons(dialog, "Save", visit.does(save))


def ask_exit(visit: Visit, made: DecisionView, done: Done) -> None:
    """Open the form that closes a position."""
    with _dialog(f"Close {made.ticker or 'the position'}") as dialog:
        price = ui.number("Exit price, dollars a share", min=0, step=0.05, format="%.2f")
        price.props("outlined dense autofocus").classes("full")

        async def save() -> None:
            if price.value is None:
                raise InvalidInput("say at what price it was closed, in dollars a share")
            clock = visit.backend.application.clock
            await close_decision(visit.store, clock, visit.user.id, made.id, float(price.value))
            visit.backend.news.tell(visit.user.id)
            dialog.close()
            await done()

        _buttons(dialog, "Close position", visit.does(save))


async def _defaults(visit: Visit, signal: SignalView) -> Defaults:
    """Return the ticket's numbers, or what the settings prefer where there is no ticket."""
    preferred = structure_at(visit.settings.structure, signal.vol_point)
    try:
        written = await write_ticket(visit.store, visit.store.findings, signal.id, visit.user.id)
    except NotFound:
        return Defaults(Entry(structure=preferred), "The quotes of this signal were not kept: there is no ticket.")
    if not isinstance(written.trade, Ticket):
        return Defaults(Entry(structure=preferred), f"There is no ticket: {written.refusal}.")
    trade = written.trade
    entry = Entry(round(trade.debit.at_mid, 2), trade.contracts or 1, written.structure)
    if trade.contracts is None:
        return Defaults(entry, "Price: the ticket's debit at mid. Settings can suggest a size.")
    return Defaults(entry, f"Price: the ticket's debit at mid. Suggested size: {trade.contracts}.")


def _trade_words(signal: SignalView) -> str:
    point = POINTS.get(signal.vol_point or "", signal.vol_point or "")
    legs = f"sell {day(signal.front_expiry)}, buy {day(signal.back_expiry)}"
    return ": ".join(part for part in (f"{signal.pair or ''} {point}".strip(), legs) if part)


@contextmanager
def _dialog(heading: str) -> Iterator[ui.dialog]:
    """Build and open a form, which is gone as soon as it is closed."""
    dialog = ui.dialog().props(f'aria-label="{_plain(heading)}"')
    dialog.on("hide", dialog.delete)
    with dialog, ui.card().classes("form"):
        subtitle(heading)
        yield dialog
    dialog.open()


def _plain(words: str) -> str:
    return "".join(one for one in words if one.isalnum() or one in " .-")


def _buttons(dialog: ui.dialog, words: str, save: Callable[..., Awaitable[None]]) -> None:
    with ui.element("div").classes("form-buttons"):
        ui.button("Cancel", on_click=dialog.close).props("flat no-caps")
        ui.button(words, on_click=save).props("unelevated no-caps").mark("save")


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)
