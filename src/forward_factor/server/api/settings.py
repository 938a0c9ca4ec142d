"""``settings``: what the caller is told about, and when."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from forward_factor.core.account_settings import AccountSettings
from forward_factor.server.deps import BackendOf, CallerOf, OpenStore
from forward_factor.server.inputs import Given
from forward_factor.services.change_settings import change_settings
from forward_factor.services.read_settings import read_settings

router = APIRouter(prefix="/settings", tags=["settings"])
Number = Annotated[float, Field(ge=-1e15, le=1e15)]
Word = Annotated[str, Field(max_length=500)]


class PairChange(Given):
    """Which two expiries make a pair, and how far off they may be; days."""

    front: int = Field(ge=1, le=1000)
    back: int = Field(ge=1, le=1000)
    front_tolerance: int | None = Field(default=None, ge=0, le=1000)
    back_tolerance: int | None = Field(default=None, ge=0, le=1000)


class QuietHoursChange(Given):
    """When alerts wait; what is not named stays."""

    enabled: bool | None = None
    start: Word | None = Field(default=None, examples=["22:00"])
    end: Word | None = Field(default=None, examples=["08:00"])


class SettingsChange(Given):
    """What is to change; what is not named stays, null goes back to the installation's default."""

    ff_threshold: Number | Word | None = Field(default=None, examples=[0.25])
    pairs: Annotated[list[PairChange | Word], Field(max_length=100)] | Word | None = Field(
        default=None, examples=[["30/60", "30/90"]]
    )
    vol_point: Word | None = None
    min_open_interest: Number | Word | None = None
    min_volume: Number | Word | None = None
    max_bid_ask_pct: Number | Word | None = None
    sigma_fwd_floor: Number | Word | None = None
    stability_scans: Number | Word | None = None
    cooldown_minutes: Number | Word | None = None
    quiet_hours: QuietHoursChange | bool | Word | None = None
    preferred_structure: Word | None = None
    timezone: Word | None = Field(default=None, examples=["Europe/Berlin"])
    scan_priority: Word | None = None
    discovery_mode: bool | Word | None = None
    ex_earnings: bool | Word | None = None
    alerts_paused: bool | Word | None = None
    discovery_ff_threshold: Number | Word | None = None
    bankroll: Number | Word | None = None
    win_rate: Number | Word | None = None
    win_loss_ratio: Number | Word | None = None


@router.get("")
async def read_own_settings(backend: BackendOf, store: OpenStore, caller: CallerOf) -> AccountSettings:
    """Return the caller's settings."""
    return await read_settings(store, caller.user.id, backend.application.account_settings)


@router.patch("")
async def change_own_settings(
    backend: BackendOf, store: OpenStore, caller: CallerOf, body: SettingsChange
) -> AccountSettings:
    """Change settings, all that are named or none, and return what they are now."""
    changes = body.model_dump(exclude_unset=True)
    return await change_settings(store, caller.user.id, changes, backend.application.account_settings)
