"""``auth``: accounts and sessions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from forward_factor.core.accounts import LONGEST_PASSWORD
from forward_factor.errors import NotAllowed
from forward_factor.server.deps import BackendOf, CallerOf, ClientAddress, Issuer, OpenStore, limit_auth
from forward_factor.server.inputs import Given
from forward_factor.services.change_password import change_password
from forward_factor.services.delete_account import delete_account
from forward_factor.services.export_account import export_account
from forward_factor.services.issue_session import IssuedSession
from forward_factor.services.refresh_session import refresh_session
from forward_factor.services.register_user import register_user
from forward_factor.services.sign_in import sign_in
from forward_factor.services.sign_out import sign_out
from forward_factor.services.views import UserView

router = APIRouter(prefix="/auth", tags=["accounts"])
Email = Annotated[str, Field(max_length=400, examples=["ann@example.com"])]
Password = Annotated[str, Field(max_length=LONGEST_PASSWORD, json_schema_extra={"format": "password"})]
_JSON = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/AccountDocument"}}}}


class Credentials(Given):
    """Who wants in."""

    email: Email
    password: Password


class RefreshToken(Given):
    """The token of the session that goes on; it is used up."""

    refresh_token: str = Field(max_length=200)


class SignOut(Given):
    """Which sessions end."""

    everywhere: bool = Field(default=False, description="All sessions of the account, not this one alone")


class PasswordChange(Given):
    """The old password and the new one."""

    password: Password
    new_password: Password = Field(description="10 characters or more")


class Confirmation(Given):
    """The password once more, before what cannot be taken back."""

    password: Password


class Tokens(BaseModel):
    """What a client keeps. A refresh token is used once: each refresh gives the next."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - the kind, not a token
    expires_in: float = Field(description="Life of the access token, seconds")
    refresh_token: str
    refresh_expires_at: datetime


class AccountDocument(BaseModel):
    """All that is kept about an account: by table its rows, each an object by column."""

    exported_at: datetime
    tables: dict[str, Sequence[dict[str, object]]]


@router.post("/register", status_code=HTTPStatus.CREATED, dependencies=[Depends(limit_auth)])
async def register(backend: BackendOf, store: OpenStore, body: Credentials) -> UserView:
    """Make an account, where the installation is open to new ones; it has the settings of a new account."""
    one = backend.application
    if not one.settings.registration_open:
        raise NotAllowed("this installation takes no new accounts: ask its administrator")
    new = await register_user(store, one.passwords, one.clock, one.account_settings, body.email, body.password)
    return UserView(
        id=new.id, email=new.email, role=new.role, is_active=True, created_at=new.created_at, telegram_chat_id=None
    )


@router.post("/login", dependencies=[Depends(limit_auth)])
async def login(
    backend: BackendOf, store: OpenStore, issuer: Issuer, address: ClientAddress, body: Credentials
) -> Tokens:
    """Begin a session."""
    await backend.gate.pass_password(address, body.email)
    session = await sign_in(store, backend.application.passwords, issuer, body.email, body.password)
    await backend.gate.forgive(address, body.email)
    return _tokens(session, issuer.clock.now())


@router.post("/refresh", dependencies=[Depends(limit_auth)])
async def refresh(store: OpenStore, issuer: Issuer, body: RefreshToken) -> Tokens:
    """Go on with a session. A refresh token that was used before ends its session: refresh one at a time."""
    return _tokens(await refresh_session(store, issuer, body.refresh_token), issuer.clock.now())


@router.post("/logout", status_code=HTTPStatus.NO_CONTENT)
async def logout(store: OpenStore, issuer: Issuer, caller: CallerOf, body: SignOut | None = None) -> None:
    """End this session, or all of the account's; their tokens are of no use from now on."""
    await sign_out(store, issuer.clock, caller, everywhere=body is not None and body.everywhere)


@router.post("/password")
async def change_own_password(
    backend: BackendOf, store: OpenStore, issuer: Issuer, caller: CallerOf, address: ClientAddress, body: PasswordChange
) -> Tokens:
    """Change the password: all sessions end, and the tokens returned begin the one that goes on."""
    await backend.gate.pass_password(address, caller.user.id)
    passwords = backend.application.passwords
    session = await change_password(store, passwords, issuer, caller.user.id, body.password, body.new_password)
    await backend.gate.forgive(address, caller.user.id)
    return _tokens(session, issuer.clock.now())


@router.get("/me")
async def read_me(caller: CallerOf) -> UserView:
    """Return the account of the access token."""
    return caller.user


@router.delete("/me", status_code=HTTPStatus.NO_CONTENT)
async def delete_me(
    backend: BackendOf, store: OpenStore, caller: CallerOf, address: ClientAddress, body: Confirmation
) -> None:
    """Delete the account and all that is of it: settings, watchlist, chats, messages, decisions. For good."""
    await backend.gate.pass_password(address, caller.user.id)
    await delete_account(store, backend.application.passwords, caller.user.id, body.password)


@router.get("/me/export", response_class=Response, responses={HTTPStatus.OK: _JSON})
async def export_me(store: OpenStore, issuer: Issuer, caller: CallerOf) -> Response:
    """Return all that is kept about the account as one JSON document; hashes of secrets are left out."""
    exported = await export_account(store.account_records, issuer.clock, caller.user.id)
    content = msgspec.json.encode(exported.document())
    headers = {"Content-Disposition": 'attachment; filename="forward-factor-account.json"'}
    return Response(content, media_type="application/json", headers=headers)


def _tokens(session: IssuedSession, now: datetime) -> Tokens:
    return Tokens(
        access_token=session.access_token,
        expires_in=(session.access_expires_at - now).total_seconds(),
        refresh_token=session.refresh_token,
        refresh_expires_at=session.refresh_expires_at,
    )
