"""What ignored and placed signals came to: only from what was recorded, by the rule, and otherwise nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from forward_factor.clock import FixedClock
from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.chain import Chain
from forward_factor.core.decisions import Decision
from forward_factor.core.structure import Structure
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.list_decisions import list_decisions
from forward_factor.services.record_decision import record_decision
from forward_factor.services.weigh_decisions import Outcome, OutcomeState, weigh_decisions
from forward_factor.services.write_ticket import write_ticket
from forward_factor.storage.store import Store
from tests.chains import AS_OF, priced_chain
from tests.integration.storage.deciding import NOW, find_signal, insert_decisions, sign_up
from tests.integration.storage.scanning import DEAR_FRONT, dear_chain, scan

LAST_DAY = datetime(2026, 6, 30, 19, 0, tzinfo=UTC)
"""The session before the front expiry, Wednesday 1 July."""
AFTERWARDS = datetime(2026, 7, 3, 15, 0, tzinfo=UTC)
PUTS = AccountSettings(preferred_structure="ATM_calendar_put")


async def _decide(store: Store, decision: Decision = Decision.IGNORED) -> tuple[str, Sequence[DecisionView]]:
    user_id, signal = await sign_up(store), await find_signal(store)
    await record_decision(store, FixedClock(NOW), user_id, signal.id, decision)
    return user_id, (await list_decisions(store, user_id)).decisions


async def _weigh(
    store: Store, decisions: Sequence[DecisionView], now: datetime, settings: AccountSettings = PUTS
) -> Outcome:
    (found,) = await weigh_decisions(store.findings, store.marks, decisions, settings, now)
    return found


def _later(as_of: datetime, vol: float = 0.4, spot: float = 100.0) -> Chain:
    """Return a chain with the very expiries of a dear chain, seen later."""
    days = (as_of.date() - AS_OF.date()).days
    return priced_chain({dte - days: vol for dte in DEAR_FRONT if dte > days}, "DEAR", as_of, spot=spot)


def _calendar_mid(chain: Chain, strike: float, *, is_call: bool) -> float:
    """Return what the calendar of 1 and 31 July costs at mid, read off the chain row by row."""
    mids = {}
    own = chain.contracts
    for row in range(len(own)):
        if own.strike[row] == strike and bool(own.is_call[row]) is is_call:
            mids[str(own.expiry[row])] = float(own.bid[row] + own.ask[row]) / 2
    return mids["2026-07-31"] - mids["2026-07-01"]


@pytest.mark.parametrize("settings", [PUTS, AccountSettings()])
async def test_an_ignored_signal_is_marked_on_the_last_day_before_the_front_expires(
    store: Store, settings: AccountSettings
) -> None:
    _, decisions = await _decide(store)
    last = _later(LAST_DAY)
    await scan(store, [_later(LAST_DAY - timedelta(hours=2), 0.9), last, _later(LAST_DAY + timedelta(days=1), 0.9)])
    found = await _weigh(store, decisions, AFTERWARDS, settings)
    assert decisions[0].signal_id is not None
    ticket = (await write_ticket(store, store.findings, decisions[0].signal_id, None, settings.structure)).trade
    assert not isinstance(ticket, str)
    strike, is_call = ticket.calendars[0].strike, settings.structure is Structure.CALL
    assert (found.state, found.marked_at, found.decision) == (OutcomeState.FINAL, LAST_DAY, Decision.IGNORED)
    assert found.debit == pytest.approx(ticket.debit.at_mid)
    assert found.value == pytest.approx(_calendar_mid(last, strike, is_call=is_call))
    assert found.dollars == pytest.approx(100 * (_calendar_mid(last, strike, is_call=is_call) - ticket.debit.at_mid))


async def test_a_day_without_a_scan_is_not_recorded_and_not_guessed(store: Store) -> None:
    _, decisions = await _decide(store)
    await scan(store, [_later(LAST_DAY - timedelta(days=1))])
    found = await _weigh(store, decisions, AFTERWARDS)
    assert (found.state, found.dollars, found.share) == (OutcomeState.NOT_RECORDED, None, None)
    assert found.why == "no scan was recorded on the last day before the front expiry"


async def test_until_then_it_stands_where_the_last_scan_left_it(store: Store) -> None:
    _, decisions = await _decide(store, Decision.PLACED)
    nothing = await _weigh(store, decisions, NOW)
    assert (nothing.state, nothing.why) == (OutcomeState.NOT_RECORDED, "no scan was recorded since")
    seen = AS_OF + timedelta(days=2)
    await scan(store, [_later(seen), _later(seen + timedelta(days=2), 0.8)])
    found = await _weigh(store, decisions, seen + timedelta(hours=1))
    assert (found.state, found.marked_at) == (OutcomeState.SO_FAR, seen)


async def test_a_leg_without_a_usable_quote_is_not_recorded(store: Store) -> None:
    _, decisions = await _decide(store)
    chain = _later(LAST_DAY)
    unquoted = np.where(chain.contracts.expiry == np.datetime64("2026-07-01"), np.nan, chain.contracts.bid)
    await scan(store, [replace(chain, contracts=replace(chain.contracts, bid=unquoted))])
    found = await _weigh(store, decisions, AFTERWARDS)
    assert (found.state, found.why) == (
        OutcomeState.NOT_RECORDED, "a leg had no usable quote in the last recorded scan"
    )  # fmt: skip


async def test_another_providers_scan_is_no_mark(store: Store) -> None:
    _, decisions = await _decide(store)
    await scan(store, [replace(_later(LAST_DAY), provider="other")])
    assert (await _weigh(store, decisions, AFTERWARDS)).state is OutcomeState.NOT_RECORDED


async def test_a_decision_whose_signal_is_gone_says_so(store: Store) -> None:
    user_id = await sign_up(store)
    await insert_decisions(store, {"id": "old", "user_id": user_id, "decision": "skip", "signal_id": "gone"})
    found = await _weigh(store, (await list_decisions(store, user_id)).decisions, AFTERWARDS)
    assert (found.state, found.why) == (OutcomeState.NOT_RECORDED, "the signal's own facts were not kept")


async def test_many_are_asked_about_at_once(store: Store) -> None:
    user_id = await sign_up(store)
    await scan(store, [dear_chain("DEAR"), _later(LAST_DAY)])
    signals = [one for one in await store.findings.signals("DEAR") if one.as_of == AS_OF]
    for signal in signals:
        await record_decision(store, FixedClock(NOW), user_id, signal.id, Decision.IGNORED)
    decisions = (await list_decisions(store, user_id)).decisions
    found = await weigh_decisions(store.findings, store.marks, decisions, PUTS, AFTERWARDS)
    assert [one.decision_id for one in found] == [one.id for one in decisions]
    assert {one.state for one in found} == {OutcomeState.FINAL}
    assert await weigh_decisions(store.findings, store.marks, [], PUTS, AFTERWARDS) == []
