"""Placed against ignored: what their signals came to by one rule, from recorded quotes alone."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from forward_factor.core.decisions import Decision
from forward_factor.server.web.formats import MISSING, instant, money, percent
from forward_factor.server.web.parts import Column, Row, note, panel, table
from forward_factor.server.web.visit import Visit
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.weigh_decisions import MOST_WEIGHED, Outcome, OutcomeState, weigh_decisions

RULE = (
    "The rule, the same for both: one calendar of the signal's ticket bought at mid in the signal's own scan, and sold "
    "at mid in the last recorded scan of the last session before the front expiry; until then it stands at mid in the "
    "last recorded scan. Costs are left out. What was not recorded is not guessed."
)
_GROUPS = {Decision.PLACED: "Placed", Decision.IGNORED: "Ignored"}
_SUMMARY = (
    Column("group", "Signals"),
    Column("count", "Looked at", is_number=True),
    Column("final", "Ended", is_number=True),
    Column("mean", "Mean a contract", is_number=True),
    Column("share", "Of the debit", is_number=True),
    Column("won", "Gained", is_number=True),
    Column("so_far", "Still running", is_number=True),
    Column("so_far_mean", "Mean a contract so far", is_number=True),
    Column("missing", "Not recorded", is_number=True),
)
_EACH = (
    Column("ticker", "Ticker"),
    Column("pair", "Pair"),
    Column("group", "Decision"),
    Column("debit", "Debit", is_number=True),
    Column("value", "Value", is_number=True),
    Column("made", "Made, a contract", is_number=True, sort_by="made_number"),
    Column("when", "As of"),
)


class OutcomesPanel:
    """Weighs the newest decisions when asked to: for each, a whole recorded chain is read."""

    def __init__(self, visit: Visit, decisions: Sequence[DecisionView]) -> None:
        self._visit = visit
        self._decisions = [one for one in decisions if one.decision is not None][:MOST_WEIGHED]
        with panel("Placed against ignored: what the signals came to"):
            note(RULE)
            self._place = ui.element("div").props("aria-live=polite")
            with self._place:
                words = f"Work it out for the newest {len(self._decisions)}"
                self._button = (
                    ui.button(words, on_click=visit.does(self._work)).props("outline no-caps").classes("below")
                )
                if not self._decisions:
                    self._button.set_visibility(False)
                    note("There is no decision yet.")

    async def _work(self) -> None:
        visit = self._visit
        self._button.props("loading")
        try:
            found = await weigh_decisions(
                visit.store.findings, visit.store.marks, self._decisions, visit.settings, visit.now
            )
        finally:
            self._button.props(remove="loading")
        self._place.clear()
        with self._place:
            table(_SUMMARY, [_summary(decision, found) for decision in _GROUPS], "group", "Nothing yet.")
            with ui.expansion("Signal by signal").props("dense").classes("each"):
                table(_EACH, [self._row(*both) for both in zip(self._decisions, found, strict=True)], "id", "Nothing.")

    def _row(self, one: DecisionView, outcome: Outcome) -> Row:
        signal = one.signal
        return {
            "id": one.id,
            "ticker": one.ticker or MISSING,
            "pair": f"{signal.pair or ''} {signal.vol_point or ''}".strip() if signal else MISSING,
            "group": _GROUPS.get(one.decision, MISSING) if one.decision else MISSING,
            "debit": money(outcome.debit),
            "value": money(outcome.value),
            "made": money(outcome.dollars),
            "made_number": outcome.dollars,
            "when": _when(outcome, self._visit),
        }


def _when(outcome: Outcome, visit: Visit) -> str:
    if outcome.state is OutcomeState.NOT_RECORDED:
        return f"Not recorded: {outcome.why}"
    return ("so far, " if outcome.state is OutcomeState.SO_FAR else "") + instant(outcome.marked_at, visit.zone)


def _summary(decision: Decision, outcomes: Sequence[Outcome]) -> Row:
    own = [one for one in outcomes if one.decision is decision]
    final = [one for one in own if one.state is OutcomeState.FINAL]
    running = [one for one in own if one.state is OutcomeState.SO_FAR]
    gained = [one for one in final if (one.dollars or 0.0) > 0.0]
    return {
        "group": _GROUPS[decision],
        "count": len(own),
        "final": len(final),
        "mean": money(_mean([one.dollars for one in final])),
        "share": percent(_mean([one.share for one in final])),
        "won": f"{len(gained)} of {len(final)}" if final else MISSING,
        "so_far": len(running),
        "so_far_mean": money(_mean([one.dollars for one in running])),
        "missing": len(own) - len(final) - len(running),
    }


def _mean(values: Sequence[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return sum(known) / len(known) if known else None
