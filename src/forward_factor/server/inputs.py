"""What may come in: texts every store can hold, instants with their zone, tickers, pages of some size."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from forward_factor.core.accounts import is_storable
from forward_factor.core.ticker import parse_ticker

LONGEST_ID = 200
LONGEST_CURSOR = 1000
LARGEST_PAGE = 200
FIRST_YEAR, LAST_YEAR = 1900, 2200


class Given(BaseModel):
    """A body: no names that mean nothing, no numbers that are none."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)


def _storable(text: str) -> str:
    if not is_storable(text):
        raise ValueError("text in UTF-8, without NUL")
    return text


def in_utc(instant: datetime) -> datetime:
    """Return ``instant`` in UTC; without a zone it is meant so."""
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise ValueError(f"an instant between {FIRST_YEAR} and {LAST_YEAR}")
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


StoredText = Annotated[str, AfterValidator(_storable)]
Instant = Annotated[datetime, AfterValidator(in_utc)]
Ticker = Annotated[str, AfterValidator(parse_ticker)]

IdInPath = Annotated[StoredText, Path(min_length=1, max_length=LONGEST_ID)]
TickerInPath = Annotated[Ticker, Path(max_length=40, description="e.g. `AAPL` or `BRK.B`")]
Since = Annotated[Instant | None, Query(description="From this instant on; without a zone it is UTC")]
Until = Annotated[Instant | None, Query(description="Before this instant")]
Limit = Annotated[int, Query(ge=1, le=LARGEST_PAGE, description="At most so many")]
Cursor = Annotated[str | None, Query(max_length=LONGEST_CURSOR, description="`next_cursor` of the page before")]
PairName = Annotated[str, Field(pattern=r"^\d{1,4}/\d{1,4}$", description="Days, e.g. `30/60`")]
Factor = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
