"""Decisions and reminders as tables and lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from rich.markup import escape
from rich.table import Table

from forward_factor.cli.console import count, number, one_line
from forward_factor.cli.tables import Column, draw_table
from forward_factor.core.decisions import Decision
from forward_factor.core.messages import ReminderFacts, ReminderKind
from forward_factor.core.split_adjustments import Adjustment, AdjustmentState
from forward_factor.services.decision_views import DecisionView, ReminderState, ReminderView

SHORT_ID = 8
NARROWEST_NOTES = 20
KINDS = {
    ReminderKind.DAY_BEFORE_EXPIRY: "expires on the next trading day",
    ReminderKind.EXPIRY_MORNING: "expires today",
    ReminderKind.EX_DIVIDEND: "ex-dividend on the next trading day",
    ReminderKind.EARNINGS_MOVED: "earnings date changed",
}
_COLOURS = {ReminderState.OPEN: "bold", ReminderState.MISSED: "yellow"}


def decision_table(found: Sequence[DecisionView]) -> Table:
    """Return decisions, a row each."""
    signals = [one.signal for one in found]
    columns = [
        Column("decided (UTC)", [_instant(one.decided_at) for one in found], rank=1),
        Column("ticker", [f"[bold]{_text(one.ticker)}[/]" for one in found]),
        Column("decision", [_text(one.word) for one in found]),
        Column("status", [_status(one) for one in found]),
        Column("structure", [one.structure.value if one.structure else "–" for one in found], rank=2),
        Column("expiries", [_expiries(one.front_expiry, one.back_expiry) if one else "–" for one in signals], rank=2),
        Column("FF", [number(one.ff) if one else "–" for one in signals], is_number=True, rank=4),
        Column("entry", [number(one.entry_price, 2) for one in found], is_number=True, rank=1),
        Column("contracts", [count(one.contracts) for one in found], is_number=True, rank=3),
        Column("exit", [number(one.exit_price, 2) for one in found], is_number=True, rank=1),
        Column("P&L", [number(one.pnl, 2) for one in found], is_number=True),
        Column("notes", [_text(one.notes) for one in found], rank=5, wraps_to=NARROWEST_NOTES),
        Column("id", [_text(one.id[:SHORT_ID]) for one in found]),
    ]
    return draw_table(None, columns)


def shown_decision(one: DecisionView) -> str:
    """Return a decision in one line."""
    parts = [_text(one.word), f"[bold]{_text(one.ticker)}[/]", one.structure.value if one.structure else ""]
    if one.entry_price is not None:
        parts.append(f"at {number(one.entry_price, 2)}")
    if one.contracts is not None:
        parts.append(f"x {count(one.contracts)}")
    if one.exit_price is not None:
        parts.append(f"closed at {number(one.exit_price, 2)}, P&L {number(one.pnl, 2)}")
    return f"{' '.join(part for part in parts if part)} ({_text(one.id[:SHORT_ID])})"


def adjustment_table(steps: Sequence[Adjustment]) -> Table:
    """Return what splits changed about a decision, the latest last."""
    states = {one: one.value.replace("_", " ") for one in AdjustmentState}
    columns = [
        Column("adjusted (UTC)", [_instant(one.adjusted_at) for one in steps], rank=1),
        Column("split", [f"{one.ratio:g} for 1 on {one.effective_on}" for one in steps]),
        Column("", [states[one.state] for one in steps]),
        Column("contracts", [_change(count(one.before.contracts), count(one.after.contracts)) for one in steps]),
        Column("entry", [_change(number(one.before.entry_price), number(one.after.entry_price)) for one in steps]),
        Column("why", [_text(one.reason) for one in steps], rank=2, wraps_to=NARROWEST_NOTES),
    ]
    return draw_table("Splits", columns)


def reminder_table(found: Sequence[ReminderView]) -> Table:
    """Return reminders, a row each."""
    facts = [one.facts for one in found]
    columns = [
        Column("due (UTC)", [_instant(one.due_at) for one in found]),
        Column("state", [_state(one.state) for one in found]),
        Column("ticker", [f"[bold]{_text(one.ticker)}[/]" for one in facts]),
        Column("about", [KINDS[one.reminder] for one in facts]),
        Column("date", [_about(one) for one in facts]),
        Column("of use until", [_instant(one.useful_until) for one in found], rank=2),
        Column("decision", [_text(one.decision_id[:SHORT_ID]) for one in found], rank=1),
    ]
    return draw_table(None, columns)


def _change(before: str, after: str) -> str:
    return before if before == after else f"{before} › {after}"


def _status(one: DecisionView) -> str:
    if one.is_open:
        return "[green]open[/]"
    return "closed" if one.decision is Decision.PLACED else "–"


def _state(state: ReminderState) -> str:
    return f"[{_COLOURS[state]}]{state.value}[/]" if state in _COLOURS else state.value


def _about(one: ReminderFacts) -> str:
    if one.reminder is ReminderKind.EARNINGS_MOVED and one.earlier_on is not None:
        return f"{one.earlier_on} › {one.about_on}"
    return f"{one.about_on}" + (f" ({one.amount:g} a share)" if one.amount is not None else "")


def _expiries(front: date | None, back: date | None) -> str:
    return f"{front or '–'} › {back or '–'}"


def _instant(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M}" if at else "–"


def _text(text: str | None) -> str:
    return escape(one_line(text)) if text else "–"
