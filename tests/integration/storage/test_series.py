"""Time series from beginning to end: whole, exact, in order, and as much of them as is asked for; on each store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from forward_factor.core.chain import Chain
from forward_factor.core.rules import VolPoint
from forward_factor.errors import InvalidInput, InvalidTicker, UnknownTicker
from forward_factor.frames.series import frame_of, schema_of
from forward_factor.services.keep_quotes import KeepQuotes
from forward_factor.services.ports.records import CandidateFilter, SignalFilter
from forward_factor.services.quote_table import tabulate_quotes
from forward_factor.services.record_views import Timeframe
from forward_factor.services.series import Series, SeriesBatch, SeriesRequest
from forward_factor.storage.readers import history, series
from forward_factor.storage.store import Store
from tests.chains import AS_OF
from tests.integration.server.seeding import add_bars
from tests.integration.storage.scanning import dear_chain, scan

LATER = AS_OF + timedelta(hours=1)


def chains() -> list[Chain]:
    found = [dear_chain("AAA"), dear_chain("BBB"), dear_chain("AAA", LATER)]
    found[0].contracts.bid[3], found[0].contracts.volume[4], found[0].contracts.last[5] = 1 / 3, np.nan, np.nan
    return found


async def read(store: Store, wanted: Series, **more: Any) -> pl.DataFrame:
    batches = [one async for one in store.series.read(SeriesRequest(series=wanted, **more))]
    assert [failure for batch in batches for failure in batch.failures] == []
    shares = [batch.done for batch in batches]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    return pl.concat([schema_of(wanted).to_frame(), *(frame_of(wanted, batch.columns) for batch in batches)])


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of few rows, so that there are many."""
    monkeypatch.setattr(series, "ROWS_A_BATCH", 5)
    monkeypatch.setattr(history, "QUOTES_A_STATEMENT", 300)


@pytest.mark.usefixtures("small")
async def test_every_series_is_whole_and_in_order(store: Store) -> None:
    await scan(store, chains(), keep=KeepQuotes.FULL)
    await add_bars(store, "AAA", AS_OF, 7)
    quotes = await read(store, Series.QUOTES)
    order = ["as_of", "ticker", "expiry", "right", "strike"]
    expected = frame_of(Series.QUOTES, tabulate_quotes(chains()))
    assert quotes.sort(order).equals(expected.sort(order))
    assert quotes["as_of"].is_sorted()
    signals = await read(store, Series.SIGNALS)
    views = await store.records.signals(SignalFilter(), None, 1000)
    assert signals["id"].sort().to_list() == sorted(one.id for one in views)
    assert signals["as_of"].is_sorted()
    row = next(one for one in views if one.id == signals["id"][0])
    assert signals.row(0, named=True) == {name: getattr(row, name) for name in signals.columns}
    candidates = await read(store, Series.CANDIDATES)
    stored = await store.records.candidates(CandidateFilter(ticker="BBB"), None, 1000)
    ours = candidates.filter(pl.col("ticker") == "BBB")
    assert len(candidates) == 3 * len(ours) == 3 * len(stored)
    key = {(one.pair, one.vol_point): one for one in stored}
    for one in ours.iter_rows(named=True):
        view = key[one["pair"], one["vol_point"]]
        assert {name: tuple(value) if isinstance(value, list) else value for name, value in one.items()} == {
            name: getattr(view, name) for name in candidates.columns
        }
    structure = await read(store, Series.TERM_STRUCTURE, tickers=("AAA",))
    assert structure["expiry"].n_unique() * 2 == len(structure) == 8
    assert structure["atm_iv"].null_count() == 0
    snapshots = await read(store, Series.SNAPSHOTS)
    assert snapshots.select("as_of", "ticker", "contracts_kept").rows() == [
        (AS_OF, "AAA", 328), (AS_OF, "BBB", 328), (LATER, "AAA", 328),
    ]  # fmt: skip
    bars = await read(store, Series.BARS)
    assert bars["open"].to_list() == [1.0 + day for day in range(7)]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"tickers": ("bbb",)}, [(AS_OF, "BBB")]),
        ({"since": LATER}, [(LATER, "AAA")]),
        ({"until": LATER}, [(AS_OF, "AAA"), (AS_OF, "BBB")]),
        ({"since": AS_OF, "until": LATER, "tickers": ("AAA",)}, [(AS_OF, "AAA")]),
        ({"provider": "files"}, [(AS_OF, "AAA"), (AS_OF, "BBB"), (LATER, "AAA")]),
        ({"provider": "cboe"}, []),
    ],
)
async def test_some_of_a_series(store: Store, more: dict[str, Any], expected: list[tuple[datetime, str]]) -> None:
    await scan(store, chains())
    for one in (Series.QUOTES, Series.SIGNALS, Series.CANDIDATES, Series.TERM_STRUCTURE, Series.SNAPSHOTS):
        frame = await read(store, one, **more)
        assert sorted(set(frame.select("as_of", "ticker").rows())) == expected, one
    wanted = SeriesRequest(series=Series.QUOTES, **more)
    assert await store.series.quotes_kept(wanted) == len(await read(store, Series.QUOTES, **more))


async def test_one_pair_point_and_timeframe(store: Store) -> None:
    await scan(store, chains())
    found = await read(store, Series.CANDIDATES, pair="30/90", vol_point=VolPoint.PUT_35D)
    assert found.select("pair", "vol_point").unique().rows() == [("30/90", "35d_put")]
    assert len(found) == 3
    await add_bars(store, "AAA", AS_OF, 2, "1hour")
    assert len(await read(store, Series.BARS, timeframe=Timeframe.DAY)) == 0
    assert (await read(store, Series.BARS, timeframe=Timeframe.HOUR))["volume"].to_list() == [100, 101]


async def test_quotes_of_several_providers_must_be_told_apart(store: Store) -> None:
    await scan(store, [dear_chain(), replace(dear_chain(), provider="cboe")])
    with pytest.raises(InvalidInput, match="say which with --provider"):
        await read(store, Series.QUOTES)
    assert len(await read(store, Series.QUOTES, provider="cboe")) == 328


async def test_a_ticker_without_quotes_is_a_failure(store: Store) -> None:
    batches = [one async for one in store.series.read(SeriesRequest(series=Series.QUOTES, tickers=("NONE",)))]
    assert isinstance(_failures(batches)[0], UnknownTicker)


def _failures(batches: Sequence[SeriesBatch]) -> list[Exception]:
    return [failure.error for batch in batches for failure in batch.failures]


@pytest.mark.parametrize(
    "more",
    [
        {"series": Series.BARS, "pair": "30/60"},
        {"series": Series.BARS, "provider": "cboe"},
        {"series": Series.QUOTES, "vol_point": VolPoint.ATM},
        {"series": Series.SIGNALS, "timeframe": Timeframe.DAY},
        {"series": Series.SIGNALS, "since": AS_OF, "until": AS_OF},
        {"series": Series.SIGNALS, "since": datetime(2026, 6, 1)},
    ],
)
def test_what_a_series_cannot_be_asked_for(more: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        SeriesRequest(**more)
    with pytest.raises(InvalidTicker):
        SeriesRequest(series=Series.QUOTES, tickers=("no ticker",))
