"""What a store holds, as frames."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import polars as pl

from forward_factor.bootstrap import Application, read_application
from forward_factor.core.rules import VolPoint
from forward_factor.frames.series import frame_of, schema_of
from forward_factor.notebook.given import Moment, Texts, member_of, moment_of, texts_of
from forward_factor.notebook.running import wait_for
from forward_factor.services.record_views import Timeframe
from forward_factor.services.series import Series, SeriesRequest
from forward_factor.storage.engine import parse_database_url
from forward_factor.storage.store import read_store_status


class StoreView:
    """A store as frames; each call opens it, reads and closes it.

    Spans include ``since`` and leave out ``until``: aware instants, dates (which begin in New York), or texts of
    either; a time without a zone is UTC. Rows come by instant. A series that does not fit into memory is for the
    command ``export``.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    def __repr__(self) -> str:
        return f"StoreView: {parse_database_url(self.application.store_url).render_as_string(hide_password=True)}"

    def signals(
        self,
        tickers: Texts | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        *,
        pair: str | None = None,
        vol_point: str | None = None,
        provider: str | None = None,
    ) -> pl.DataFrame:
        """Return candidates that passed every gate, a row each; vols and factors are decimals.

        Raises:
            InvalidInput: a ticker, instant or vol point is none.
            StoreUnavailable: the store does not answer.

        """
        point = member_of(VolPoint, vol_point) if vol_point is not None else None
        return self._read(Series.SIGNALS, tickers, since, until, pair=pair, vol_point=point, provider=provider)

    def candidates(
        self,
        tickers: Texts | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        *,
        pair: str | None = None,
        vol_point: str | None = None,
        provider: str | None = None,
    ) -> pl.DataFrame:
        """Return every pair and vol point of every stored scan, refused ones too, with their reasons.

        Raises:
            InvalidInput: a ticker, instant or vol point is none.
            StoreUnavailable: the store does not answer.

        """
        point = member_of(VolPoint, vol_point) if vol_point is not None else None
        return self._read(Series.CANDIDATES, tickers, since, until, pair=pair, vol_point=point, provider=provider)

    def term_structure(
        self,
        tickers: Texts | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        *,
        provider: str | None = None,
    ) -> pl.DataFrame:
        """Return the vols of every stored scan by expiry, in the columns of ``forward_factor.term_structure``.

        Raises:
            InvalidInput: a ticker or instant is none.
            StoreUnavailable: the store does not answer.

        """
        return self._read(Series.TERM_STRUCTURE, tickers, since, until, provider=provider)

    def snapshots(
        self,
        tickers: Texts | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        *,
        provider: str | None = None,
    ) -> pl.DataFrame:
        """Return what was scanned when, with the price of the underlying and how many contracts were seen and kept.

        Raises:
            InvalidInput: a ticker or instant is none.
            StoreUnavailable: the store does not answer.

        """
        return self._read(Series.SNAPSHOTS, tickers, since, until, provider=provider)

    def quotes(
        self,
        tickers: Texts | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        *,
        provider: str | None = None,
    ) -> pl.DataFrame:
        """Return stored quotes, exactly as they were recorded, in the columns of chain files.

        ``load_chains`` makes chains of them.

        Raises:
            InvalidInput: a ticker or instant is none, or several providers recorded a ticker and none was named.
            UnknownTicker: a ticker has no stored quotes in the span.
            StorageError: some of a snapshot's quotes are gone.
            StoreUnavailable: the store does not answer.

        """
        return self._read(Series.QUOTES, tickers, since, until, provider=provider)

    def bars(
        self,
        tickers: Texts | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        *,
        timeframe: str = Timeframe.DAY,
    ) -> pl.DataFrame:
        """Return stored prices: ``ticker``, ``timeframe``, ``at`` (its beginning), open to close in dollars, volume.

        Hours and days that a store makes from its minutes are not among them.

        Args:
            tickers: whose; None means all.
            since: the first instant.
            until: the first instant no more.
            timeframe: ``1min``, ``1hour`` or ``1day``.

        Raises:
            InvalidInput: a ticker, instant or timeframe is none.
            StoreUnavailable: the store does not answer.

        """
        return self._read(Series.BARS, tickers, since, until, timeframe=member_of(Timeframe, timeframe))

    def _read(
        self, series: Series, tickers: Texts | None, since: Moment | None, until: Moment | None, **more: Any
    ) -> pl.DataFrame:
        wanted = SeriesRequest(
            series=series, tickers=texts_of(tickers), since=moment_of(since), until=moment_of(until), **more
        )
        return wait_for(lambda: self._frame(wanted))

    async def _frame(self, wanted: SeriesRequest) -> pl.DataFrame:
        parts = [schema_of(wanted.series).to_frame()]
        async with self.application.store() as store, aclosing(store.series.read(wanted)) as batches:
            async for batch in batches:
                for failure in batch.failures:
                    raise failure.error
                parts.append(frame_of(wanted.series, batch.columns))
        return pl.concat(parts)


def open_store(url: str | None = None) -> StoreView:
    """Return what the store at ``url`` holds, as frames.

    Args:
        url: ``sqlite:///file.db`` or ``postgresql://…``; None means the one the settings name, as for the command.

    Raises:
        InvalidInput: this is no such URL.
        NotFound: there is no such file; none is made.
        StoreUnavailable, SchemaMismatch: it cannot be opened, or is at another schema.

    """
    application = read_application(url)
    wait_for(lambda: read_store_status(application.store_url, application.pool))
    return StoreView(application)


def store_of(source: StoreView | Any) -> StoreView:
    """Return the store that was opened, or whose URL was given."""
    return source if isinstance(source, StoreView) else open_store(str(source))
