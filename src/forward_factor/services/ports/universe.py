"""The liquid universe as it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from forward_factor.core.universe import Traded, UniverseEntry


@dataclass(frozen=True, slots=True)
class StoredUniverse:
    """What the last refresh left, and what a refresh that did not come to its end has found out since.

    Attributes:
        entries: by rank.
        refreshed_on: New York date of the session after which it was refreshed, None before the first time.

    """

    entries: Sequence[UniverseEntry]
    refreshed_on: date | None


class UniverseRepository(Protocol):
    """Keeps the liquid universe."""

    async def read(self) -> StoredUniverse:
        """Return all of it."""

    async def remember(self, traded: Sequence[Traded], optionable: Mapping[str, bool], checked_on: date) -> None:
        """Store which of ``traded`` have options, members or not; the universe itself stays as it is."""

    async def replace(self, entries: Sequence[UniverseEntry], refreshed_on: date) -> None:
        """Store a universe in place of the one before."""

    async def clear(self) -> None:
        """Forget all of it."""
