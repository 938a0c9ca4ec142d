"""Rows that have served their time."""

from __future__ import annotations

from datetime import date, datetime
from typing import Protocol


class OldRows(Protocol):
    """Deletes rows by age, and returns how many there were."""

    async def delete_slots(self, served_before: datetime, failed_before: datetime) -> int:
        """Delete slots that were due before these instants; open ones stay."""

    async def delete_messages(self, before: datetime) -> int:
        """Delete notifications made before an instant, with their deliveries; those still on their way stay."""

    async def delete_ended_access(self, before: datetime) -> int:
        """Delete link codes and log-ins that ended before an instant."""

    async def delete_heartbeats(self, before: datetime) -> int:
        """Delete the words of processes not heard of since an instant."""

    async def delete_marks(self, before: date) -> int:
        """Delete what is remembered of alerts on expiries before a date."""
