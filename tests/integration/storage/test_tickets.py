"""The ticket of a stored signal is the one its chain gave when it was scanned."""

from __future__ import annotations

import pytest

from forward_factor.core.candidates import Surroundings
from forward_factor.core.rules import VOL_POINTS
from forward_factor.core.scan import scan_chains
from forward_factor.core.structure import Structure
from forward_factor.core.ticket import Right, Stake, Ticket, write_calendar, write_double_calendar
from forward_factor.errors import NotFound
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.services.write_ticket import write_ticket
from forward_factor.storage.store import Store
from tests.integration.storage.deciding import NOW, change, sign_up
from tests.integration.storage.scanning import RULES, scan


async def test_a_ticket_from_stored_quotes(store: Store) -> None:
    ann = await sign_up(store)
    market = SimulatedMarket()
    chains = [market.chain(ticker, NOW) for ticker in market.tickers[:8]]
    await scan(store, chains)
    signal = next(one for one in await store.findings.signals() if one.vol_point == VOL_POINTS[0].value)
    chain = next(one for one in chains if one.ticker == signal.ticker)
    structures = scan_chains([chain], [Surroundings()], RULES).structures
    front, back = (structures.curves.expiry.tolist().index(on) for on in (signal.front_expiry, signal.back_expiry))

    written = await write_ticket(store, store.findings, signal.id, ann)
    call = write_calendar(structures, front, back, VOL_POINTS[0], RULES.risk_free_rate, Right.CALL)
    assert (written.structure, written.trade) == (Structure.CALL, call)
    assert isinstance(written.trade, Ticket)
    assert written.trade.contracts is None

    stated = "bankroll = 1e6, win_rate = 0.6, win_loss_ratio = 1.5"
    await change(store, f"UPDATE user_settings SET preferred_structure = 'double_calendar', {stated}")
    written = await write_ticket(store, store.findings, signal.id[:12], ann)
    double = write_double_calendar(structures, front, back, RULES.risk_free_rate, Stake(0.6, 1.5, 1e6))
    assert (written.structure, written.trade) == (Structure.DOUBLE, double)
    assert isinstance(written.trade, Ticket)
    assert written.trade.contracts

    await change(store, "DELETE FROM option_chain_snapshots")
    with pytest.raises(NotFound, match="not kept"):
        await write_ticket(store, store.findings, signal.id, ann)
