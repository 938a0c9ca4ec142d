"""How much is answered: by address where nobody is known yet, by account elsewhere.

Counts are kept in this process: several API processes answer as many times as much.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from forward_factor.core.accounts import email_key
from forward_factor.core.sessions import digest_of
from forward_factor.errors import TooManyRequests

_IPV6_SITE_BITS = 64


@dataclass(frozen=True, slots=True)
class RateLimits:
    """How much is answered, as the library ``limits`` writes it.

    Attributes:
        auth: registrations, log-ins and refreshes of one client address.
        passwords: wrong passwords for one account from one address, each of which costs 0.4 s of a processor.
        requests: of one account.

    """

    auth: str = "60/minute"
    passwords: str = "10/5minutes"
    requests: str = "600/minute"


class RateGate:
    """Lets through what is within the limits."""

    def __init__(self, limits: RateLimits) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._auth, self._passwords, self._requests = map(parse, (limits.auth, limits.passwords, limits.requests))

    async def pass_auth(self, address: str) -> None:
        """Count a request to register, log in or refresh.

        Raises:
            TooManyRequests: there were too many.

        """
        await self._pass(self._auth, "auth", _site(address))

    async def pass_request(self, user_id: str) -> None:
        """Count a request of an account.

        Raises:
            TooManyRequests: there were too many.

        """
        await self._pass(self._requests, "requests", digest_of(user_id))

    async def pass_password(self, address: str, account: str) -> None:
        """Count a password before it is checked; ``forgive`` takes the count back where it was right.

        Raises:
            TooManyRequests: there were too many wrong ones.

        """
        await self._pass(self._passwords, *_attempt(address, account))

    async def forgive(self, address: str, account: str) -> None:
        """Forget the wrong passwords of an account from an address."""
        await self._limiter.clear(self._passwords, *_attempt(address, account))

    async def _pass(self, limit: RateLimitItem, *who: str) -> None:
        if await self._limiter.hit(limit, *who):
            return
        window = await self._limiter.get_window_stats(limit, *who)
        wait_s = max(1, math.ceil(window.reset_time - time.time()))
        raise TooManyRequests(f"too many requests: try again in {wait_s} s", wait_s)


def _attempt(address: str, account: str) -> tuple[str, str, str]:
    return "passwords", _site(address), digest_of(email_key(account))


def _site(address: str) -> str:
    """Return what one client can hardly change: an IPv4 address, or the network of an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return digest_of(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((int(parsed), _IPV6_SITE_BITS), strict=False))
    return str(parsed)
