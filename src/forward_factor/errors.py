"""The one family of errors this project raises on purpose.

Every error carries a stable ``code`` (for machines and tests), says in its message what to do next,
and knows whether trying the same thing again can help. Edges translate them once: the command line
to exit codes, HTTP to problem details, jobs to a retry or a dead letter.
"""

from __future__ import annotations

from typing import ClassVar


class ForwardFactorError(Exception):
    """Root of all expected failures."""

    code: ClassVar[str] = "error"
    retryable: ClassVar[bool] = False


class InvalidInput(ForwardFactorError):
    """What the user or a caller gave cannot be used as it is."""

    code = "invalid_input"


class InvalidTicker(InvalidInput):
    """A text that no exchange would list."""

    code = "invalid_ticker"


class InvalidSettings(InvalidInput):
    """One or more settings are wrong; the message lists them all."""

    code = "invalid_settings"


class UnreadableChain(ForwardFactorError):
    """A chain, or another answer of a provider, that cannot be read."""

    code = "unreadable_chain"


class NoSpotPrice(ForwardFactorError):
    """A chain without a usable price of its underlying."""

    code = "no_spot_price"


class UnknownTicker(ForwardFactorError):
    """The provider has no options for this ticker."""

    code = "unknown_ticker"


class ProviderUnavailable(ForwardFactorError):
    """The provider did not answer usefully in time; later it may."""

    code = "provider_unavailable"
    retryable = True


class ProviderRefused(ForwardFactorError):
    """The provider understood and said no (key, plan or address)."""

    code = "provider_refused"


class NotOffered(ForwardFactorError):
    """The provider has nothing of the kind; another one may."""

    code = "not_offered"


class StorageError(ForwardFactorError):
    """The store cannot do what was asked."""

    code = "storage_error"


class StoreUnavailable(StorageError):
    """The store cannot be reached or refuses the connection."""

    code = "store_unavailable"
    retryable = True


class SchemaMismatch(StorageError):
    """The store's schema is not the one this version works with."""

    code = "schema_mismatch"


class InvalidBackup(StorageError):
    """A file that cannot be restored: damaged, foreign, or of another kind of store."""

    code = "invalid_backup"


class NotFound(ForwardFactorError):
    """Nothing is stored under that name."""

    code = "not_found"


class AlreadyExists(ForwardFactorError):
    """Something else is stored under that name."""

    code = "already_exists"


class LogInRefused(ForwardFactorError):
    """No such account, a wrong password, or a disabled account; which of them is nobody's business."""

    code = "log_in_refused"


class NotAuthenticated(ForwardFactorError):
    """No token, or one that is not good any more: log in, or refresh."""

    code = "not_authenticated"


class NotAllowed(ForwardFactorError):
    """The account is known, and may not do this."""

    code = "not_allowed"


class TooManyRequests(ForwardFactorError):
    """More was asked than is answered at once; ``retry_after`` is the time to wait, in seconds."""

    code = "too_many_requests"
    retryable = True

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LinkRefused(InvalidInput):
    """A link code that is wrong, used or too old; which of them is nobody's business."""

    code = "link_refused"


class ChatUnreachable(ForwardFactorError):
    """A chat that takes no messages: it blocked the bot, threw it out, or is gone."""

    code = "chat_unreachable"


class ChatMoved(ForwardFactorError):
    """A group that goes on under another number."""

    code = "chat_moved"

    def __init__(self, message: str, new_chat_id: str) -> None:
        super().__init__(message)
        self.new_chat_id = new_chat_id


class MessageRefused(ForwardFactorError):
    """A message that will not be taken however often it is sent."""

    code = "message_refused"


class SendLater(ForwardFactorError):
    """A message that may go through later.

    ``wait_s`` is how long the receiver asked to wait, None where it did not say. ``may_have_arrived`` is whether it
    may have gone through all the same: the answer was lost, not the message.
    """

    code = "send_later"
    retryable = True

    def __init__(self, message: str, wait_s: float | None = None, *, may_have_arrived: bool = False) -> None:
        super().__init__(message)
        self.wait_s = wait_s
        self.may_have_arrived = may_have_arrived
