"""Taps on Place and Ignore: recorded once; whatever is tapped after that says so."""

from __future__ import annotations

from dataclasses import dataclass

from forward_factor.bot import messages
from forward_factor.bot.calls import Call, Desk, Reply
from forward_factor.core.decisions import Decision
from forward_factor.notify.buttons import Button, Tap, TapKind, decided_row
from forward_factor.services.record_decision import record_decision

_WORDS = {Decision.PLACED: "✅ Placed", Decision.IGNORED: "✖ Ignored"}


@dataclass(frozen=True, slots=True)
class Decided:
    """What a tap comes to.

    Attributes:
        said: what is shown for a moment.
        row: what takes the place of the buttons of its signal.
        question: what is asked next, if anything.

    """

    said: str
    row: tuple[Button, ...] | None = None
    question: Reply | None = None


async def decide(desk: Desk, call: Call, tap: Tap) -> Decided:
    """Record a decision, unless there is one on that signal."""
    user_id = call.user_id
    if tap.kind is TapKind.NOTHING:
        return Decided("That is decided already")
    wanted = Decision.PLACED if tap.kind is TapKind.PLACE else Decision.IGNORED
    recorded = await record_decision(desk.store, desk.clock, user_id, tap.signal_id, wanted)
    made = recorded.decision.decision or Decision.IGNORED
    said = messages.decided(recorded.decision, is_new=recorded.is_new)
    asks = recorded.is_new and made is Decision.PLACED
    question = Reply(messages.ask_entry(recorded.decision), asks=messages.PRICE_FORM) if asks else None
    return Decided(said, decided_row(tap.signal_id, _WORDS[made]), question)
