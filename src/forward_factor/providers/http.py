"""One HTTP source a provider: it waits its turn, tries again where that helps, and says what went wrong.

The key travels in a header only. Redirects are never followed, so it cannot reach a host nobody configured,
and no error or log line repeats what a vendor wrote, which might echo it.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self, TypeVar

import httpx
import stamina

from forward_factor.core.chain import Chain
from forward_factor.errors import (
    ForwardFactorError,
    InvalidInput,
    InvalidSettings,
    ProviderRefused,
    ProviderUnavailable,
    UnknownTicker,
    UnreadableChain,
)
from forward_factor.providers.pacing import Turns
from forward_factor.services.ports import ChainFailure, Clock
from forward_factor.services.ports.budgets import RequestBudgets

logger = logging.getLogger(__name__)
# At DEBUG it writes the headers of answers, and a vendor's redirect can repeat the key.
logging.getLogger("httpcore").setLevel(logging.INFO)

Parsed = TypeVar("Parsed")

_TOO_MANY = 429
_BUSY = frozenset({408, _TOO_MANY})
_REFUSED = frozenset({401, 403})
_UNKNOWN = 404
_LAST_PORT = 65535
# Names with other characters, or empty or longer parts, fail inside the resolver, with errors of all kinds.
_HOST = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?|[0-9A-Fa-f:]+")
_KEY = re.compile(r"[!-~]+")
_SECONDS = re.compile(r"\d{1,9}(\.\d+)?")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how patiently to try again; all waits in seconds.

    Attributes:
        attempts: requests in all, the first included.
        first_wait_s, longest_wait_s: exponential back-off after faults of the network or the server.
        busy_wait_s: wait after a 429 that names no time; plans that count by the minute need most of one.
        longest_retry_after_s: a vendor that asks for a longer pause is given up on at once.

    """

    attempts: int = 4
    first_wait_s: float = 0.5
    longest_wait_s: float = 10.0
    busy_wait_s: float = 20.0
    longest_retry_after_s: float = 90.0


@dataclass(frozen=True, slots=True)
class RequestLimit:
    """How many requests may be under way at once, and how many may start in a minute (evenly spaced)."""

    concurrent: int = 4
    per_minute: float = 600.0


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """Where a provider is and how to treat it.

    Attributes:
        base_url_setting: name of the setting behind ``base_url``, for messages.
        refused_hint: what a person should check after a 401 or 403.
        connect_timeout_s, read_timeout_s: silence tolerated while connecting, and within an answer.
        total_timeout_s: time for one whole answer.
        max_body_bytes: size of a decompressed answer.

    """

    provider: str
    base_url: str
    base_url_setting: str
    refused_hint: str
    api_key: str | None = field(default=None, repr=False)
    api_key_setting: str = "API key"
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 30.0
    total_timeout_s: float = 120.0
    max_body_bytes: int = 64 * 1024 * 1024
    retry: RetryPolicy = RetryPolicy()
    limit: RequestLimit = RequestLimit()


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A GET below the base URL; ``subject`` is what a person would say was asked for."""

    path: str
    subject: str
    params: tuple[tuple[str, str], ...] = ()


class HttpSource:
    """GETs from one provider, within its limits."""

    def __init__(
        self,
        settings: HttpSettings,
        clock: Clock,
        *,
        budgets: RequestBudgets | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Prepare a client; nothing is sent yet. Of ``budgets``, the provider's own is kept as well.

        Raises:
            InvalidSettings: the base URL or the key cannot be used.

        """
        self._settings = settings
        self._clock = clock
        self._slots = asyncio.Semaphore(settings.limit.concurrent)
        budget = budgets.of(settings.provider, settings.limit.per_minute) if budgets is not None else None
        self._turns = Turns(settings.limit.per_minute, budget)
        self._client = _client(settings, transport)

    @property
    def concurrent(self) -> int:
        """Return how many requests may be under way at once."""
        return self._settings.limit.concurrent

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def fetch(self, request: HttpRequest, parse: Callable[[bytes], Parsed]) -> Parsed:
        """Return what ``parse`` makes of the answer; an unreadable one (cut off, say) is asked for once more.

        Raises:
            UnreadableChain: unreadable twice, or too large.
            ProviderUnavailable, ProviderRefused, UnknownTicker: as `get` does.

        """
        body = await self.get(request)
        try:
            return parse(body)
        except UnreadableChain as error:
            logger.warning("%s", self._said(request, f"{error}; asking once more"))
        return self._parsed(request, await self.get(request), parse)

    def _parsed(self, request: HttpRequest, body: bytes, parse: Callable[[bytes], Parsed]) -> Parsed:
        try:
            return parse(body)
        except UnreadableChain as error:
            raise UnreadableChain(self._said(request, str(error))) from error

    async def get(self, request: HttpRequest) -> bytes:
        """Return the body of the answer, decompressed.

        Raises:
            ProviderUnavailable: no useful answer after all attempts, or the vendor asks for too long a pause.
            ProviderRefused: 401, 403, a redirect, or another status that trying again cannot change.
            UnknownTicker: 404.
            UnreadableChain: the answer is larger than allowed.

        """
        try:
            async for attempt in self._attempts():
                with attempt:
                    return await self._attempt(request)
        except _Transient as trouble:
            raise ProviderUnavailable(f"{self._said(request, str(trouble))}; try again later") from trouble
        raise AssertionError("the attempts end by an answer or an error")

    def _attempts(self) -> AsyncIterator[stamina.Attempt]:
        policy = self._settings.retry
        return aiter(
            stamina.retry_context(
                on=_wait_before_retry,
                attempts=policy.attempts,
                timeout=None,
                wait_initial=policy.first_wait_s,
                wait_max=policy.longest_wait_s,
                wait_jitter=policy.first_wait_s,
            )
        )

    async def _attempt(self, request: HttpRequest) -> bytes:
        async with self._slots:
            await self._turns.take()
            try:
                async with asyncio.timeout(self._settings.total_timeout_s):
                    return await self._exchange(request)
            except TimeoutError as error:
                raise _Transient(f"no whole answer within {self._settings.total_timeout_s:g} s") from error
            except httpx.RequestError as error:
                # The text of such an error can quote headers; its type cannot.
                raise _Transient(f"no answer from {self._host} ({type(error).__name__})") from error

    async def _exchange(self, request: HttpRequest) -> bytes:
        async with self._client.stream("GET", request.path, params=request.params) as response:
            if not response.is_success:
                raise await self._failure(response, request)
            return await self._body(response, request)

    async def _body(self, response: httpx.Response, request: HttpRequest) -> bytes:
        most = self._settings.max_body_bytes
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > most:
                raise UnreadableChain(self._said(request, f"the answer is larger than {most:,} bytes"))
            chunks.append(chunk)
        return b"".join(chunks)

    async def _failure(self, response: httpx.Response, request: HttpRequest) -> Exception:
        if response.status_code in _BUSY or response.is_server_error:
            return await self._busy(response)
        kind, hint = self._verdict(response)
        return kind(self._said(request, f"HTTP {response.status_code}; {hint}"))

    def _verdict(self, response: httpx.Response) -> tuple[type[ForwardFactorError], str]:
        base_url_setting = self._settings.base_url_setting
        if response.status_code in _REFUSED:
            return ProviderRefused, self._settings.refused_hint
        if response.status_code == _UNKNOWN:
            return UnknownTicker, f"check the ticker, or {base_url_setting}"
        if response.is_redirect:
            return ProviderRefused, f"redirects are not followed: check {base_url_setting}"
        return ProviderRefused, f"check {base_url_setting}"

    async def _busy(self, response: httpx.Response) -> _Transient:
        policy = self._settings.retry
        asked = retry_after_s(response.headers.get("Retry-After"), self._clock.now())
        if asked is None and response.status_code == _TOO_MANY:
            asked = policy.busy_wait_s
        if asked is None:
            return _Transient(f"HTTP {response.status_code}")
        if asked > policy.longest_retry_after_s:
            return _Transient(f"HTTP {response.status_code}, asks for a pause of {asked:.0f} s", again=False)
        await self._turns.hold(asked)
        return _Transient(f"HTTP {response.status_code}", wait_s=asked)

    @property
    def _host(self) -> str:
        return self._client.base_url.host

    def _said(self, request: HttpRequest, what: str) -> str:
        return f"{self._settings.provider}, {request.subject}: {what}"


class _Transient(Exception):
    """An outcome that another attempt may better, after ``wait_s`` or the usual back-off."""

    def __init__(self, what: str, *, wait_s: float | None = None, again: bool = True) -> None:
        super().__init__(what)
        self.wait_s = wait_s
        self.again = again


def _wait_before_retry(error: Exception) -> bool | float:
    if not isinstance(error, _Transient) or not error.again:
        return False
    return True if error.wait_s is None else error.wait_s


def retry_after_s(header: str | None, now: datetime) -> float | None:
    """Return the pause a ``Retry-After`` header asks for, in seconds, or None where it cannot be read.

    Both forms of RFC 9110, section 10.2.3 are understood (seconds, HTTP date), and decimal seconds.
    """
    text = (header or "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


async def fetch_in_order(
    provider: str, tickers: Sequence[str], fetch: Callable[[str], Awaitable[Chain]], *, at_once: int
) -> AsyncGenerator[Chain | ChainFailure, None]:
    """Yield the chain of every ticker, or why there is none, in the given order; ``at_once`` are under way.

    No tickers at all is one failure: these vendors have no list to go by.
    """
    if not tickers:
        yield ChainFailure(provider, InvalidInput(f"{provider} needs tickers: name at least one"))
    under_way: deque[asyncio.Task[Chain | ChainFailure]] = deque()
    try:
        for ticker in tickers:
            under_way.append(asyncio.create_task(_outcome(ticker, fetch)))
            if len(under_way) >= at_once:
                yield await under_way.popleft()
        while under_way:
            yield await under_way.popleft()
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _outcome(ticker: str, fetch: Callable[[str], Awaitable[Chain]]) -> Chain | ChainFailure:
    try:
        return await fetch(ticker)
    except ForwardFactorError as error:
        return ChainFailure(ticker, error)


def _client(settings: HttpSettings, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=_base_url(settings),
        headers=_headers(settings),
        timeout=httpx.Timeout(settings.read_timeout_s, connect=settings.connect_timeout_s, pool=None),
        limits=httpx.Limits(max_connections=settings.limit.concurrent),
        follow_redirects=False,
        transport=transport,
    )


def _base_url(settings: HttpSettings) -> httpx.URL:
    try:
        url = httpx.URL(settings.base_url.strip())
    except httpx.InvalidURL:
        url = httpx.URL()
    if not _usable(url):
        # The address itself is not repeated: a password in it is one of the faults.
        raise InvalidSettings(
            f"{settings.base_url_setting} must look like https://host, without user, query or fragment"
        )
    return url


def _usable(url: httpx.URL) -> bool:
    if url.scheme not in {"http", "https"} or (url.port or 0) > _LAST_PORT:
        return False
    if not _HOST.fullmatch(url.raw_host.decode()):
        return False
    return not (url.userinfo or url.query or url.fragment)


def _headers(settings: HttpSettings) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": "forward-factor"}
    key = (settings.api_key or "").strip()
    if not key:
        return headers
    if not _KEY.fullmatch(key):
        raise InvalidSettings(f"{settings.api_key_setting} holds a character that no key has (a space, say)")
    return headers | {"Authorization": f"Bearer {key}"}
