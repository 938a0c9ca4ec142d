"""What signals came to, placed or ignored alike, by one rule and from recorded quotes alone.

The rule: the calendar of the signal's ticket is bought at mid, in the signal's own scan, and sold at mid in the last
recorded scan of the last session before the front expiry. Until that session, it stands at mid in the last recorded
scan. A price that was not recorded is no price: there is no outcome then, and the reason is told. Costs are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from forward_factor.backtest.exits import exit_day
from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.chain import NEW_YORK, new_york_date
from forward_factor.core.decisions import Decision
from forward_factor.core.structure import structure_at
from forward_factor.core.ticket import SHARES_A_CONTRACT, Quote, Refusal, Right, Ticket
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.ports import Findings
from forward_factor.services.ports.marks import MarkQuestion, Marks, RecordedQuotes, TradedContract
from forward_factor.services.views import SignalView
from forward_factor.services.write_ticket import REFUSALS, price_signal

MOST_WEIGHED = 60
"""Decisions that are weighed at once: for each, a whole recorded chain is read."""
SESSIONS_BEFORE = 1
_DAY = timedelta(days=1)


class OutcomeState(StrEnum):
    """How final an outcome is."""

    FINAL = "final"
    SO_FAR = "so_far"
    NOT_RECORDED = "not_recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the ticket of one decision's signal came to.

    Attributes:
        why: why there is none, in words; empty where there is one.
        debit, value: of one share, dollars, at mid; ``marked_at`` is when the value was recorded.

    """

    decision_id: str
    decision: Decision | None
    state: OutcomeState
    why: str = ""
    debit: float | None = None
    value: float | None = None
    marked_at: datetime | None = None

    @property
    def dollars(self) -> float | None:
        """Return what one contract of every leg made."""
        return None if self.debit is None or self.value is None else (self.value - self.debit) * SHARES_A_CONTRACT

    @property
    def share(self) -> float | None:
        """Return what was made as a share of the debit."""
        return None if self.debit is None or self.value is None else (self.value - self.debit) / self.debit


@dataclass(frozen=True, slots=True)
class _Bought:
    """A ticket that was bought at mid, and where its last mark is to be found."""

    debit: float
    question: MarkQuestion
    is_over: bool


async def weigh_decisions(
    findings: Findings, marks: Marks, decisions: Sequence[DecisionView], settings: AccountSettings, now: datetime
) -> list[Outcome]:
    """Return the outcome of each decision's signal; of the first ``MOST_WEIGHED`` of them.

    An ignored signal is traded in the structure that ``settings`` prefer, a placed one in its own.
    """
    some = decisions[:MOST_WEIGHED]
    bought = [await _buy(findings, one, settings, now) for one in some]
    questions = [one.question for one in bought if isinstance(one, _Bought)]
    found = iter(await marks.last_quotes(questions))
    return [
        _not_recorded(decision, one) if isinstance(one, str) else _outcome(decision, one, next(found))
        for decision, one in zip(some, bought, strict=True)
    ]


async def _buy(findings: Findings, decision: DecisionView, settings: AccountSettings, now: datetime) -> _Bought | str:
    """Return what was bought, or why nothing was."""
    signal = decision.signal
    if signal is None or signal.front_expiry is None or signal.provider is None:
        return "the signal's own facts were not kept"
    leaves_on = exit_day(signal.front_expiry, SESSIONS_BEFORE)
    if new_york_date(signal.as_of) >= leaves_on:
        return "the front expired too soon after the signal"
    traded = decision.structure or structure_at(settings.structure, signal.vol_point)
    ticket = await price_signal(findings, signal, traded)
    if ticket is None:
        return "the quotes behind the signal were not kept"
    if isinstance(ticket, Refusal):
        return REFUSALS[ticket]
    is_over = new_york_date(now) > leaves_on
    question = _question(signal, signal.provider, ticket, leaves_on, now, is_over=is_over)
    return _Bought(ticket.debit.at_mid, question, is_over)


def _question(
    signal: SignalView, provider: str, ticket: Ticket, leaves_on: date, now: datetime, *, is_over: bool
) -> MarkQuestion:
    contracts = tuple(
        TradedContract(expiry, one.strike, one.right is Right.CALL)
        for one in ticket.calendars
        for expiry in (one.front_expiry, one.back_expiry)
    )
    midnight = datetime.combine(leaves_on, time(0), NEW_YORK)
    after = midnight if is_over else signal.as_of
    before = min(datetime.combine(leaves_on + _DAY, time(0), NEW_YORK), now + timedelta(seconds=1))
    return MarkQuestion(signal.ticker, provider, after, before, contracts)


def _outcome(decision: DecisionView, bought: _Bought, found: RecordedQuotes | None) -> Outcome:
    if found is None:
        when = "on the last day before the front expiry" if bought.is_over else "since"
        return _not_recorded(decision, f"no scan was recorded {when}")
    mids = [_mid(one) for one in found.quotes]
    known = [one for one in mids if one is not None]
    if len(known) < len(mids):
        return _not_recorded(decision, "a leg had no usable quote in the last recorded scan")
    value = sum(back - front for front, back in zip(known[::2], known[1::2], strict=True))
    return Outcome(
        decision_id=decision.id,
        decision=decision.decision,
        state=OutcomeState.FINAL if bought.is_over else OutcomeState.SO_FAR,
        debit=bought.debit,
        value=value,
        marked_at=found.at,
    )


def _mid(quote: Quote | None) -> float | None:
    return quote.mid if quote is not None and 0.0 < quote.bid <= quote.ask else None


def _not_recorded(decision: DecisionView, why: str) -> Outcome:
    return Outcome(decision_id=decision.id, decision=decision.decision, state=OutcomeState.NOT_RECORDED, why=why)
