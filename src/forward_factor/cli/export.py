"""``export``: any time series of the store as a file for other programs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forward_factor.bootstrap import Application
from forward_factor.cli.console import application, complain, counted, note, run
from forward_factor.cli.progress import share_bar
from forward_factor.core.rules import VolPoint
from forward_factor.errors import InvalidInput
from forward_factor.services.ports.chains import ChainFailure
from forward_factor.services.record_views import Timeframe
from forward_factor.services.series import Series, SeriesBatch, SeriesRequest

if TYPE_CHECKING:
    import polars as pl

PARTIAL = 3
MOST_LINES = 20
_INSTANTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"]


def export(
    context: typer.Context,
    series: Annotated[Series, typer.Argument(help="What to export.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write: .parquet, .arrow or .csv.")],
    ticker: Annotated[list[str] | None, typer.Option(help="Only this one; may repeat.")] = None,
    since: Annotated[
        datetime | None, typer.Option(formats=_INSTANTS, help="From this date or instant on; UTC unless it says.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=_INSTANTS, help="Before this date or instant; UTC unless it says.")
    ] = None,
    pair: Annotated[str | None, typer.Option(help="Of signals and candidates, such as 30/60.")] = None,
    vol_point: Annotated[VolPoint | None, typer.Option(help="Of signals and candidates.")] = None,
    timeframe: Annotated[Timeframe | None, typer.Option(help="Of bars.")] = None,
    provider: Annotated[str | None, typer.Option(help="Whose, where several were recorded.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
) -> None:
    """Write a recorded time series to a file, in little memory however long it is.

    Exported quotes are chain files: `scan --chains` and `backtest --chains` read them. Exit code 0: all written.
    3: something could not be read (said on stderr).
    """
    wanted = SeriesRequest(
        series=series,
        tickers=tuple(ticker or ()),
        since=_in_utc(since),
        until=_in_utc(until),
        pair=pair,
        vol_point=vol_point,
        timeframe=timeframe,
        provider=provider,
    )
    raise typer.Exit(run(_Export(application(context), wanted, out, force).run()))


@dataclass(slots=True)
class _Export:
    """One export: rows are read on the event loop while a thread of its own writes."""

    application: Application
    wanted: SeriesRequest
    path: Path
    force: bool
    rows: int = 0
    is_stopped: bool = False
    failures: tuple[ChainFailure, ...] = ()

    async def run(self) -> int:
        from forward_factor.frames.series import schema_of  # noqa: PLC0415 - polars takes its time to load
        from forward_factor.frames.writing import check_target, write_frames  # noqa: PLC0415

        check_target(self.path, force=self.force)
        async with self.application.store() as store, aclosing(store.series.read(self.wanted)) as batches:
            with share_bar("exporting") as tell:
                frames = self._pulled(batches, asyncio.get_running_loop(), tell)
                schema = schema_of(self.wanted.series)
                writing = asyncio.create_task(asyncio.to_thread(write_frames, self.path, schema, lambda: frames))
                try:
                    await asyncio.shield(writing)
                finally:
                    self.is_stopped = True
                    await asyncio.wait([writing])  # nobody closes what the thread still reads from
        note(f"{counted(self.rows, 'row')} written to {self.path}")
        return self._complaints()

    def _pulled(
        self, batches: AsyncIterator[SeriesBatch], loop: asyncio.AbstractEventLoop, tell: Callable[[float], None]
    ) -> Iterator[pl.DataFrame]:
        """Yield batches as frames in another thread, each fetched from the loop when the one before is written."""
        from forward_factor.frames.series import frame_of  # noqa: PLC0415

        async def following() -> SeriesBatch | None:
            return await anext(batches, None)

        while (batch := asyncio.run_coroutine_threadsafe(following(), loop).result()) is not None:
            if self.is_stopped:
                raise InvalidInput("stopped before all was written")
            self.failures += batch.failures
            frame = frame_of(self.wanted.series, batch.columns)
            self.rows += len(frame)
            if len(frame):
                yield frame
            tell(batch.done)
        if self.failures and not self.rows:
            raise self.failures[0].error

    def _complaints(self) -> int:
        for failure in self.failures[:MOST_LINES]:
            complain(str(failure.error))
        if len(self.failures) > MOST_LINES:
            complain(f"… and {counted(len(self.failures) - MOST_LINES, 'failure')} more")
        return PARTIAL if self.failures else 0


def _in_utc(instant: datetime | None) -> datetime | None:
    if instant is None or instant.tzinfo is not None:
        return instant
    return instant.replace(tzinfo=UTC)
