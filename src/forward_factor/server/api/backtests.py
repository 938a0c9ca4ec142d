"""``backtests``: the rule on stored chains, run in the background."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from forward_factor.backtest.fills import Fill
from forward_factor.backtest.report import render_report
from forward_factor.backtest.request import BacktestRequest
from forward_factor.core.rules import VolPoint
from forward_factor.core.structure import Structure
from forward_factor.errors import NotFound
from forward_factor.server.deps import BackendOf, CallerOf, OpenStore
from forward_factor.server.inputs import LONGEST_ID, Given, IdInPath, StoredText, Ticker
from forward_factor.services import compare_backtests as comparing
from forward_factor.services.backtest_views import Comparison, RunDetails, RunView
from forward_factor.services.list_backtests import list_backtests
from forward_factor.services.read_backtest import NO_RUN, read_backtest, read_backtest_result

MOST_TICKERS, MOST_PAIRS = 500, 10
REPORT_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"
}
"""The page is of one piece, and there is nothing in it to run."""

router = APIRouter(prefix="/backtests", tags=["backtests"])
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Ratio = Annotated[float, Field(ge=-1e6, le=1e6)]
Pair = Annotated[StoredText, Field(max_length=40)]


class NewBacktest(Given):
    """What to test; the names are those of the command `backtest`, and what is not named is as there."""

    tickers: list[Annotated[Ticker, Field(max_length=40)]] = Field(
        default=[], max_length=MOST_TICKERS, description="None means all that are stored", examples=[["AAPL"]]
    )
    provider: Annotated[StoredText, Field(max_length=40)] | None = Field(
        default=None, description="Whose stored chains, where several recorded a ticker"
    )
    start: date | None = Field(default=None, description="First New York date")
    end: date | None = Field(default=None, description="Last New York date")
    pair: list[Pair] | Pair = Field(default="30/60", description="One or many, `30/60` or `30/60±5/10`")
    vol_point: VolPoint = Field(default=VolPoint.ATM, description="Gate of single calendars")
    threshold: Ratio | None = Field(default=None, description="Smallest forward factor; else the installation's")
    structure: Structure = Structure.CALL
    stability: int = Field(default=1, ge=1, le=1000, description="Snapshots in a row that must signal")
    max_spread: Ratio | None = Field(default=None, description="Widest (ask - bid) / mid behind a vol point")
    min_open_interest: Count | None = None
    min_volume: Count | None = None
    exit_days: int = Field(default=1, ge=1, le=60, description="Sessions before the front expiry")
    target: Ratio | None = Field(default=None, description="Gain at mid, share of the debit")
    stop: Ratio | None = Field(default=None, description="Loss at mid, share of the debit")
    bankroll: float = Field(default=100_000.0, gt=0, le=1e12, description="Dollars")
    risk: Share = Field(default=0.02, description="Share of the bankroll a trade may lose")
    win_rate: Share | None = Field(default=None, description="With `win_loss`: a quarter of Kelly instead of `risk`")
    win_loss: Ratio | None = Field(default=None, description="Mean win over mean loss")
    capacity: Share = Field(default=0.10, description="Largest share of volume and open interest; 0: no limit")
    max_positions: int = Field(default=10, ge=1, le=1_000_000, description="Open at a time")
    max_at_risk: Share = Field(default=0.20, description="Largest share of the bankroll at risk")
    fill: Fill = Field(default=Fill.PARTIAL, description="The one to put first; all are computed")
    partial_share: Share = Field(default=0.5, description="Share of the half-spread of a partial fill")
    commission: float = Field(default=0.65, ge=0, le=1e6, description="Dollars a contract and leg, in and out")
    seed: int = Field(default=7, ge=0, le=2**32 - 1, description="Of the bootstrap intervals")

    def request(self) -> BacktestRequest:
        """Return it as the services take it."""
        said = self.model_dump()
        pairs = [self.pair] if isinstance(self.pair, str) else self.pair
        return BacktestRequest(**said | {"tickers": tuple(self.tickers), "pair": tuple(pairs)})


class Backtests(BaseModel):
    """The caller's backtests, the newest first."""

    items: Sequence[RunView]


@router.post("", status_code=HTTPStatus.ACCEPTED)
async def request_backtest(backend: BackendOf, store: OpenStore, caller: CallerOf, body: NewBacktest) -> RunView:
    """Begin a backtest on stored chains and return it; it goes on in the background, one at a time."""
    return await backend.backtests.request(store, caller.user.id, body.request())


@router.get("")
async def read_backtests(backend: BackendOf, store: OpenStore, caller: CallerOf) -> Backtests:
    """List the caller's newest fifty backtests, the newest first."""
    return Backtests(items=await list_backtests(store, backend.application.clock, caller.user.id))


@router.get("/compare")
async def compare_backtests(
    backend: BackendOf,
    store: OpenStore,
    caller: CallerOf,
    id: Annotated[  # noqa: A002
        list[Annotated[StoredText, Field(max_length=LONGEST_ID)]],
        Query(max_length=100, description="Of two to ten that are done; repeat it"),
    ],
) -> Comparison:
    """Return the figures of some of the caller's backtests side by side."""
    return await comparing.compare_backtests(store, backend.application.clock, caller.user.id, id)


@router.get("/{run_id}")
async def read_backtest_by_id(backend: BackendOf, store: OpenStore, caller: CallerOf, run_id: IdInPath) -> RunDetails:
    """Return one of the caller's backtests: how far it is, and what came out, every quote of every trade."""
    return await read_backtest(store, backend.application.clock, caller.user.id, run_id)


@router.get("/{run_id}/report", response_class=HTMLResponse)
async def read_backtest_report(
    backend: BackendOf, store: OpenStore, caller: CallerOf, run_id: IdInPath
) -> HTMLResponse:
    """Return what came out as a self-contained page."""
    result = await read_backtest_result(store, backend.application.clock, caller.user.id, run_id)
    return HTMLResponse(await asyncio.to_thread(render_report, result), headers=REPORT_HEADERS)


@router.delete("/{run_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_backtest(backend: BackendOf, store: OpenStore, caller: CallerOf, run_id: IdInPath) -> Response:
    """Delete one of the caller's backtests; one that is under way ends."""
    if not await backend.backtests.delete(store, caller.user.id, run_id):
        raise NotFound(NO_RUN)
    return Response(status_code=HTTPStatus.NO_CONTENT)
