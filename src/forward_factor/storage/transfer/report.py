"""What a move says of itself, and how it is told how far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

VERIFIED, QUARANTINED, DIFFERS = "verified", "quarantined", "differs"


class Progress(Protocol):
    """Is told how far a move is."""

    def step(self, name: str, total: int | None = None) -> None:
        """Begin a step of ``total`` rows (bytes, while a file is copied); None where that is not known."""

    def advance(self, rows: int, size: int = 0) -> None:
        """Go on by so many rows, and bytes."""

    def say(self, message: str) -> None:
        """Say something that people should know."""


class Quiet:
    """Progress for nobody."""

    def step(self, name: str, total: int | None = None) -> None:
        """Do nothing."""

    def advance(self, rows: int, size: int = 0) -> None:
        """Do nothing."""

    def say(self, message: str) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not the same on both sides: ``missing`` in the target, ``extra`` there, or ``changed``."""

    kind: str
    key: str


@dataclass(slots=True)
class TableReport:
    """One table after a pass.

    Attributes:
        source: rows of the source.
        copied: of these, rows that are in the target as they should be written.
        quarantined: of these, rows that the target could not hold.
        target: rows that the target really holds.
        match: whether the digests of all rows agree, and every row is accounted for.
        written: rows this pass wrote; a later pass writes only what has changed.
        restored: rows written back from quarantine, on the way to the old bot's schema.
        differences: the first that were found.

    """

    source: int = 0
    copied: int = 0
    quarantined: int = 0
    target: int = 0
    match: bool = False
    written: int = 0
    restored: int = 0
    differences: list[Difference] = field(default_factory=list)


@dataclass(slots=True)
class TransferReport:
    """The outcome of a copy or a proof.

    Attributes:
        tables: by name.
        reasons: how many rows are in quarantine for which reason.
        shortfall: what a server that is copied to lacks against the full TimescaleDB.
        left_behind: how many values the target's schema has no place for, by table and column.
        rows_per_s: rows copied and proved, until the last proof was done.
        proved_s: from the beginning to that.
        elapsed_s: from beginning to end, compression and aggregates included.

    """

    source: str
    target: str
    status: str = DIFFERS
    tables: dict[str, TableReport] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    left_behind: dict[str, int] = field(default_factory=dict)
    shortfall: str | None = None
    rows_per_s: float = 0.0
    proved_s: float = 0.0
    elapsed_s: float = 0.0

    def conclude(self, proved_s: float, elapsed_s: float) -> None:
        """Give the verdict over all tables."""
        rows = sum(table.source for table in self.tables.values())
        self.rows_per_s = round(rows / max(proved_s, 1e-9), 1)
        self.proved_s, self.elapsed_s = round(proved_s, 3), round(elapsed_s, 3)
        if not all(table.match for table in self.tables.values()):
            self.status = DIFFERS
        else:
            is_whole = not any(table.quarantined for table in self.tables.values())
            self.status = VERIFIED if is_whole else QUARANTINED
