"""All that is kept about an account, for its owner to take away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from forward_factor.errors import NotFound
from forward_factor.services.ports import Clock
from forward_factor.services.ports.account_records import AccountRecords, TableRows


@dataclass(frozen=True, slots=True)
class AccountExport:
    """The rows of an account in every table, at one instant."""

    exported_at: datetime
    tables: Sequence[TableRows]

    def document(self) -> dict[str, object]:
        """Return the export as one object: by table its rows, each an object by column."""
        rows = {one.table: [dict(zip(one.columns, row, strict=True)) for row in one.rows] for one in self.tables}
        return {"exported_at": self.exported_at, "tables": rows}


async def export_account(records: AccountRecords, clock: Clock, user_id: str) -> AccountExport:
    """Return all that is kept about an account, but for hashes of its passwords and tokens.

    Raises:
        NotFound: there is no such account.

    """
    tables = await records.of_user(user_id)
    if not tables[0].rows:
        raise NotFound("there is no such account any more")
    return AccountExport(clock.now(), tables)
