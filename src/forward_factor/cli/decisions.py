"""``decisions``: what a user did with signals, and what they are reminded of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from typing import Annotated, TypeVar

import typer

from forward_factor.bootstrap import Application
from forward_factor.cli.console import application, note, out, print_json, run
from forward_factor.cli.decision_tables import adjustment_table, decision_table, reminder_table, shown_decision
from forward_factor.core.accounts import is_storable
from forward_factor.core.decisions import UNCHANGED, Amendment, Decision, Entry
from forward_factor.core.structure import Structure
from forward_factor.errors import NotFound
from forward_factor.services.amend_decision import amend_decision
from forward_factor.services.close_decision import close_decision
from forward_factor.services.decision_views import DecisionPage, DecisionView, ReminderPage
from forward_factor.services.find_signal import find_signal
from forward_factor.services.find_user import find_user
from forward_factor.services.list_decisions import LARGEST_PAGE, list_decisions
from forward_factor.services.list_reminders import list_reminders
from forward_factor.services.read_decision import find_decision
from forward_factor.services.record_decision import RecordedDecision, record_decision
from forward_factor.services.reopen_decision import reopen_decision
from forward_factor.storage.store import Store

app = typer.Typer(help="What users did with signals.", no_args_is_help=True)
OfUser = Annotated[str, typer.Option("--user", metavar="EMAIL", help="Whose decision.")]
SignalId = Annotated[str, typer.Argument(help="Id of a signal from `signals`, or how it begins.")]
DecisionId = Annotated[str, typer.Argument(help="Id of a decision from `decisions list`, or how it begins.")]
EntryPrice = Annotated[float | None, typer.Option("--price", help="Debit paid, dollars a share.")]
Contracts = Annotated[int | None, typer.Option(help="Of every leg.")]
OfStructure = Annotated[Structure | None, typer.Option(help="What was traded; else what the user prefers.")]
Notes = Annotated[str | None, typer.Option(help="Whatever is worth remembering.")]
Limit = Annotated[int, typer.Option(min=1, max=LARGEST_PAGE, help="At most so many.")]
OnlyOpen = Annotated[bool, typer.Option("--open", help="Only those still open.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]

Result = TypeVar("Result")


@app.command("list")
def list_(
    context: typer.Context, user: OfUser, only_open: OnlyOpen = False, limit: Limit = 50, as_json: AsJson = False
) -> None:
    """List a user's decisions, the newest first."""
    listing = partial(list_decisions, limit=limit, only_open=only_open)
    page = run(_act(application(context), user, listing))
    if as_json:
        for one in page.decisions:
            print_json(asdict(one))
    elif page.decisions:
        out.print(decision_table(page.decisions))
    else:
        out.print("No decision yet. `forward-factor decisions place SIGNAL_ID --user EMAIL` records one.")
    _note_more(page)


@app.command()
def show(context: typer.Context, decision_id: DecisionId, user: OfUser, as_json: AsJson = False) -> None:
    """Show one decision, with what splits changed about it."""

    async def act(store: Store, user_id: str) -> DecisionView:
        return await find_decision(store, user_id, decision_id)

    found = run(_act(application(context), user, act))
    _print_decision(found, as_json=as_json)
    if found.adjustments and not as_json:
        out.print(adjustment_table(found.adjustments))


@app.command()
def place(
    context: typer.Context,
    signal_id: SignalId,
    user: OfUser,
    price: EntryPrice = None,
    contracts: Contracts = None,
    structure: OfStructure = None,
    notes: Notes = None,
    as_json: AsJson = False,
) -> None:
    """Record that a signal was traded; a signal decided on before stays as it was."""
    entry = Entry(price, contracts, structure, notes)
    _print_recorded(run(_record(application(context), user, signal_id, Decision.PLACED, entry)), as_json=as_json)


@app.command()
def ignore(
    context: typer.Context, signal_id: SignalId, user: OfUser, notes: Notes = None, as_json: AsJson = False
) -> None:
    """Record that a signal was not traded; a signal decided on before stays as it was."""
    entry = Entry(notes=notes)
    _print_recorded(run(_record(application(context), user, signal_id, Decision.IGNORED, entry)), as_json=as_json)


@app.command()
def close(
    context: typer.Context,
    decision_id: DecisionId,
    user: OfUser,
    price: Annotated[float, typer.Option("--price", help="What it was sold for, dollars a share.")],
    as_json: AsJson = False,
) -> None:
    """Record the exit of a position; its reminders are cancelled."""
    one = application(context)

    async def act(store: Store, user_id: str) -> DecisionView:
        found = await find_decision(store, user_id, decision_id)
        return await close_decision(store, one.clock, user_id, found.id, price)

    _print_decision(run(_act(one, user, act)), as_json=as_json)


@app.command()
def reopen(context: typer.Context, decision_id: DecisionId, user: OfUser, as_json: AsJson = False) -> None:
    """Take back the exit of a position; its reminders are planned again."""
    one = application(context)

    async def act(store: Store, user_id: str) -> DecisionView:
        found = await find_decision(store, user_id, decision_id)
        return await reopen_decision(store, one.clock, user_id, found.id)

    _print_decision(run(_act(one, user, act)), as_json=as_json)


@app.command()
def amend(
    context: typer.Context,
    decision_id: DecisionId,
    user: OfUser,
    price: EntryPrice = None,
    contracts: Contracts = None,
    structure: OfStructure = None,
    notes: Notes = None,
    decision: Annotated[Decision | None, typer.Option(help="What was decided instead.")] = None,
    as_json: AsJson = False,
) -> None:
    """Put a decision right: only what is named changes."""
    one = application(context)
    amendment = Amendment(
        decision=UNCHANGED if decision is None else decision,
        price=UNCHANGED if price is None else price,
        contracts=UNCHANGED if contracts is None else contracts,
        structure=UNCHANGED if structure is None else structure,
        notes=UNCHANGED if notes is None else notes,
    )

    async def act(store: Store, user_id: str) -> DecisionView:
        found = await find_decision(store, user_id, decision_id)
        return await amend_decision(store, one.clock, user_id, found.id, amendment)

    _print_decision(run(_act(one, user, act)), as_json=as_json)


@app.command()
def reminders(
    context: typer.Context, user: OfUser, only_open: OnlyOpen = False, limit: Limit = 50, as_json: AsJson = False
) -> None:
    """List a user's reminders, those due last first."""
    listing = partial(list_reminders, limit=limit, only_open=only_open)
    page = run(_act(application(context), user, listing))
    if as_json:
        for one in page.reminders:
            print_json(asdict(one))
    elif page.reminders:
        out.print(reminder_table(page.reminders))
    else:
        out.print("No reminder. A placed trade has some, until the morning of its front expiry.")
    _note_more(page)


async def _record(
    application: Application, email: str, signal_id: str, decision: Decision, entry: Entry
) -> RecordedDecision:
    async def act(store: Store, user_id: str) -> RecordedDecision:
        wanted = await _signal_called(store, signal_id)
        return await record_decision(store, application.clock, user_id, wanted, decision, entry)

    return await _act(application, email, act)


async def _signal_called(store: Store, beginning: str) -> str:
    """Return the id that is meant; one that no stored signal has may be of a signal that retention took."""
    try:
        return (await find_signal(store.findings, beginning)).id
    except NotFound:
        if is_storable(beginning):
            return beginning
        raise


async def _act(application: Application, email: str, act: Callable[[Store, str], Awaitable[Result]]) -> Result:
    """Return what ``act`` makes of the open store and the user of that address."""
    async with application.store() as store:
        user = await find_user(store, email)
        return await act(store, user.id)


def _print_recorded(recorded: RecordedDecision, *, as_json: bool) -> None:
    if as_json:
        print_json({**asdict(recorded.decision), "is_new": recorded.is_new})
        return
    out.print(shown_decision(recorded.decision))
    if not recorded.is_new:
        note("This signal was decided on before, and nothing was changed: `decisions amend` puts a decision right.")


def _print_decision(decision: DecisionView, *, as_json: bool) -> None:
    if as_json:
        print_json(asdict(decision))
    else:
        out.print(shown_decision(decision))


def _note_more(page: DecisionPage | ReminderPage) -> None:
    if page.next is not None:
        note("There are more: --limit shows them.")
