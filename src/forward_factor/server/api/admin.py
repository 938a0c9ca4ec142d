"""``admin``: the whole installation, for administrators alone."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from forward_factor.errors import NotAllowed
from forward_factor.server.deps import AdminOf, BackendOf, Now, OpenStore, get_admin
from forward_factor.server.inputs import Cursor, IdInPath, Limit
from forward_factor.server.pages import Page, read_cursor, write_cursor
from forward_factor.services.decision_views import PagePlace
from forward_factor.services.disable_user import disable_user
from forward_factor.services.enable_user import enable_user
from forward_factor.services.ports.service_health import Heartbeat
from forward_factor.services.retry_deliveries import retry_deliveries
from forward_factor.services.running_views import DeadLetters, QueueView
from forward_factor.services.views import UserView

router = APIRouter(prefix="/admin", tags=["administration"], dependencies=[Depends(get_admin)])


class Services(BaseModel):
    """The processes of the last day, by service."""

    items: Sequence[Heartbeat]


class Retried(BaseModel):
    """How many messages are tried again."""

    messages: int


class StoreContents(BaseModel):
    """What is in the store; tables in ``estimated`` have at least so many rows."""

    location: str
    engine: str
    version: str
    extension: str | None
    edition: str | None
    shortfall: str | None
    schema_level: str | None
    newest_level: str
    rows: dict[str, int]
    estimated: Sequence[str]
    hypertables: Sequence[str]
    aggregates: Sequence[str]
    policies: Sequence[str]
    connections: int | None


@router.get("/users")
async def read_users(store: OpenStore, cursor: Cursor = None, limit: Limit = 50) -> Page[UserView]:
    """List all accounts, the oldest first."""
    found = await store.running.users(read_cursor(cursor), limit + 1)
    shown = found[:limit]
    last = PagePlace(shown[-1].created_at, shown[-1].id) if len(found) > limit else None
    return Page(items=shown, next_cursor=write_cursor(last))


@router.post("/users/{user_id}/disable", status_code=HTTPStatus.NO_CONTENT)
async def disable_account(backend: BackendOf, store: OpenStore, admin: AdminOf, user_id: IdInPath) -> None:
    """Disable an account: its sessions end, and its watchlist is not scanned. All it holds stays."""
    if user_id == admin.user.id:
        raise NotAllowed("nobody disables their own account")
    await disable_user(store, backend.application.clock, user_id)


@router.post("/users/{user_id}/enable", status_code=HTTPStatus.NO_CONTENT)
async def enable_account(store: OpenStore, user_id: IdInPath) -> None:
    """Enable a disabled account."""
    await enable_user(store, user_id)


@router.get("/queue")
async def read_queue(store: OpenStore, now: Now) -> QueueView:
    """Return what is due, and what became of what was due within the last hour."""
    return await store.running.queue(now)


@router.get("/dead-letters")
async def read_dead_letters(store: OpenStore, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> DeadLetters:
    """List scans and messages that were given up, the newest first."""
    return await store.running.dead_letters(limit)


@router.post("/dead-letters/retry")
async def retry_messages(backend: BackendOf, store: OpenStore) -> Retried:
    """Have all messages that were given up sent again."""
    return Retried(messages=await retry_deliveries(store, backend.application.clock))


@router.get("/services")
async def read_services(store: OpenStore, now: Now) -> Services:
    """List the processes at work, and when each last said so."""
    return Services(items=await store.running.heartbeats(now))


@router.get("/store")
async def read_store(store: OpenStore) -> StoreContents:
    """Return what is in the store, as `forward-factor db status` shows it."""
    found = await store.status()
    can = found.capabilities
    return StoreContents(
        location=found.location,
        engine=can.name,
        version=can.version,
        extension=can.timescale,
        edition=can.edition,
        shortfall=can.shortfall,
        schema_level=found.level.current,
        newest_level=found.level.newest,
        rows=found.rows,
        estimated=sorted(found.estimated),
        hypertables=[one.name for one in found.hypertables],
        aggregates=found.aggregates,
        policies=[f"{one.procedure} on {one.relation}" for one in found.policies],
        connections=found.connections,
    )
