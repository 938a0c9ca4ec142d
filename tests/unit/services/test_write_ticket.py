"""The trade behind a stored signal, with everything stored given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pytest

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.candidates import Surroundings
from forward_factor.core.chain import Chain
from forward_factor.core.rules import ScanRules, VolPoint
from forward_factor.core.scan import scan_chains
from forward_factor.core.setting_changes import StoredSettings
from forward_factor.core.structure import Structure
from forward_factor.core.ticket import Refusal, Right, Ticket
from forward_factor.errors import InvalidInput, NotFound
from forward_factor.services.candidate_table import view_candidates
from forward_factor.services.ports import StoredScan
from forward_factor.services.read_settings import NEW_ACCOUNT
from forward_factor.services.views import CandidateView, SignalView
from forward_factor.services.write_ticket import REFUSALS, WrittenTicket, write_ticket
from tests.chains import priced_chain

CHAIN = priced_chain({30: 0.45, 60: 0.35, 90: 0.34})
SIZED = AccountSettings(win_rate=0.6, win_loss_ratio=1.5, bankroll=100_000.0)
CALL, PUT, DOUBLE = Structure


@dataclass
class Given:
    """A store with one signal, and a user with their habits."""

    chain: Chain = CHAIN
    point: VolPoint = VolPoint.ATM
    own: AccountSettings = NEW_ACCOUNT
    keeps_quotes: bool = True

    @property
    def scan(self) -> StoredScan:
        rules, around = ScanRules(vol_points=(self.point,)), Surroundings()
        candidates = view_candidates(scan_chains([self.chain], [around], rules))
        return StoredScan(self.chain, around, rules, next(one for one in candidates if one.pair == "30/60"))

    async def signals_called(self, beginning: str) -> Sequence[SignalView]:
        signals = [_signal(name, self.scan.candidate) for name in ("s1", "s2")]
        return [one for one in signals if one.id.startswith(beginning)]

    async def stored_scan(self, signal: SignalView) -> StoredScan | None:
        return self.scan if self.keeps_quotes else None

    def reading(self) -> Self:
        return self

    @property
    def settings(self) -> Self:
        return self

    async def of_user(self, user_id: str, defaults: AccountSettings) -> StoredSettings:
        assert user_id == "ann"
        return StoredSettings(self.own)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None: ...

    async def write(
        self, signal_id: str = "s1", user: str | None = "ann", structure: Structure | None = None
    ) -> WrittenTicket:
        store: Any = self
        return await write_ticket(store, store, signal_id, user, structure)


def _signal(name: str, one: CandidateView) -> SignalView:
    names = set(SignalView.__dataclass_fields__) - {"id", "underlying_price", "is_discovery"}
    values: dict[str, Any] = {field: getattr(one, field) for field in names}
    return SignalView(id=name, underlying_price=100.0, is_discovery=False, **values)


async def test_a_calendar_as_the_user_prefers_it() -> None:
    for preferred, right in ((CALL, Right.CALL), (PUT, Right.PUT)):
        given = Given(own=replace(SIZED, preferred_structure=preferred))
        written = await given.write()
        assert isinstance(written.trade, Ticket)
        (leg,) = written.trade.calendars
        assert (written.structure, leg.right, leg.strike) == (preferred, right, 100.0)
        assert (leg.front_expiry, leg.back_expiry) == (written.signal.front_expiry, written.signal.back_expiry)
        assert written.ff == written.signal.ff
        assert written.trade.contracts is not None
        assert written.trade.contracts * written.trade.debit.max_loss_per_contract <= 4_000.0
        assert written.refusal is None


async def test_the_vol_point_fixes_the_right() -> None:
    for point, right in ((VolPoint.PUT_35D, Right.PUT), (VolPoint.CALL_35D, Right.CALL)):
        written = await Given(point=point).write(structure=CALL)
        assert isinstance(written.trade, Ticket)
        assert [leg.right for leg in written.trade.calendars] == [right]
        assert written.structure is (PUT if right is Right.PUT else CALL)
        assert (written.trade.calendars[0].strike < 100.0) == (right is Right.PUT)


async def test_a_double_calendar_is_judged_by_the_smaller_of_its_factors() -> None:
    written = await Given(own=AccountSettings(preferred_structure=PUT)).write(structure=DOUBLE)
    assert isinstance(written.trade, Ticket)
    assert [leg.right for leg in written.trade.calendars] == [Right.PUT, Right.CALL]
    assert (written.structure, written.trade.contracts) == (DOUBLE, None)
    factors = [(await Given(point=point).write()).ff for point in (VolPoint.PUT_35D, VolPoint.CALL_35D)]
    assert None not in factors
    assert written.ff == min(factors)  # type: ignore[type-var]


async def test_without_a_user_there_is_no_size() -> None:
    written = await Given(own=replace(SIZED, preferred_structure=PUT)).write(user=None)
    assert isinstance(written.trade, Ticket)
    assert (written.structure, written.trade.contracts) == (CALL, None)


async def test_what_cannot_be_priced_is_refused_in_words() -> None:
    contracts = CHAIN.contracts
    puts = replace(CHAIN, contracts=contracts.take(np.flatnonzero(~contracts.is_call)))
    written = await Given(puts).write()
    assert written.trade is Refusal.NO_COMMON_STRIKE
    assert written.refusal == "no strike has a usable quote in both expiries"
    assert set(REFUSALS) == set(Refusal)


async def test_signals_that_have_no_ticket() -> None:
    for wanted, fault in (("none", NotFound), ("s", InvalidInput), ("\ud800", NotFound)):
        with pytest.raises(fault):
            await Given().write(wanted)
    with pytest.raises(NotFound, match="not kept"):
        await Given(keeps_quotes=False).write()
