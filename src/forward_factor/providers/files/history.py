"""Recorded chains of many files in the order of their instants, with only as much in memory as must be.

First every file is asked for its span. A Parquet file sorted by ``as_of`` is cut into parts; others are one part each.
Parts are read by the beginning of their spans, and a chain is given as soon as no part still to come begins before it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from forward_factor.core.arrays import DateArray, IntArray
from forward_factor.core.chain import Chain
from forward_factor.core.staleness import quotes_digest
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import ForwardFactorError, InvalidInput, UnknownTicker
from forward_factor.providers.files.client import find_files, is_parquet, read_as_of, read_rows, read_table
from forward_factor.providers.files.parse import parse_instants, parse_table
from forward_factor.providers.files.query import ChainFile
from forward_factor.services.ports import ChainFailure
from forward_factor.services.ports.history import HistoryStep, RecordedChain, Span

ROWS_A_PART = 400_000
CONTRACTS_A_STEP = 50_000
_BEGINNING, _END = np.datetime64("0001-01-01", "us"), np.datetime64("9999-12-31", "us")


@dataclass(frozen=True, slots=True)
class _Part:
    """A file, or some rows of it, with the span of its instants in UTC; ``place`` is the file's among the others."""

    file: ChainFile
    place: int
    rows: tuple[int, int] | None
    begins_at: np.datetime64
    ends_at: np.datetime64
    size: int


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A chain that is read and not given yet; of equals that of the first file comes first."""

    recorded: RecordedChain
    place: int

    @property
    def key(self) -> tuple[datetime, str, int]:
        return self.recorded.chain.as_of, self.recorded.chain.ticker, self.place


@dataclass(frozen=True, slots=True)
class _Reading:
    tickers: frozenset[str]
    chains: tuple[_Waiting, ...]
    failures: tuple[ChainFailure, ...]


class FileHistory:
    """Give the chains recorded in files by instant.

    Args:
        paths: files (``.csv``, ``.csv.gz``, ``.parquet``), directories of them, or glob patterns.

    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)

    async def read(self, tickers: Sequence[str], span: Span) -> AsyncIterator[HistoryStep]:
        """Yield the chains of ``tickers`` (none means all) within ``span``, by instant, ticker and order of the files.

        Raises:
            InvalidTicker, InvalidInput: a ticker is none, or no file was named.

        """
        if not self._paths:
            raise InvalidInput("no chain file given: name a file, directory or pattern")
        wanted = list(dict.fromkeys(map(parse_ticker, tickers)))
        parts, failures = await asyncio.to_thread(_plan, self._paths, span)
        if failures:
            yield HistoryStep((), tuple(failures), 0.0)
        found: set[str] = set()
        total, done = sum(part.size for part in parts), 0
        waiting: list[_Waiting] = []
        for number, part in enumerate(parts):
            reading = await asyncio.to_thread(_read, part, wanted, span)
            found |= reading.tickers
            if reading.failures:
                yield HistoryStep((), reading.failures, done / total)
            waiting += reading.chains
            ready, waiting = _divide(waiting, parts[number + 1].begins_at if number + 1 < len(parts) else _END)
            for some in _steps(ready):
                yield HistoryStep(some, (), done / total)
            done += part.size
        lost = [
            ChainFailure(one, UnknownTicker(f"{one} is in none of the chain files"))
            for one in wanted
            if one not in found
        ]
        yield HistoryStep((), tuple(lost), 1.0)


def _plan(paths: Sequence[Path], span: Span) -> tuple[list[_Part], list[ChainFailure]]:
    entries = find_files(paths)
    failures = [entry for entry in entries if isinstance(entry, ChainFailure)]
    files = [entry for entry in entries if isinstance(entry, ChainFile)]
    parts: list[_Part] = []
    for place, file in enumerate(files):
        try:
            parts += _parts(file, place, is_alone=len(files) == 1)
        except ForwardFactorError as error:
            failures.append(ChainFailure(file.label, error))
    begins, ends = _utc(span.begins_at, _BEGINNING), _utc(span.ends_before, _END)
    wanted = [part for part in parts if part.ends_at >= begins and part.begins_at < ends]
    return sorted(wanted, key=lambda part: part.begins_at), failures


def _parts(file: ChainFile, place: int, *, is_alone: bool) -> list[_Part]:
    """Return the parts of a file; of a single CSV file, whose span takes reading it, the span is not needed."""
    size = max(file.path.stat().st_size, 1)
    if is_alone and not is_parquet(file):
        return [_Part(file, place, None, _BEGINNING, _END, size)]
    instants = parse_instants(read_as_of(file))
    known = instants[~np.isnat(instants)]
    if not len(known):
        return [_Part(file, place, None, _BEGINNING, _END, size)]  # its failures are told first
    if not is_parquet(file) or len(instants) <= ROWS_A_PART or not _is_sorted(instants):
        return [_Part(file, place, None, known.min(), known.max(), size)]
    bounds = _cuts(instants)
    share = max(size // (len(bounds) - 1), 1)
    return [
        _Part(file, place, (first, end - first), instants[first], instants[end - 1], share)
        for first, end in pairwise(bounds)
    ]


def _is_sorted(instants: DateArray) -> bool:
    return not np.isnat(instants).any() and bool((instants[1:] >= instants[:-1]).all())


def _cuts(instants: DateArray) -> list[int]:
    """Return the rows at which a sorted file is cut, never within an instant."""
    starts: IntArray = np.flatnonzero(instants[1:] != instants[:-1]) + 1
    cuts = [0]
    for start in starts.tolist():
        if start - cuts[-1] >= ROWS_A_PART:
            cuts.append(start)
    return [*cuts, len(instants)]


def _read(part: _Part, tickers: Sequence[str], span: Span) -> _Reading:
    try:
        table = read_table(part.file) if part.rows is None else read_rows(part.file, *part.rows)
        reading = parse_table(table, part.file.label, tickers)
    except ForwardFactorError as error:
        return _Reading(frozenset(), (), (ChainFailure(part.file.label, error),))
    chains = [one for one in reading.outcomes if isinstance(one, Chain) and span.covers(one.as_of)]
    return _Reading(
        reading.tickers,
        tuple(_Waiting(RecordedChain(chain, quotes_digest(chain)), part.place) for chain in chains),
        tuple(one for one in reading.outcomes if isinstance(one, ChainFailure)),
    )


def _divide(waiting: list[_Waiting], before: np.datetime64) -> tuple[list[RecordedChain], list[_Waiting]]:
    """Return the chains that no later part can precede, in order, and the others."""
    is_ready = [_utc(one.recorded.chain.as_of, _END) < before for one in waiting]
    ready = sorted((one for one, yes in zip(waiting, is_ready, strict=True) if yes), key=lambda one: one.key)
    return [one.recorded for one in ready], [one for one, yes in zip(waiting, is_ready, strict=True) if not yes]


def _utc(instant: datetime | None, otherwise: np.datetime64) -> np.datetime64:
    return otherwise if instant is None else np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "us")


def _steps(chains: Sequence[RecordedChain]) -> Iterator[tuple[RecordedChain, ...]]:
    some: list[RecordedChain] = []
    for one in chains:
        some.append(one)
        if sum(len(chosen.chain.contracts) for chosen in some) >= CONTRACTS_A_STEP:
            yield tuple(some)
            some = []
    if some:
        yield tuple(some)
