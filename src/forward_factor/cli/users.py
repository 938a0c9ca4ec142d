"""``user``: accounts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from forward_factor.bootstrap import Application
from forward_factor.cli.console import application, one_line, out, print_json, run
from forward_factor.cli.tables import Column, draw_table
from forward_factor.core.accounts import LONGEST_PASSWORD, Role, parse_email, parse_new_password
from forward_factor.errors import InvalidInput
from forward_factor.services.delete_user import delete_user
from forward_factor.services.disable_user import disable_user
from forward_factor.services.enable_user import enable_user
from forward_factor.services.export_account import AccountExport, export_account
from forward_factor.services.find_user import find_user
from forward_factor.services.list_users import list_users
from forward_factor.services.register_user import register_user
from forward_factor.services.set_password import set_password
from forward_factor.services.views import UserView

MOST_BYTES = 4 * LONGEST_PASSWORD + 2
"""Of the longest password in UTF-8, with its line end."""

app = typer.Typer(help="Accounts.", no_args_is_help=True)
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Address of the account.")]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from stdin, one line, instead of asking for it.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on stdout.")]


@app.command()
def create(
    context: typer.Context,
    email: Email,
    admin: Annotated[bool, typer.Option("--admin", help="May administer.")] = False,
    password_stdin: FromStdin = False,
) -> None:
    """Make an account; its password is asked for, twice, and never shown."""
    one = application(context)
    address = parse_email(email)
    run(_create(one, address, _new_password(password_stdin), Role.ADMIN if admin else Role.USER))
    out.print(f"{'administrator' if admin else 'user'} {_shown(address)} created")


@app.command("list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List all accounts, the oldest first."""
    found = run(_list(application(context)))
    if as_json:
        for user in found:
            print_json(asdict(user))
        return
    if not found:
        out.print("No account yet. `forward-factor user create EMAIL` makes one.")
        return
    out.print(draw_table(None, _columns(found)))


@app.command()
def disable(context: typer.Context, email: Email) -> None:
    """Disable an account: its sessions end, it cannot log in, its watchlist is not scanned. All it holds stays."""
    user = run(_disable(application(context), email))
    out.print(f"user {_shown(user.email)} disabled")


@app.command()
def enable(context: typer.Context, email: Email) -> None:
    """Enable a disabled account: it can log in, and its watchlist is scanned again."""
    user = run(_enable(application(context), email))
    out.print(f"user {_shown(user.email)} enabled")


@app.command()
def delete(
    context: typer.Context,
    email: Email,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
) -> None:
    """Delete an account and all that is of it: watchlist, settings, messages, decisions. Nothing brings it back."""
    one = application(context)
    if not yes:
        _ask_first(email)
    user = run(_delete(one, email))
    out.print(f"user {_shown(user.email)} deleted")


@app.command()
def export(context: typer.Context, email: Email) -> None:
    """Write all that is kept about an account as one JSON document; hashes of passwords and tokens are left out."""
    print_json(run(_export(application(context), email)).document())


@app.command("set-password")
def set_password_(context: typer.Context, email: Email, password_stdin: FromStdin = False) -> None:
    """Give an account a new password, asked for twice and never shown; its sessions end."""
    one = application(context)
    user = run(_set_password(one, email, _new_password(password_stdin)))
    out.print(f"password of {_shown(user.email)} set")


async def _create(application: Application, email: str, password: str, role: Role) -> None:
    async with application.store() as store:
        settings = application.account_settings
        await register_user(store, application.passwords, application.clock, settings, email, password, role)


async def _list(application: Application) -> Sequence[UserView]:
    async with application.store() as store:
        return await list_users(store)


async def _disable(application: Application, email: str) -> UserView:
    async with application.store() as store:
        user = await find_user(store, email)
        await disable_user(store, application.clock, user.id)
        return user


async def _enable(application: Application, email: str) -> UserView:
    async with application.store() as store:
        user = await find_user(store, email)
        await enable_user(store, user.id)
        return user


async def _delete(application: Application, email: str) -> UserView:
    async with application.store() as store:
        user = await find_user(store, email)
        await delete_user(store, user.id)
        return user


async def _export(application: Application, email: str) -> AccountExport:
    async with application.store() as store:
        user = await find_user(store, email)
        return await export_account(store.account_records, application.clock, user.id)


async def _set_password(application: Application, email: str, password: str) -> UserView:
    async with application.store() as store:
        user = await find_user(store, email)
        await set_password(store, application.passwords, application.clock, user.id, password)
        return user


def _ask_first(email: str) -> None:
    if not sys.stdin.isatty():
        raise InvalidInput("there is no terminal to ask on: say --yes")
    typer.confirm(f"Delete {one_line(email)} and all that is of it?", abort=True, err=True)


def _new_password(from_stdin: bool) -> str:
    """Return a new password from stdin or the terminal; never from the arguments, which others can see."""
    if from_stdin:
        return parse_new_password(_read_line())
    if not sys.stdin.isatty():
        raise InvalidInput("there is no terminal to ask for the password on: use --password-stdin")
    asked: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return parse_new_password(asked)


def _read_line() -> str:
    given = sys.stdin.buffer.read(MOST_BYTES + 1)
    line = given.removesuffix(b"\n").removesuffix(b"\r")
    if b"\n" in line or len(given) > MOST_BYTES:
        raise InvalidInput(f"--password-stdin takes one line, of {LONGEST_PASSWORD} characters at most")
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise InvalidInput("--password-stdin takes text in UTF-8") from None


def _columns(users: Sequence[UserView]) -> list[Column]:
    return [
        Column("e-mail", [_shown(user.email) for user in users]),
        Column("role", [user.role.value for user in users]),
        Column("status", ["active" if user.is_active else "[yellow]disabled[/]" for user in users]),
        Column("Telegram", [_shown(user.telegram_chat_id) for user in users], rank=2),
        Column("since (UTC)", [f"{user.created_at:%Y-%m-%d}" if user.created_at else "–" for user in users], rank=1),
    ]


def _shown(text: str | None) -> str:
    return escape(one_line(text)) if text else "–"
