"""Everything about one signal, for the person who looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from forward_factor.core.accounts import is_storable
from forward_factor.errors import NotFound
from forward_factor.services.decision_views import DecisionView, ReminderView
from forward_factor.services.ports import Findings, StoredScan, Transactions
from forward_factor.services.ports.records import Records, SeriesFilter
from forward_factor.services.read_history import read_history
from forward_factor.services.record_views import History
from forward_factor.services.views import ExpiryView, SignalView

HISTORY = timedelta(days=180)
MOST_READINGS = 1_000
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class OwnPart:
    """What the person did with a signal, and what they are reminded of, those due last first."""

    decision: DecisionView | None
    reminders: Sequence[ReminderView]


@dataclass(frozen=True, slots=True)
class SignalStudy:
    """A signal with all that is kept about it.

    Attributes:
        is_copy: the signal itself is gone; what is shown is the copy that the person's own decision keeps.
        scan: what it was made from, None where that was not kept.
        expiries: term structure of its snapshot, by date.
        history: readings of its pair and vol point, and where its own stands among those up to it.

    """

    signal: SignalView
    is_copy: bool
    own: OwnPart
    scan: StoredScan | None
    expiries: Sequence[ExpiryView]
    history: History | None


async def study_signal(
    store: Transactions, records: Records, findings: Findings, user_id: str, signal_id: str, now: datetime
) -> SignalStudy:
    """Return what is known about a signal, named by exactly its id.

    Raises:
        NotFound: there is no such signal, nor a decision of the person's own that holds a copy of it.

    """
    if not is_storable(signal_id):
        raise NotFound("there is no such signal")
    own = await read_own_part(store, user_id, signal_id)
    signal = await records.signal(signal_id)
    copy = own.decision.signal if own.decision else None
    if signal is None and copy is None:
        raise NotFound("there is no such signal")
    shown = signal or copy
    assert shown is not None
    scan = await findings.stored_scan(shown)
    expiries = await findings.term_structure(shown.ticker, shown.as_of, shown.provider) if shown.provider else ()
    return SignalStudy(shown, signal is None, own, scan, expiries, await _history(records, shown, now))


async def read_own_part(store: Transactions, user_id: str, signal_id: str) -> OwnPart:
    """Return a person's decision on a signal, and its reminders; nobody else's."""
    async with store.reading() as work:
        decision = await work.decisions.on_signal(user_id, signal_id)
        reminders = await work.reminders.of_decision(user_id, decision.id) if decision else ()
    return OwnPart(decision, reminders)


async def _history(records: Records, signal: SignalView, now: datetime) -> History | None:
    if signal.pair is None or signal.vol_point is None:
        return None
    named = {"ticker": signal.ticker, "pair": signal.pair, "vol_point": signal.vol_point}
    since = signal.as_of - HISTORY
    upto = await read_history(records, SeriesFilter(**named, since=since, until=signal.as_of + _MOMENT), 1)
    points = await records.series(SeriesFilter(**named, since=since, until=now + _MOMENT), MOST_READINGS)
    return History(points, upto.percentiles)
