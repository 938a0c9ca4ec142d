"""``stats``: the caller's numbers."""

from __future__ import annotations

from fastapi import APIRouter

from forward_factor.server.deps import CallerOf, Now, OpenStore
from forward_factor.services.stats_views import UserStats

router = APIRouter(prefix="/stats", tags=["decisions"])


@router.get("")
async def read_stats(store: OpenStore, caller: CallerOf, now: Now) -> UserStats:
    """Return what the caller watches, was told, and did, in numbers."""
    return await store.stats.of_user(caller.user.id, now)
