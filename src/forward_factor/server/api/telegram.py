"""``telegram``: the caller's chats with the bot."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter
from pydantic import BaseModel, Field

from forward_factor.server.deps import BackendOf, CallerOf, OpenStore
from forward_factor.server.inputs import IdInPath
from forward_factor.services.chat_views import ChatView
from forward_factor.services.issue_link_code import issue_link_code
from forward_factor.services.list_chats import list_chats
from forward_factor.services.unlink_chat import unlink_chat

router = APIRouter(prefix="/telegram", tags=["telegram"])


class LinkCode(BaseModel):
    """What to send to the bot as `/link CODE`, from the chat that is to be linked."""

    code: str = Field(examples=["7KQM-2XWD"])
    expires_at: datetime


class Chats(BaseModel):
    """The caller's chats, the first linked first."""

    items: Sequence[ChatView]


@router.post("/link-code", status_code=HTTPStatus.CREATED)
async def issue_code(backend: BackendOf, store: OpenStore, caller: CallerOf) -> LinkCode:
    """Make a code that links one chat; it lasts ten minutes, and the one before it is of no use any more."""
    issued = await issue_link_code(store, backend.application.clock, caller.user.id)
    return LinkCode(code=issued.code, expires_at=issued.expires_at)


@router.get("/chats")
async def read_chats(store: OpenStore, caller: CallerOf) -> Chats:
    """List the caller's chats; one that is not active has blocked the bot."""
    return Chats(items=await list_chats(store, caller.user.id))


@router.delete("/chats/{chat_id}", status_code=HTTPStatus.NO_CONTENT)
async def unlink(store: OpenStore, caller: CallerOf, chat_id: IdInPath) -> None:
    """Take a chat off the account; what was on its way to it is not sent."""
    await unlink_chat(store, caller.user.id, chat_id)
