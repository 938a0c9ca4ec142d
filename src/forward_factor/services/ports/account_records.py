"""All that is kept about one account, table by table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TableRows:
    """Rows of one table as they are stored: instants aware, missing values None."""

    table: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]


class AccountRecords(Protocol):
    """Reads what is kept about an account, but for hashes of its passwords and tokens."""

    async def of_user(self, user_id: str) -> Sequence[TableRows]:
        """Return the rows of an account in every table that may have some; the account's own row comes first."""
