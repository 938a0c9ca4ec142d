"""What the person did with a signal, and what they are reminded of; it changes where it is shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from nicegui import ui

from forward_factor.core.decisions import Decision
from forward_factor.core.messages import ReminderKind
from forward_factor.server.web.decision_rows import STRUCTURES
from forward_factor.server.web.formats import MISSING, day, instant, money
from forward_factor.server.web.parts import facts, note, panel, subtitle
from forward_factor.server.web.signals.decision_form import ask_amendment, ask_decision, ask_exit
from forward_factor.server.web.visit import Visit
from forward_factor.services.decision_views import DecisionView, ReminderState, ReminderView
from forward_factor.services.reopen_decision import reopen_decision
from forward_factor.services.study_signal import OwnPart, read_own_part
from forward_factor.services.views import SignalView

_OCCASIONS = {
    ReminderKind.DAY_BEFORE_EXPIRY: "The front expires on the next trading day",
    ReminderKind.EXPIRY_MORNING: "The front expires",
    ReminderKind.EX_DIVIDEND: "Ex-dividend: a short call may be assigned",
    ReminderKind.EARNINGS_MOVED: "Earnings have moved",
}
_STATES = {
    ReminderState.OPEN: "to come",
    ReminderState.SENT: "sent",
    ReminderState.MISSED: "missed",
    ReminderState.CANCELLED: "cancelled",
}


class OwnPanel:
    """A decision with its buttons, and its reminders."""

    def __init__(self, visit: Visit, signal: SignalView) -> None:
        self._visit, self._signal = visit, signal
        self._shown: OwnPart | None = None

    def build(self, own: OwnPart) -> None:
        """Draw the panel."""
        with panel("Your decision"):
            self._body = ui.element("div").props("aria-live=polite")
        self._dialogs = ui.element("div")
        self._show(own)

    async def renew(self) -> None:
        """Read it again: something was decided, here or elsewhere."""
        self._show(await read_own_part(self._visit.store, self._visit.user.id, self._signal.id))

    def _show(self, own: OwnPart) -> None:
        """Draw what is new: a button drawn anew for nothing would lose the click that is on its way to it."""
        if own == self._shown:
            return
        self._shown = own
        self._body.clear()
        with self._body:
            if own.decision is None:
                note("You have not decided about this signal yet.")
                with ui.element("div").classes("bar"):
                    self._button("Place", lambda: self._ask(Decision.PLACED), is_main=True)
                    self._button("Ignore", lambda: self._ask(Decision.IGNORED))
                return
            facts(_decision_facts(own.decision, self._visit))
            with ui.element("div").classes("bar"):
                self._buttons(own.decision)
            _show_reminders(own.reminders, self._visit)

    def _buttons(self, made: DecisionView) -> None:
        if made.is_open:
            self._button("Close position", lambda: self._exit(made), is_main=True)
            self._button("Change", lambda: self._amend(made, Decision.PLACED))
            self._button("I ignored it", lambda: self._amend(made, Decision.IGNORED))
        elif made.decision is Decision.PLACED:
            self._button("Change", lambda: self._amend(made, Decision.PLACED))
            self._button("Reopen", lambda: self._reopen(made))
        else:
            self._button("I placed it", lambda: self._amend(made, Decision.PLACED))
            self._button("Change notes", lambda: self._amend(made, Decision.IGNORED))

    def _button(self, words: str, action: Callable[[], Awaitable[None]], *, is_main: bool = False) -> None:
        async def act(*_event: object) -> None:
            await action()

        ui.button(words, on_click=self._visit.does(act)).props(f"no-caps {'unelevated' if is_main else 'flat'}")

    async def _ask(self, decision: Decision) -> None:
        with self._dialogs:
            await ask_decision(self._visit, self._signal, decision, self.renew)

    async def _amend(self, made: DecisionView, decision: Decision) -> None:
        with self._dialogs:
            ask_amendment(self._visit, made, decision, self.renew)

    async def _exit(self, made: DecisionView) -> None:
        with self._dialogs:
            ask_exit(self._visit, made, self.renew)

    async def _reopen(self, made: DecisionView) -> None:
        clock = self._visit.backend.application.clock
        await reopen_decision(self._visit.store, clock, self._visit.user.id, made.id)
        self._visit.backend.news.tell(self._visit.user.id)
        await self.renew()


def _decision_facts(made: DecisionView, visit: Visit) -> dict[str, str]:
    said = {"Decision": _words(made), "On": instant(made.decided_at, visit.zone)}
    if made.decision is Decision.PLACED:
        said |= {
            "Structure": STRUCTURES[made.structure] if made.structure else MISSING,
            "Contracts": MISSING if made.contracts is None else f"{made.contracts:,}",
            "Entry price": f"{money(made.entry_price)} a share" if made.entry_price is not None else MISSING,
        }
    if made.exit_price is not None or made.closed_at is not None:
        said |= {
            "Exit price": f"{money(made.exit_price)} a share" if made.exit_price is not None else MISSING,
            "Closed": instant(made.closed_at, visit.zone),
        }
    if made.pnl is not None:
        said["Profit"] = money(made.pnl)
    return said | ({"Notes": made.notes} if made.notes else {})


def _words(made: DecisionView) -> str:
    if made.decision is Decision.PLACED:
        return "Placed, held" if made.is_open else "Placed, closed"
    return "Ignored" if made.decision is Decision.IGNORED else made.word or MISSING


def _show_reminders(reminders: Sequence[ReminderView], visit: Visit) -> None:
    if not reminders:
        return
    subtitle("Reminders")
    with ui.element("ul").classes("plain-list"):
        for one in reversed(reminders):
            with ui.element("li"):
                ui.label(f"{_OCCASIONS[one.facts.reminder]}, {day(one.facts.about_on)}")
                note(f"{_STATES[one.state]} · {instant(one.due_at, visit.zone)}")
