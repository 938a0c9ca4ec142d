"""``ticket``: the trade behind a signal."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from forward_factor.bootstrap import Application
from forward_factor.cli.console import application, complain, count, note, number, out, percent, print_json, run
from forward_factor.cli.tables import Column, draw_table
from forward_factor.core.structure import Structure
from forward_factor.core.ticket import Calendar, Quote, Right, Ticket
from forward_factor.services.find_user import find_user
from forward_factor.services.write_ticket import WrittenTicket, write_ticket

FAILED = 1
NAME_WIDTH = 26
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


def ticket(
    context: typer.Context,
    signal_id: Annotated[str, typer.Argument(help="Id of a signal from `signals`, or how it begins.")],
    structure: Annotated[Structure | None, typer.Option(help="Trade this, whatever the user prefers.")] = None,
    user: Annotated[
        str | None, typer.Option(metavar="EMAIL", help="Whose preferred structure and stake count.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the trade behind a signal at its stored quotes: strikes, debit, cost, loss, size (exit 1: none)."""
    written = run(_ticket(application(context), signal_id.encode(errors="replace").decode(), structure, user))
    if as_json:
        print_json({**asdict(written), "refusal": written.refusal, "figures": _figures(written.trade)})
    elif isinstance(written.trade, Ticket):
        _print_ticket(written, written.trade, asked_size=user is not None)
    if written.refusal is not None:
        complain(f"no {written.structure.value} ticket for this signal: {written.refusal}")
        raise typer.Exit(FAILED)


async def _ticket(
    application: Application, signal_id: str, structure: Structure | None, email: str | None
) -> WrittenTicket:
    async with application.store() as store:
        user_id = (await find_user(store, email)).id if email is not None else None
        return await write_ticket(store, store.findings, signal_id, user_id, structure)


def _print_ticket(written: WrittenTicket, trade: Ticket, *, asked_size: bool) -> None:
    signal = written.signal
    title = f"{signal.ticker} {signal.as_of:%Y-%m-%d %H:%M} UTC: {_NAMES[written.structure]}, FF {number(written.ff)}"
    legs = [leg for one in trade.calendars for leg in _legs(one)]
    names = ("", "expiry", "strike", "right", "bid", "ask")
    columns = [Column(name, [leg[place] for leg in legs], place in (2, 4, 5)) for place, name in enumerate(names)]
    out.print(title, markup=False, style="italic")
    out.print(draw_table(None, columns))
    for name, value in _lines(trade):
        out.print(f"{name:<{NAME_WIDTH}}{value}", markup=False)
    if asked_size and trade.contracts is None:
        note("No size: the user has not stated bankroll, win_rate and win_loss_ratio.")


def _legs(one: Calendar) -> list[tuple[str, ...]]:
    right = "call" if one.right is Right.CALL else "put"

    def leg(side: str, expiry: object, quote: Quote) -> tuple[str, ...]:
        return (side, str(expiry), f"{one.strike:g}", right, number(quote.bid, 2), number(quote.ask, 2))

    return [leg("sell", one.front_expiry, one.front), leg("buy", one.back_expiry, one.back)]


def _lines(trade: Ticket) -> list[tuple[str, str]]:
    debit = trade.debit
    return [
        ("debit at mid, a share", number(debit.at_mid, 2)),
        ("debit at the touch", number(debit.at_touch, 2)),
        ("spread cost", f"{number(debit.spread_cost, 2)} ({percent(debit.spread_cost_share)} of the debit)"),
        ("max loss of one contract", number(debit.max_loss_per_contract, 2)),
        ("suggested contracts", count(trade.contracts)),
    ]


def _figures(trade: object) -> dict[str, float] | None:
    """Return what follows from the debit, dollars; None where there is no ticket."""
    if not isinstance(trade, Ticket):
        return None
    debit = trade.debit
    return {
        "spread_cost": debit.spread_cost,
        "spread_cost_share": debit.spread_cost_share,
        "max_loss_per_contract": debit.max_loss_per_contract,
    }


_NAMES = {Structure.CALL: "call calendar", Structure.PUT: "put calendar", Structure.DOUBLE: "double calendar"}
