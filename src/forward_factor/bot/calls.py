"""What handlers are given and what they give back; none of it is Telegram's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from forward_factor.bootstrap import Application
from forward_factor.bot.patience import Patience
from forward_factor.errors import NotFound
from forward_factor.notify.buttons import Rows
from forward_factor.services.chat_views import LinkedChat
from forward_factor.services.ports import Clock
from forward_factor.services.ports.chats import Correspondent
from forward_factor.storage.store import Store

NOT_LINKED = "This chat belongs to no account. /start makes one; /link CODE uses the one you have on the web page."


@dataclass(frozen=True, slots=True)
class Desk:
    """What handlers work with."""

    application: Application
    store: Store
    patience: Patience

    @property
    def clock(self) -> Clock:
        """Return the clock."""
        return self.application.clock


@dataclass(frozen=True, slots=True)
class Call:
    """A command as it was given in a chat.

    Attributes:
        words: what followed the command.
        linked: the chat with its user, None if it is nobody's.
        answers_to: the text of the bot's message that this one replies to.

    """

    chat: Correspondent
    is_group: bool = False
    words: tuple[str, ...] = ()
    linked: LinkedChat | None = None
    answers_to: str | None = None

    @property
    def user_id(self) -> str:
        """Return whose chat it is.

        Raises:
            NotFound: nobody's.

        """
        if self.linked is None:
            raise NotFound(NOT_LINKED)
        return self.linked.user.id


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: HTML, or a picture with it as its caption.

    Attributes:
        asks: what the field for the reply it asks for says, None where it asks for none.

    """

    html: str
    buttons: Rows = ()
    picture: bytes | None = None
    asks: str | None = None


Handler = Callable[[Desk, Call], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the bot.

    Attributes:
        usage: what may follow its name.
        summary: what it does, in a few words.

    """

    name: str
    usage: str
    summary: str
    handle: Handler
