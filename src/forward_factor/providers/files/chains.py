"""The provider of recorded chains."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from forward_factor.core.chain import Chain
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import ForwardFactorError, InvalidInput, InvalidTicker, UnknownTicker
from forward_factor.providers.files.client import find_files, read_table
from forward_factor.providers.files.parse import PROVIDER, Reading, parse_table
from forward_factor.providers.files.query import ChainFile, shown
from forward_factor.services.ports import ChainFailure


class FileChains:
    """Give the chains recorded in files.

    Args:
        paths: files (``.csv``, ``.csv.gz``, ``.parquet``), directories of them, or glob patterns.

    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)

    @property
    def name(self) -> str:
        """Return ``files``."""
        return PROVIDER

    async def fetch_chains(self, tickers: Sequence[str]) -> AsyncIterator[Chain | ChainFailure]:
        """Yield the recorded snapshots of ``tickers`` (none means all), and what could not be read.

        Files come in the given order, one at a time in memory; within a file snapshots come by instant,
        then ticker. A ticker that is in none of the files ends as a failure.
        """
        wanted, invalid = _parse_tickers(tickers)
        for failure in invalid:
            yield failure
        if tickers and not wanted:
            return
        if not self._paths:
            yield ChainFailure(PROVIDER, InvalidInput("no chain file given: name a file, directory or pattern"))
        found: set[str] = set()
        for entry in await asyncio.to_thread(find_files, self._paths):
            reading = await asyncio.to_thread(_read, entry, wanted)
            found |= reading.tickers
            for outcome in reading.outcomes:
                yield outcome
        for ticker in wanted:
            if ticker not in found:
                yield ChainFailure(ticker, UnknownTicker(f"{ticker} is in none of the chain files"))


def _parse_tickers(tickers: Sequence[str]) -> tuple[list[str], list[ChainFailure]]:
    wanted: dict[str, None] = {}
    invalid: list[ChainFailure] = []
    for text in tickers:
        try:
            wanted[parse_ticker(text)] = None
        except InvalidTicker as error:
            invalid.append(ChainFailure(shown(text), error))
    return list(wanted), invalid


def _read(entry: ChainFile | ChainFailure, tickers: Sequence[str]) -> Reading:
    if isinstance(entry, ChainFailure):
        return Reading(frozenset(), (entry,))
    try:
        return parse_table(read_table(entry), entry.label, tickers)
    except ForwardFactorError as error:
        return Reading(frozenset(), (ChainFailure(entry.label, error),))
