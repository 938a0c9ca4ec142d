"""A ticker's bars from Polygon (now Massive): the request and its further pages, and what their bytes say.

Prices are asked for as traded (``adjusted=false``). A page may end where another one begins; bars that come twice
count once, the first time.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any
from urllib.parse import urlsplit

import msgspec
import numpy as np

from forward_factor.core.bars import Bars, Timeframe, find_faults, new_york_days
from forward_factor.errors import UnreadableChain
from forward_factor.providers.http import HttpRequest, HttpSource
from forward_factor.providers.normalise import number_columns
from forward_factor.providers.polygon.query import next_page, vendor_ticker

logger = logging.getLogger(__name__)

PAGE_SIZE = 50_000
"""The most that the vendor takes; it counts the minutes or days that bars are made from."""
PAGE_CAP = 400
_SPANS = {Timeframe.MINUTE: "minute", Timeframe.HOUR: "hour", Timeframe.DAY: "day"}
_LAST_MS = 4_102_444_800_000.0
_NOT_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_numbers_of = attrgetter("t", "o", "h", "l", "c", "v")
_SPAN_ENDS = re.compile(r"/(\d{4}-\d{2}-\d{2}|\d{10,16})/(\d{4}-\d{2}-\d{2}|\d{10,16})")


class _Bar(msgspec.Struct, frozen=True, gc=False):
    t: float | None = None
    o: float | None = None
    h: float | None = None
    l: float | None = None  # noqa: E741 - the vendor's names
    c: float | None = None
    v: float | None = None


class _Page(msgspec.Struct, frozen=True):
    results: list[_Bar] | None = None
    next_url: str | None = None


class _RawPage(msgspec.Struct, frozen=True):
    results: list[msgspec.Raw] | None = None
    next_url: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class BarsPage:
    """Bars as the vendor wrote them, how many entries could not be read, and where more are."""

    bars: Bars
    unreadable: int
    next_url: str | None


async def fetch_bars(source: HttpSource, ticker: str, timeframe: Timeframe, first: date, last: date) -> Bars:
    """Return the bars of the New York dates from ``first`` to ``last``.

    Raises:
        UnreadableChain: an answer cannot be read, or its pages have no end: half a span would look like a whole one.
        UnknownTicker, ProviderUnavailable, ProviderRefused: see there.

    """
    request = bars_request(ticker, timeframe, first, last)
    base = request.path.rsplit("/", 2)[0]
    pages: list[BarsPage] = []
    seen: set[tuple[object, ...]] = set()
    while True:
        page = await source.fetch(request, parse_bars_page)
        pages.append(page)
        if page.next_url is None:
            return _joined(ticker, pages, timeframe, first, last)
        request = _next_request(request, page.next_url, base)
        place = (request.path, *request.params)
        if place in seen or len(pages) >= PAGE_CAP:
            raise UnreadableChain(f"polygon, {request.subject}: its pages go in a circle after {len(pages)}")
        seen.add(place)


def bars_request(ticker: str, timeframe: Timeframe, first: date, last: date) -> HttpRequest:
    """Ask for the first page of a ticker's bars."""
    span = f"{first.isoformat()}/{last.isoformat()}"
    return HttpRequest(
        path=f"/v2/aggs/ticker/{vendor_ticker(ticker)}/range/1/{_SPANS[timeframe]}/{span}",
        subject=f"{ticker} ({timeframe} bars from {first} to {last})",
        params=(("adjusted", "false"), ("sort", "asc"), ("limit", str(PAGE_SIZE))),
    )


def parse_bars_page(body: bytes) -> BarsPage:
    """Return a page; an entry that is no bar costs itself, and not the page.

    Raises:
        UnreadableChain: the body is no such answer.

    """
    try:
        page = _decode_page(body)
        return BarsPage(_columns(page.results or ()), 0, page.next_url)
    except msgspec.ValidationError:
        pass
    except _NOT_JSON as error:
        raise UnreadableChain("the answer is no list of bars") from error
    try:
        raw = msgspec.json.decode(body, type=_RawPage)
    except _NOT_JSON as error:
        raise UnreadableChain("the answer is no list of bars") from error
    entries = [entry for one in raw.results or () if (entry := _one(one)) is not None]
    return BarsPage(_columns(entries), len(raw.results or ()) - len(entries), raw.next_url)


_decode_page = msgspec.json.Decoder(_Page).decode
_decode_bar = msgspec.json.Decoder(_Bar).decode


def _one(raw: msgspec.Raw) -> _Bar | None:
    try:
        return _decode_bar(raw)
    except _NOT_JSON:
        return None


def _columns(entries: Sequence[Any]) -> Bars:
    made, opens, high, low, close, volume = number_columns(entries, _numbers_of, 6)
    is_time = (made > 0) & (made < _LAST_MS)
    at = np.where(is_time, made, -1.0).astype(np.int64).astype("datetime64[ms]").astype("datetime64[us]")
    return Bars(at, opens, high, low, close, np.rint(volume))


def _next_request(request: HttpRequest, next_url: str, base: str) -> HttpRequest:
    """Ask for the page that ``next_url`` names: its span, which moves on, and its cursor; nothing else is believed."""
    following = next_page(request, next_url)
    path = urlsplit(next_url).path
    ends = path[len(base) :] if path.startswith(base) else ""
    return HttpRequest(path if _SPAN_ENDS.fullmatch(ends) else request.path, request.subject, following.params)


def _joined(ticker: str, pages: Sequence[BarsPage], timeframe: Timeframe, first: date, last: date) -> Bars:
    """Return the sound bars of the span by time, each once."""
    bars = Bars.concatenate([page.bars for page in pages])
    if ticker.startswith("^"):  # nobody trades an index
        bars = Bars(bars.at, bars.open, bars.high, bars.low, bars.close, np.zeros(len(bars)))
    is_sound = find_faults(bars, timeframe) == 0
    left_out = sum(page.unreadable for page in pages) + int(np.count_nonzero(~is_sound))
    if left_out:
        logger.warning("polygon, %s: %d entries are no bars and are left out", ticker, left_out)
    bars = bars.take(is_sound)
    days = new_york_days(bars.at)
    bars = bars.take((days >= np.datetime64(first)) & (days <= np.datetime64(last)))
    _, places = np.unique(bars.at, return_index=True)
    return bars.take(places)
