"""Recorded chains in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import overload

import polars as pl

from forward_factor.core.chain import Chain
from forward_factor.core.staleness import quotes_digest
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidInput, NotFound, UnknownTicker
from forward_factor.frames.series import frame_of
from forward_factor.notebook.given import Day, PathLikes, Texts, day_of, paths_of, texts_of
from forward_factor.notebook.running import wait_for
from forward_factor.providers.files.parse import parse_table
from forward_factor.providers.files.query import match_columns
from forward_factor.providers.registry import open_file_history
from forward_factor.services.ports.chains import ChainFailure
from forward_factor.services.ports.history import HistoryStep, RecordedChain, Span
from forward_factor.services.quote_table import tabulate_quotes
from forward_factor.services.series import Series

CONTRACTS_A_STEP = 50_000


class Chains(Sequence[Chain]):
    """Chains by instant, then ticker; a sequence of ``Chain``, whose contracts are NumPy columns.

    Args:
        chains: in any order.
        failures: a line for each thing that could not be read.

    """

    def __init__(self, chains: Iterable[Chain], failures: Sequence[str] = ()) -> None:
        self._chains = tuple(sorted(chains, key=lambda one: (one.as_of, one.ticker)))
        self.failures = tuple(failures)

    def __len__(self) -> int:
        return len(self._chains)

    @overload
    def __getitem__(self, place: int) -> Chain: ...
    @overload
    def __getitem__(self, place: slice) -> Chains: ...
    def __getitem__(self, place: int | slice) -> Chain | Chains:
        if isinstance(place, slice):
            return Chains(self._chains[place], self.failures)
        return self._chains[place]

    def __repr__(self) -> str:
        if not self:
            return "Chains: none"
        first, last = self._chains[0].as_of, self._chains[-1].as_of
        return (
            f"Chains: {len(self):,} of {', '.join(self.tickers)}, {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC"
        )

    @property
    def tickers(self) -> tuple[str, ...]:
        """Return the tickers, sorted."""
        return tuple(sorted({one.ticker for one in self._chains}))

    @property
    def instants(self) -> tuple[datetime, ...]:
        """Return the instants, sorted, in UTC."""
        return tuple(sorted({one.as_of for one in self._chains}))

    def frame(self) -> pl.DataFrame:
        """Return all quotes, a row a contract, in the columns of chain files.

        ``as_of`` (UTC), ``ticker``, ``spot``, ``expiry``, ``strike``, ``right`` (C or P), ``bid``, ``ask``, ``last`` in
        dollars, ``volume``, ``open_interest``, and the vendor's own ``iv`` and ``delta``; missing is null.
        """
        return frame_of(Series.QUOTES, tabulate_quotes(self._chains))

    async def read(self, tickers: Sequence[str], span: Span) -> AsyncIterator[HistoryStep]:
        """Yield the chains of ``tickers`` (none means all) within ``span``, as a backtest reads any history."""
        wanted = set(map(parse_ticker, tickers))
        lost = [
            ChainFailure(one, UnknownTicker(f"{one} is in none of the chains"))
            for one in sorted(wanted - set(self.tickers))
        ]
        yield HistoryStep((), tuple(lost), 0.0)
        chosen = [one for one in self._chains if (not wanted or one.ticker in wanted) and span.covers(one.as_of)]
        done = 0
        for some in portions(chosen):
            done += len(some)
            recorded = tuple(RecordedChain(one, quotes_digest(one)) for one in some)
            yield HistoryStep(recorded, (), done / len(chosen))


def load_chains(
    source: PathLikes | pl.DataFrame,
    tickers: Texts | None = None,
    start: Day | None = None,
    end: Day | None = None,
    *,
    skip_unreadable: bool = False,
) -> Chains:
    """Return recorded chains.

    Args:
        source: a CSV, csv.gz or Parquet file, a directory or pattern of them, several of these, or a frame with
            the columns of such a file (``as_of``, ``ticker``, ``spot``, ``expiry``, ``strike``, ``right``, ``bid``, …).
        tickers: whose; None means all.
        start: first New York date.
        end: last New York date.
        skip_unreadable: whether to go on where something cannot be read; ``Chains.failures`` says what it was.

    Raises:
        UnreadableChain, NoSpotPrice, UnknownTicker: something cannot be read, or is not there.
        InvalidInput: a ticker or date is none.
        NotFound: there is no chain at all.

    """
    wanted, span = texts_of(tickers), Span(day_of(start), day_of(end))
    if isinstance(source, pl.DataFrame):
        chains, failures = _of_frame(source, wanted, span)
    else:
        paths = paths_of(source)
        chains, failures = wait_for(lambda: _of_files(paths, wanted, span))
    if failures and not skip_unreadable:
        raise failures[0].error
    if not chains:
        raise NotFound("there is no such chain" + (f": {failures[0].error}" if failures else ""))
    return Chains(chains, list(map(said, failures)))


def chains_of(given: Chains | Chain | Iterable[Chain] | PathLikes | pl.DataFrame) -> Chains:
    """Return what was given as chains: some already, or where to load them from.

    Raises:
        InvalidInput: something else was given; else as ``load_chains``.

    """
    if isinstance(given, Chains):
        return given
    if isinstance(given, Chain):
        return Chains([given])
    if isinstance(given, str | PathLike | pl.DataFrame):
        return load_chains(given)
    parts = list(given)
    if parts and all(isinstance(one, Chain) for one in parts):
        return Chains([one for one in parts if isinstance(one, Chain)])
    if parts and all(isinstance(one, str | PathLike) for one in parts):
        return load_chains([one for one in parts if not isinstance(one, Chain)])
    raise InvalidInput("chains are what load_chains gives, or the paths of chain files")


def said(failure: ChainFailure) -> str:
    """Return a failure in a line that names what it is about."""
    message = str(failure.error)
    return message if failure.source in message else f"{failure.source}: {message}"


def portions(chains: Sequence[Chain]) -> Iterator[list[Chain]]:
    """Yield chains in order, some 50,000 contracts at a time; no result depends on how they are cut."""
    some: list[Chain] = []
    size = 0
    for chain in chains:
        some.append(chain)
        size += len(chain.contracts)
        if size >= CONTRACTS_A_STEP:
            yield some
            some, size = [], 0
    if some:
        yield some


async def _of_files(
    paths: Sequence[Path], tickers: Sequence[str], span: Span
) -> tuple[list[Chain], list[ChainFailure]]:
    chains: list[Chain] = []
    failures: list[ChainFailure] = []
    async for step in open_file_history(paths).read(tickers, span):
        chains += [one.chain for one in step.chains]
        failures += step.failures
    return chains, failures


def _of_frame(frame: pl.DataFrame, tickers: Sequence[str], span: Span) -> tuple[list[Chain], list[ChainFailure]]:
    names = match_columns(frame.columns)
    table = frame.select(pl.col(given).alias(name) for name, given in names.items())
    reading = parse_table(table, "the frame", [parse_ticker(one) for one in tickers])
    chains = [one for one in reading.outcomes if isinstance(one, Chain) and span.covers(one.as_of)]
    failures = [one for one in reading.outcomes if isinstance(one, ChainFailure)]
    lost = [one for one in map(parse_ticker, tickers) if one not in reading.tickers]
    return chains, failures + [ChainFailure(one, UnknownTicker(f"{one} is not in the frame")) for one in lost]
