"""The canonical option chain: one underlying at one instant, in columns.

Missing numbers are NaN, never 0. There is no object per contract: the same arrays go from the parser
to the engine and from there to the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from forward_factor.core.arrays import BoolArray, DateArray, FloatArray

NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True, eq=False)
class Contracts:
    """Columns of equal length, one entry a contract.

    Attributes:
        expiry: ``datetime64[D]``, New York dates.
        strike: dollars, finite and above 0.
        is_call: right is call (else put).
        bid, ask, last: dollars; NaN where the vendor gave none.
        volume, open_interest: contracts; NaN where the vendor gave none.
        iv: the vendor's own annualised vol, decimal (0.25 = 25 %).
        delta: the vendor's own delta.

    """

    expiry: DateArray
    strike: FloatArray
    is_call: BoolArray
    bid: FloatArray
    ask: FloatArray
    last: FloatArray
    volume: FloatArray
    open_interest: FloatArray
    iv: FloatArray
    delta: FloatArray

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, column.name)) for column in fields(self)}
        if len(lengths) > 1:
            raise ValueError(f"columns of a chain differ in length: {sorted(lengths)}")

    def __len__(self) -> int:
        return len(self.strike)

    def take(self, rows: np.ndarray) -> Contracts:
        """Return the contracts selected by an index or boolean array, in its order."""
        return Contracts(*(getattr(self, column.name)[rows] for column in fields(self)))

    @classmethod
    def concatenate(cls, parts: Sequence[Contracts]) -> Contracts:
        """Return the contracts of all ``parts`` one after the other."""
        return cls(*(np.concatenate([getattr(part, column.name) for part in parts]) for column in fields(cls)))

    @classmethod
    def empty(cls) -> Contracts:
        """Return no contracts."""
        nothing = np.empty(0)
        return cls(
            np.empty(0, "datetime64[D]"), nothing, np.empty(0, np.bool_),
            nothing, nothing, nothing, nothing, nothing, nothing, nothing,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rejection:
    """Rows of a vendor's answer that could not be read, counted by reason."""

    reason: str
    rows: int


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """A snapshot of one underlying's options.

    Attributes:
        as_of: aware UTC instant of the quotes.
        spot: price of the underlying in dollars, finite and above 0.
        provider: who it came from (``files``, ``polygon``, ``cboe``, ``simulated``).
        rejected: rows that could not be read, by reason.

    """

    ticker: str
    as_of: datetime
    spot: float
    provider: str
    contracts: Contracts
    rejected: tuple[Rejection, ...] = field(default=())

    @property
    def rejected_rows(self) -> int:
        """Number of rows that could not be read."""
        return sum(rejection.rows for rejection in self.rejected)

    @property
    def new_york_date(self) -> date:
        """The trading-calendar date of the snapshot."""
        return new_york_date(self.as_of)


def new_york_date(instant: datetime) -> date:
    """Return the New York calendar date of an aware instant."""
    return instant.astimezone(NEW_YORK).date()
