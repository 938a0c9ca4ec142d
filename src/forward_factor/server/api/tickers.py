"""``tickers``: the term structure, history and bars of one ticker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from forward_factor.core.corporate_actions import ActionKind
from forward_factor.core.rules import VolPoint
from forward_factor.server.deps import CallerOf, Now, OpenStore
from forward_factor.server.inputs import Instant, PairName, Since, TickerInPath, Until
from forward_factor.services.daily_views import DataQuality, PairKey, PairRanks, PairValues
from forward_factor.services.explain_ticker import explain_ticker
from forward_factor.services.ports.records import SeriesFilter
from forward_factor.services.read_bars import WantedBars
from forward_factor.services.read_bars import read_bars as read_stored_bars
from forward_factor.services.read_history import read_history
from forward_factor.services.read_pair_history import read_pair_history
from forward_factor.services.read_quality import USUAL_SPAN as USUAL_QUALITY_SPAN
from forward_factor.services.read_quality import read_quality
from forward_factor.services.record_views import BarView, SeriesPoint, Timeframe
from forward_factor.services.views import ExpiryView

LONGEST_SERIES = 5000
USUAL_SPAN = timedelta(days=365)
LEAST_SPAN = timedelta(microseconds=1)
Points = Annotated[int, Query(ge=1, le=LONGEST_SERIES, description="At most so many, the newest of the span")]

router = APIRouter(prefix="/tickers/{ticker}", tags=["tickers"])


class TermStructure(BaseModel):
    """The vols of one scan, by expiry."""

    ticker: str
    as_of: datetime
    provider: str
    expiries: Sequence[ExpiryView]


class Rank(BaseModel):
    """Where the newest reading stands among all that is recorded of the span, itself included."""

    readings: int = Field(description="How many with a forward factor")
    first_at: datetime | None
    last_at: datetime | None
    days: float = Field(description="From the first to the last")
    ff: float | None = Field(description="Share of readings whose forward factor is not above the newest, 0 to 1")
    front_iv: float | None = Field(description="The same of the front vol")


class TickerHistory(BaseModel):
    """A pair's forward factors and vols at one vol point, the oldest first."""

    ticker: str
    pair: str
    vol_point: VolPoint
    since: datetime
    until: datetime
    points: Sequence[SeriesPoint]
    rank: Rank
    ranks: PairRanks = Field(description="Where the newest day stands among the New York days of the span")
    days: Sequence[PairValues] = Field(description="Those days, the oldest first, one value each")


class TickerQuality(BaseModel):
    """How good the recorded data on a ticker was, by provider; empty where nothing was recorded."""

    ticker: str
    since: datetime
    until: datetime
    providers: Sequence[DataQuality]


class NotAdjustedFor(BaseModel):
    """A dividend that prices should have been adjusted for and could not be."""

    kind: ActionKind
    effective_on: date
    why: str


class Bars(BaseModel):
    """Bars, the oldest first; `minutes` is how many minute bars one was made of, null where it is stored as it is."""

    ticker: str
    timeframe: Timeframe
    adjusted: bool
    items: Sequence[BarView]
    not_adjusted_for: Sequence[NotAdjustedFor] = ()


@router.get("/term-structure")
async def read_term_structure(
    store: OpenStore,
    _caller: CallerOf,
    ticker: TickerInPath,
    at: Annotated[Instant | None, Query(description="The last scan at or before this instant, else the last")] = None,
) -> TermStructure:
    """Return the vols of a scan, by expiry."""
    found = await explain_ticker(store.findings, ticker, at)
    return TermStructure(ticker=found.ticker, as_of=found.as_of, provider=found.provider, expiries=found.term_structure)


@router.get("/history")
async def read_ticker_history(
    store: OpenStore,
    _caller: CallerOf,
    now: Now,
    ticker: TickerInPath,
    pair: PairName = "30/60",
    vol_point: VolPoint = VolPoint.ATM,
    since: Annotated[Instant | None, Query(description="Else a year before `until`")] = None,
    until: Annotated[Instant | None, Query(description="Before this instant, else now")] = None,
    limit: Points = 500,
) -> TickerHistory:
    """Return how a pair went, and where its newest reading stands among what is recorded."""
    end = until or now + timedelta(seconds=1)
    wanted = SeriesFilter(ticker=ticker, pair=pair, vol_point=vol_point, since=since or end - USUAL_SPAN, until=end)
    found = await read_history(store.records, wanted, limit)
    rank = found.percentiles
    daily = await read_pair_history(
        store.daily, PairKey(ticker, pair, vol_point), wanted.since, max(wanted.since, min(end - LEAST_SPAN, now))
    )
    return TickerHistory(
        ticker=ticker,
        pair=pair,
        vol_point=vol_point,
        since=wanted.since,
        until=wanted.until,
        points=found.points,
        rank=Rank(
            readings=rank.readings,
            first_at=rank.first_at,
            last_at=rank.last_at,
            days=rank.days,
            ff=rank.ff,
            front_iv=rank.front_iv,
        ),
        ranks=daily.ranks,
        days=daily.days,
    )


@router.get("/quality")
async def read_ticker_quality(
    store: OpenStore,
    _caller: CallerOf,
    now: Now,
    ticker: TickerInPath,
    since: Annotated[Instant | None, Query(description="Else 30 days ago; the New York day counts whole")] = None,
) -> TickerQuality:
    """Return how good the recorded data was: days covered and missing, stale snapshots, crossed quotes, refusals."""
    begin = min(since or now - USUAL_QUALITY_SPAN, now)
    found = await read_quality(store.daily, [ticker], begin, now)
    return TickerQuality(ticker=ticker, since=begin, until=now, providers=found)


@router.get("/bars")
async def read_bars(
    store: OpenStore,
    _caller: CallerOf,
    now: Now,
    ticker: TickerInPath,
    timeframe: Timeframe = Timeframe.DAY,
    since: Since = None,
    until: Until = None,
    limit: Points = 500,
    adjusted: Annotated[bool, Query(description="Take the splits and dividends up to today out of prices")] = False,
) -> Bars:
    """Return prices: bars stored as such, and where there are none those made from minutes."""
    wanted = WantedBars(ticker=ticker, timeframe=timeframe, since=since, until=until, limit=limit, is_adjusted=adjusted)
    found = await read_stored_bars(store, now, wanted)
    left_out = [
        NotAdjustedFor(kind=one.action.kind, effective_on=one.action.effective_on, why=one.why)
        for one in found.left_out
    ]
    return Bars(ticker=ticker, timeframe=timeframe, adjusted=adjusted, items=found.bars, not_adjusted_for=left_out)
