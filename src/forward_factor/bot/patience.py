"""How much a chat may ask: enough for a person in a hurry, too little for a program that guesses."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

CALLS = RateLimitItemPerMinute(30)
NOTICES = RateLimitItemPerMinute(1)
GUESSES = RateLimitItemPerMinute(5, 10)
GUESSES_OF_ALL = RateLimitItemPerMinute(100, 10)


class Verdict(Enum):
    """What becomes of a call: answered, refused with a word, or not heard at all."""

    ANSWER = auto()
    REFUSE = auto()
    IGNORE = auto()


@dataclass(slots=True)
class Patience:
    """Counts what each chat asked, in this process: there is one bot, and who restarts it forgives."""

    _limiter: MovingWindowRateLimiter = field(default_factory=lambda: MovingWindowRateLimiter(MemoryStorage()))

    def judge(self, chat_id: str) -> Verdict:
        """Count a call of a chat; the first one too many in a minute is worth a word."""
        if self._hit(CALLS, "call", chat_id):
            return Verdict.ANSWER
        return Verdict.REFUSE if self._hit(NOTICES, "notice", chat_id) else Verdict.IGNORE

    def allows_guess(self, chat_id: str) -> bool:
        """Count a link code that a chat tries; all chats together have a limit too."""
        return self._hit(GUESSES, "guess", chat_id) and self._hit(GUESSES_OF_ALL, "guess", "all")

    def _hit(self, limit: RateLimitItem, *what: str) -> bool:
        return bool(self._limiter.hit(limit, *what))
