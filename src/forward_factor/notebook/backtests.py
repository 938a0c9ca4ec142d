"""Backtests as frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict
from os import PathLike
from pathlib import Path
from typing import Any, TypedDict, Unpack

import msgspec
import polars as pl

from forward_factor.backtest.fills import Fill
from forward_factor.backtest.report import render_report
from forward_factor.backtest.request import USUAL_PAIR, BacktestRequest
from forward_factor.backtest.results import BacktestResult
from forward_factor.backtest.summary import summarise
from forward_factor.bootstrap import Application, read_application
from forward_factor.core.chain import Chain
from forward_factor.core.rules import VolPoint
from forward_factor.core.structure import Structure
from forward_factor.errors import InvalidInput
from forward_factor.notebook.backtest_frames import equity_frame, legs_frame, summary_frame, trades_frame
from forward_factor.notebook.chains import Chains, chains_of, said
from forward_factor.notebook.given import (
    Day,
    Events,
    PathLikes,
    Texts,
    day_of,
    events_of,
    is_store_url,
    member_of,
    paths_of,
    texts_of,
)
from forward_factor.notebook.running import wait_for
from forward_factor.notebook.stores import StoreView, store_of
from forward_factor.providers.registry import open_file_history
from forward_factor.services.ports.history import ChainHistory, Span
from forward_factor.services.run_backtest import Backtested, GivenEvents, KnownEvents, StoredEvents, run_backtest

Source = Chains | Chain | Iterable[Chain] | PathLikes | pl.DataFrame | StoreView


class BacktestOptions(TypedDict, total=False):
    """The command's other options, by their names; docs/backtest.md says what each means."""

    threshold: float | None
    stability: int
    max_spread: float | None
    min_open_interest: int | None
    min_volume: int | None
    exit_days: int
    target: float | None
    stop: float | None
    bankroll: float
    risk: float
    win_rate: float | None
    win_loss: float | None
    capacity: float
    max_positions: int
    max_at_risk: float
    partial_share: float
    commission: float
    seed: int


class Backtest:
    """A backtest that has ended; dollars, shares as decimals, instants in UTC.

    Attributes:
        result: all of it as plain values (``forward_factor.backtest.results.BacktestResult``).
        failures: a line for each thing that could not be read.
        damaged: a line for each chain that looks damaged.

    """

    def __init__(self, result: BacktestResult, failures: tuple[str, ...], damaged: tuple[str, ...]) -> None:
        self.result = result
        self.failures = failures
        self.damaged = damaged

    def __repr__(self) -> str:
        one = self.result.headline
        return f"Backtest: {one.trades.trades} trades, {one.curve.profit:+,.2f} dollars at {one.fill} fills"

    @property
    def summary(self) -> pl.DataFrame:
        """Return the figures, a row for each of ``mid``, ``partial``, ``touch``, and ``hold`` for buy-and-hold.

        ``profit`` in dollars, ``total_return``, ``cagr`` and ``drawdown`` as decimals, ``sharpe`` a year with its
        standard error, ``hit_rate`` and ``mean_profit`` with the bounds of their 95 % intervals, null where unknown.
        """
        return summary_frame(self.result)

    @property
    def trades(self) -> pl.DataFrame:
        """Return a row a trade; debit, credit and profit under each fill are columns such as ``profit_touch``."""
        return trades_frame(self.result)

    @property
    def legs(self) -> pl.DataFrame:
        """Return a row a leg of a trade, with the quotes it was entered and left at; dollars a share."""
        return legs_frame(self.result)

    @property
    def equity(self) -> pl.DataFrame:
        """Return a row a day: equity under each fill and of buy-and-hold, open positions, dollars at risk."""
        return equity_frame(self.result)

    def html(self) -> str:
        """Return the report as one self-contained page, as ``backtest --report`` writes it."""
        return render_report(self.result)

    def json(self) -> str:
        """Return all of it as one JSON object, as ``backtest --json`` prints it."""
        return msgspec.json.encode({**asdict(self.result), "sweep": None}).decode()

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the report (``.html``) or all figures and trades (``.json``), and return where.

        Raises:
            InvalidInput: the name has neither ending, or cannot be written.

        """
        target = Path(path)
        writers = {".html": self.html, ".json": self.json}
        if target.suffix.lower() not in writers:
            raise InvalidInput(f"{target} must end in .html or .json")
        try:
            target.write_text(writers[target.suffix.lower()](), encoding="utf-8")
        except OSError as fault:
            raise InvalidInput(f"{target} cannot be written: {fault.strerror}") from fault
        return target


def backtest(
    source: Source,
    *,
    tickers: Texts | None = None,
    provider: str | None = None,
    start: Day | None = None,
    end: Day | None = None,
    events: Events | None = None,
    pair: Texts = USUAL_PAIR,
    vol_point: str = VolPoint.ATM,
    structure: str = Structure.CALL,
    fill: str = Fill.PARTIAL,
    skip_unreadable: bool = False,
    **more: Unpack[BacktestOptions],
) -> Backtest:
    """Test the rule on recorded chains as the command ``backtest`` does: the same engine, the same numbers.

    Args:
        source: what ``load_chains`` gives or takes, what ``open_store`` gives, or the URL of a store. Of files only
            a part is in memory at a time.
        tickers: whose chains; None means all.
        provider: whose stored chains, where several recorded a ticker.
        start: first New York date.
        end: last New York date.
        events: announcements and splits, or a CSV file of them; a store has its own.
        pair: one or many, such as ``30/60``.
        vol_point: ``ATM``, ``35d_put`` or ``35d_call``, the gate of a single calendar.
        structure: ``call``, ``put`` or ``double``.
        fill: the headline, ``mid``, ``partial`` or ``touch``; figures of all three are computed.
        skip_unreadable: whether to go on where something cannot be read; ``Backtest.failures`` says what it was.
        more: ``threshold`` and the command's other options, by their names (``BacktestOptions``).

    Raises:
        InvalidInput: an option is out of range or does not go with another.
        NotFound: there is no recorded chain.
        UnreadableChain, UnknownTicker, StoreUnavailable, …: something cannot be read.

    """
    _refuse_unknown(more)
    request = BacktestRequest(
        tickers=texts_of(tickers), provider=provider, start=day_of(start), end=day_of(end), pair=texts_of(pair),
        vol_point=member_of(VolPoint, vol_point), structure=member_of(Structure, structure),
        fill=member_of(Fill, fill), **more,
    )  # fmt: skip
    done = _done(source, request, events)
    if done.failures and not skip_unreadable:
        raise done.failures[0].error
    result = summarise(done.books[0], done.observed, request.fill)
    return Backtest(result, tuple(map(said, done.failures)), done.damaged)


def _done(source: Source, request: BacktestRequest, events: Events | None) -> Backtested:
    if isinstance(source, StoreView) or is_store_url(source):
        if events is not None:
            raise InvalidInput("a store has events of its own: `events import` puts them there")
        application = store_of(source).application
        return wait_for(lambda: _run(application, None, request))
    if request.provider is not None:
        raise InvalidInput("a provider is chosen among stored chains; these are of files or in memory")
    given = _history_of(source), GivenEvents(*events_of(events))
    return wait_for(lambda: _run(read_application(), given, request))


async def _run(
    application: Application, given: tuple[ChainHistory, KnownEvents] | None, request: BacktestRequest
) -> Backtested:
    rules, span = [request.rules(application.rules())], Span(request.start, request.end)
    async with AsyncExitStack() as opened:
        if given is None:
            store = await opened.enter_async_context(application.store())
            given = store.history(request.provider), StoredEvents(store)
        history, known = given
        return await run_backtest(history, rules, request.tickers, span, known)


def _history_of(source: Any) -> ChainHistory:
    """Return chains in memory as they are, and of files what reads them a part at a time."""
    if isinstance(source, str | PathLike):
        return open_file_history(paths_of(source))
    if not isinstance(source, Chains | Chain | pl.DataFrame):
        source = list(source)
        if source and all(isinstance(one, str | PathLike) for one in source):
            return open_file_history(paths_of(source))
    return chains_of(source)


def _refuse_unknown(more: Mapping[str, Any]) -> None:
    known = BacktestOptions.__annotations__
    unknown = [name for name in more if name not in known]
    if unknown:
        raise InvalidInput(f"backtest has no option {', '.join(unknown)}: it has {', '.join(known)}")
