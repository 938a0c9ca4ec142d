"""All about one signal on every store: its scan, its trade, its history, and its own person's part alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from math import exp

import numpy as np
import pytest

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.decisions import Decision
from forward_factor.core.pay_off import profits
from forward_factor.core.structure import Structure
from forward_factor.core.ticket import Right, Ticket
from forward_factor.errors import NotFound
from forward_factor.services.ports.records import SignalFilter
from forward_factor.services.record_decision import record_decision
from forward_factor.services.study_signal import SignalStudy, study_signal
from forward_factor.services.study_trade import study_trade
from forward_factor.services.views import SignalView
from forward_factor.storage.store import Store
from tests.chains import AS_OF
from tests.integration.storage.accounts import CLOCK, NOW, register
from tests.integration.storage.deciding import change
from tests.integration.storage.scanning import dear_chain, scan


async def study(store: Store, user_id: str, signal_id: str) -> SignalStudy:
    return await study_signal(store, store.records, store.findings, user_id, signal_id, NOW)


async def seeded(store: Store) -> SignalView:
    """Scan a ticker at three instants; return the middle one's 30/60 signal at the money."""
    await scan(store, [dear_chain("DEAR", AS_OF - timedelta(hours=number)) for number in range(3)])
    wanted = SignalFilter(pair="30/60", vol_point="ATM")
    return (await store.records.signals(wanted, None, 10))[1]


async def test_a_study_holds_scan_curve_and_history(store: Store) -> None:
    signal = await seeded(store)
    found = await study(store, "ann", signal.id)
    assert (found.signal, found.is_copy) == (signal, False)
    assert found.own.decision is None
    assert list(found.own.reminders) == []
    assert found.scan is not None
    assert found.scan.candidate.ff == signal.ff
    assert [one.dte for one in found.expiries] == [7, 30, 60, 90]
    assert found.history is not None
    assert len(found.history.points) == 3  # those after it too
    assert (found.history.percentiles.readings, found.history.percentiles.ff) == (2, 1.0)  # those up to it


async def test_a_trade_has_the_quotes_of_its_legs_and_a_pay_off(store: Store) -> None:
    signal = await seeded(store)
    found = await study(store, "ann", signal.id)
    assert found.scan is not None
    trade = study_trade(found.scan, signal, AccountSettings())
    assert isinstance(trade.written.trade, Ticket)
    sold, bought = trade.legs
    assert (sold.is_sold, sold.expiry, bought.expiry) == (True, signal.front_expiry, signal.back_expiry)
    assert sold.right is Right.CALL
    assert (sold.bid or 0) < (sold.mid or 0) < (sold.ask or 0)
    assert sold.open_interest
    assert sold.volume
    basis = trade.pay_off
    assert basis is not None
    assert (basis.spot, basis.back_iv) == (100.0, signal.back_iv)
    assert basis.held.carry == pytest.approx(exp(0.04 * 30 / 365), rel=1e-6)
    assert basis.held.debit == trade.written.trade.debit.at_mid
    assert profits(basis.held, basis.spots, basis.back_iv).max() > 0
    double = study_trade(found.scan, signal, AccountSettings(), Structure.DOUBLE)
    assert [one.right for one in double.legs] == [Right.PUT, Right.PUT, Right.CALL, Right.CALL]
    none_such = study_trade(found.scan, replace(signal, back_expiry=AS_OF.date()), AccountSettings())
    assert (list(none_such.legs), none_such.pay_off) == ([], None)
    assert none_such.written.refusal
    assert np.isfinite(basis.spots).all()


async def test_a_decision_is_its_own_persons_alone(store: Store) -> None:
    signal = await seeded(store)
    ann, bob = [(await register(store, f"{name}@x.de")).id for name in ("ann", "bob")]
    await record_decision(store, CLOCK, ann, signal.id, Decision.PLACED)
    own = (await study(store, ann, signal.id)).own
    assert own.decision is not None
    assert own.decision.is_open
    assert {one.decision_id for one in own.reminders} == {own.decision.id}
    assert len(own.reminders) >= 1
    assert (await study(store, bob, signal.id)).own.decision is None
    async with store.reading() as work:
        assert list(await work.reminders.of_decision(bob, own.decision.id)) == []


async def test_what_retention_took_is_shown_to_who_decided(store: Store) -> None:
    signal = await seeded(store)
    ann, bob = [(await register(store, f"{name}@x.de")).id for name in ("ann", "bob")]
    await record_decision(store, CLOCK, ann, signal.id, Decision.IGNORED)
    await change(store, "DELETE FROM signals")
    await change(store, "DELETE FROM candidates")
    found = await study(store, ann, signal.id)
    assert (found.is_copy, found.signal.ff, found.scan) == (True, signal.ff, None)
    with pytest.raises(NotFound):
        await study(store, bob, signal.id)


@pytest.mark.parametrize("signal_id", ["nothing", "a\0b", "%", "\ud800"])
async def test_there_is_nothing_to_say_of_no_signal(store: Store, signal_id: str) -> None:
    await seeded(store)
    with pytest.raises(NotFound):
        await study(store, "ann", signal_id)
