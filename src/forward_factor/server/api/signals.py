"""``signals``: what was found, and what the caller did with it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from forward_factor.core.decisions import LONGEST_NOTES, UNCHANGED, Amendment, Decision, Entry, check_price
from forward_factor.core.rules import VolPoint
from forward_factor.core.structure import Structure
from forward_factor.errors import NotFound
from forward_factor.server.deps import BackendOf, CallerOf, OpenStore
from forward_factor.server.inputs import Cursor, Factor, Given, IdInPath, Limit, PairName, Since, Ticker, Until
from forward_factor.server.pages import Page, read_cursor, write_cursor
from forward_factor.services.amend_decision import amend_decision
from forward_factor.services.close_decision import close_decision
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.find_decision_on import find_decision_on
from forward_factor.services.list_signals import list_signals
from forward_factor.services.ports.records import SignalFilter
from forward_factor.services.record_decision import record_decision
from forward_factor.services.reopen_decision import reopen_decision
from forward_factor.services.views import SignalView

router = APIRouter(prefix="/signals", tags=["signals"])
Price = Annotated[float, Field(ge=0, le=1e6, description="Dollars a share")]
Contracts = Annotated[int, Field(ge=1, le=1_000_000, description="Of every leg")]
Notes = Annotated[str, Field(max_length=LONGEST_NOTES)]


class NewDecision(Given):
    """What the caller does with a signal."""

    decision: Decision
    entry_price: Price | None = Field(default=None, description="Debit, dollars a share")
    contracts: Contracts | None = None
    structure: Structure | None = Field(default=None, description="Else the one of the caller's settings")
    notes: Notes | None = None


class DecisionChange(Given):
    """What is to be put right; what is not named stays, null takes away."""

    entry_price: Price | None = None
    exit_price: Price | None = Field(default=None, description="Closes the position; null opens it again")
    contracts: Contracts | None = None
    structure: Structure | None = None
    notes: Notes | None = None


@router.get("")
async def read_signals(
    store: OpenStore,
    caller: CallerOf,
    ticker: Annotated[Ticker | None, Query(max_length=40)] = None,
    since: Since = None,
    until: Until = None,
    min_ff: Annotated[Factor | None, Query(description="Smallest forward factor, decimal")] = None,
    pair: Annotated[PairName | None, Query()] = None,
    vol_point: VolPoint | None = None,
    discovery: Annotated[bool | None, Query(description="Only those found by discovery, or only the others")] = None,
    mine: Annotated[bool, Query(description="Only those the caller was told about")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[SignalView]:
    """List signals, the newest first."""
    wanted = SignalFilter(
        ticker=ticker,
        since=since,
        until=until,
        min_ff=min_ff,
        pair=pair,
        vol_point=vol_point,
        is_discovery=discovery,
        alerted_user=caller.user.id if mine else None,
    )
    page = await list_signals(store.records, wanted, read_cursor(cursor), limit)
    return Page(items=page.signals, next_cursor=write_cursor(page.next))


@router.get("/{signal_id}")
async def read_signal(store: OpenStore, _caller: CallerOf, signal_id: IdInPath) -> SignalView:
    """Return one signal."""
    found = await store.records.signal(signal_id)
    if found is None:
        raise NotFound("there is no such signal")
    return found


@router.get("/{signal_id}/decision")
async def read_decision(store: OpenStore, caller: CallerOf, signal_id: IdInPath) -> DecisionView:
    """Return what the caller did with a signal."""
    return await find_decision_on(store, caller.user.id, signal_id)


@router.post("/{signal_id}/decision", responses={HTTPStatus.CREATED: {"model": DecisionView}})
async def decide(
    backend: BackendOf,
    store: OpenStore,
    caller: CallerOf,
    signal_id: IdInPath,
    body: NewDecision,
    response: Response,
) -> DecisionView:
    """Place or ignore a signal: 201 the first time; later ones change nothing, and return what was decided."""
    entry = Entry(body.entry_price, body.contracts, body.structure, body.notes)
    clock = backend.application.clock
    done = await record_decision(store, clock, caller.user.id, signal_id, body.decision, entry)
    response.status_code = HTTPStatus.CREATED if done.is_new else HTTPStatus.OK
    return done.decision


@router.patch("/{signal_id}/decision")
async def change_decision(
    backend: BackendOf, store: OpenStore, caller: CallerOf, signal_id: IdInPath, body: DecisionChange
) -> DecisionView:
    """Put a decision right, or close its position; profit and reminders follow."""
    given = body.model_dump(exclude_unset=True)
    amendment = Amendment(
        price=given.get("entry_price", UNCHANGED),
        contracts=given.get("contracts", UNCHANGED),
        structure=given.get("structure") or UNCHANGED,
        notes=given.get("notes", UNCHANGED),
    )
    decision = await find_decision_on(store, caller.user.id, signal_id)
    clock, whose = backend.application.clock, (caller.user.id, decision.id)
    if body.exit_price is not None:
        check_price(body.exit_price, "an exit price")
        decision = await close_decision(store, clock, *whose, body.exit_price)
    elif "exit_price" in given:
        decision = await reopen_decision(store, clock, *whose)
    if given.keys() - {"exit_price"}:
        decision = await amend_decision(store, clock, *whose, amendment)
    return decision
