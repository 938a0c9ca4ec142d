"""The stream of prices from Polygon (now Massive): a websocket that is kept up, logged in and subscribed.

The vendor takes one connection an account. The key travels in a message to the configured host only: redirects are not
followed, and neither the key nor a vendor's text is logged.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from forward_factor.core.price_moves import Price
from forward_factor.errors import InvalidSettings
from forward_factor.providers.polygon.query import our_tickers
from forward_factor.providers.polygon.stream_parse import Frame, log_in_message, parse_frame, subscription_messages

logger = logging.getLogger(__name__)
# At DEBUG it writes every frame, the one with the key too.
logging.getLogger("websockets").setLevel(logging.INFO)

STREAM_URL = "wss://socket.massive.com/stocks"

_ADDRESS = re.compile(r"wss?://([A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:]+\])(:(?P<port>\d{1,5}))?(/[!-~]*)?")
_LAST_PORT = 65535
_LARGEST_FRAME = 16 * 1024 * 1024
_REFUSALS = frozenset(range(300, 500)) - {408, 429}
_HINT = "check the plan of POLYGON_API_KEY, and POLYGON_STREAM_URL (delayed plans: wss://delayed.massive.com/stocks)"


@dataclass(frozen=True, slots=True)
class StreamPatience:
    """How long to wait; all in seconds.

    Attributes:
        answer_s: for the connection, and for the answer to the key.
        silent_s: without a single frame; then the connection is taken for dead, although it answers pings.
        first_wait_s, longest_wait_s: before the next attempt to connect, doubling.
        ping_s: between pings of ours, and for their answer.

    """

    answer_s: float = 10.0
    silent_s: float = 90.0
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    ping_s: float = 20.0


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Where the stream is, and the key to it."""

    url: str
    api_key: str = field(repr=False)
    patience: StreamPatience = StreamPatience()


class PolygonStream:
    """Prices of shares by the second; a connection is there while anything is watched."""

    def __init__(self, settings: StreamSettings) -> None:
        """Prepare; nothing is sent yet.

        Raises:
            InvalidSettings: the address cannot be used.

        """
        if not _is_usable(settings.url.strip()):
            raise InvalidSettings("POLYGON_STREAM_URL must look like wss://host/stocks, without user or password")
        self._settings = settings
        self._patience = settings.patience
        self._ours: dict[str, tuple[str, ...]] = {}
        self._changed = asyncio.Event()
        self._fresh: dict[str, Price] = {}
        self._last: dict[str, Price] = {}
        self._heard_at: float | None = None
        self._refusal: str | None = None
        self._is_said = False
        self._malformed = 0
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._keep_up())
        return self

    async def __aexit__(self, *_exception: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def is_live(self) -> bool:
        """Return whether a price came in lately, on the connection that is up."""
        if self._heard_at is None:
            return False
        return asyncio.get_running_loop().time() - self._heard_at < self._patience.silent_s

    @property
    def refusal(self) -> str | None:
        """Return why the vendor gives no stream; None while it may."""
        return self._refusal

    def watch(self, tickers: Collection[str]) -> None:
        """Take these tickers in place of those before; subscriptions follow at once, or with the next connection."""
        ours = our_tickers(tickers)
        if ours == self._ours:
            return
        self._ours = ours
        self._last = {symbol: price for symbol, price in self._last.items() if symbol in ours}
        self._fresh = {symbol: price for symbol, price in self._fresh.items() if symbol in ours}
        self._changed.set()

    def take(self) -> Mapping[str, Price]:
        """Return the tickers that have a newer price than when it was last taken."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()  # a fault nobody foresaw is not to pass for silence
        fresh, self._fresh = self._fresh, {}
        return {ticker: price for symbol, price in fresh.items() for ticker in self._ours[symbol]}

    async def _keep_up(self) -> None:
        wait_s = self._patience.first_wait_s
        while self._refusal is None:
            if not self._ours:
                await self._changed.wait()
                self._changed.clear()
                continue
            trouble = await self._converse_until_trouble()
            if self._heard_at is not None:
                wait_s = self._patience.first_wait_s
            self._heard_at = None
            if trouble is not None:
                self._say(trouble)
                await asyncio.sleep(self._patience.longest_wait_s if trouble.hope is _Hope.LATER else wait_s)
                wait_s = min(2 * wait_s, self._patience.longest_wait_s)

    async def _converse_until_trouble(self) -> _Trouble | None:
        try:
            await self._converse()
        except _Trouble as trouble:
            return trouble
        except InvalidStatus as error:
            code = error.response.status_code
            return _Trouble(f"HTTP {code}", _Hope.NONE if code in _REFUSALS else _Hope.SOON)
        except TimeoutError:
            return _Trouble("no answer in time")
        except (OSError, WebSocketException) as error:
            return _Trouble(type(error).__name__)
        return None

    async def _converse(self) -> None:
        patience = self._patience
        async with _Connect(
            self._settings.url.strip(),
            open_timeout=patience.answer_s,
            close_timeout=1.0,
            ping_interval=patience.ping_s,
            ping_timeout=patience.ping_s,
            max_size=_LARGEST_FRAME,
        ) as socket:
            self._malformed = 0
            await self._log_in(socket)
            subscriptions = asyncio.create_task(self._keep_subscribed(socket))
            try:
                await self._listen(socket)
            finally:
                subscriptions.cancel()
                await asyncio.gather(subscriptions, return_exceptions=True)

    async def _log_in(self, socket: ClientConnection) -> None:
        async with asyncio.timeout(self._patience.answer_s):
            await socket.send(log_in_message(self._settings.api_key))
            while "auth_success" not in self._heard(await socket.recv()).statuses:
                pass

    async def _keep_subscribed(self, socket: ClientConnection) -> None:
        subscribed: set[str] = set()
        while True:
            self._changed.clear()
            wanted = set(self._ours)
            for message in subscription_messages("subscribe", wanted - subscribed):
                await socket.send(message)
            for message in subscription_messages("unsubscribe", subscribed - wanted):
                await socket.send(message)
            subscribed = wanted
            await self._changed.wait()

    async def _listen(self, socket: ClientConnection) -> None:
        while self._ours:
            try:
                async with asyncio.timeout(self._patience.silent_s):
                    frame = await socket.recv()
            except TimeoutError:
                if self._ours:
                    raise _Trouble(f"nothing came for {self._patience.silent_s:g} s") from None
                return
            self._keep(self._heard(frame))

    def _heard(self, raw: str | bytes) -> Frame:
        frame = parse_frame(raw)
        if frame.malformed and not self._malformed:
            logger.warning("polygon stream: there are events that cannot be read; they are passed over")
        self._malformed += frame.malformed
        for status in frame.statuses:
            if status in _TROUBLES:
                raise _Trouble(status, _TROUBLES[status])
            if status == "error":
                logger.warning("polygon stream: a subscription was refused")
        return frame

    def _keep(self, frame: Frame) -> None:
        for symbol, price in frame.prices:
            last = self._last.get(symbol)
            if symbol in self._ours and (last is None or price.at > last.at):
                self._last[symbol] = self._fresh[symbol] = price
        if frame.prices:
            self._heard_at = asyncio.get_running_loop().time()
            if self._is_said:
                logger.info("polygon stream: prices come in again")
            self._is_said = False

    def _say(self, trouble: _Trouble) -> None:
        """Say what is wrong once an outage; what comes of it, asking for prices instead, is the reader's."""
        if trouble.hope is _Hope.NONE:
            self._refusal = f"polygon refused the stream of prices ({trouble}): {_HINT}"
        elif not self._is_said:
            logger.warning("polygon stream: %s; connecting anew", trouble)
        self._is_said = True


def _is_usable(url: str) -> bool:
    address = _ADDRESS.fullmatch(url)
    return address is not None and int(address["port"] or 0) <= _LAST_PORT


class _Connect(connect):
    """A connection to the address that was configured, and to no other."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        """Refuse redirects: the key must not follow them."""
        return exc


class _Hope(Enum):
    """What is to be expected of another attempt."""

    SOON = auto()
    LATER = auto()
    NONE = auto()


class _Trouble(Exception):
    """An end of the conversation."""

    def __init__(self, what: str, hope: _Hope = _Hope.SOON) -> None:
        super().__init__(what)
        self.hope = hope


_TROUBLES = {
    "auth_failed": _Hope.NONE,
    "auth_timeout": _Hope.SOON,
    "force_disconnect": _Hope.SOON,
    "max_connections": _Hope.LATER,  # another process has the one connection there may be
}
