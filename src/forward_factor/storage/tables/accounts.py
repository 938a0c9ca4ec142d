"""How accounts come in: sessions of the web and the API, chats of Telegram, and the secret that signs tokens."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from forward_factor.storage.tables.base import Base, Instant, Text, Truth


class RefreshToken(Base):
    """One link of a chain of refresh tokens; of each chain (``family``) only the last may be used.

    Only a digest of the token is kept. A used one that comes again was stolen, and ends its whole family.
    """

    __tablename__ = "refresh_tokens"

    id: Mapped[Text] = mapped_column(primary_key=True)
    user_id: Mapped[Text] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    family: Mapped[Text]
    token_digest: Mapped[Text] = mapped_column(unique=True)
    issued_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    replaced_at: Mapped[Instant | None]
    revoked_at: Mapped[Instant | None]

    __table_args__ = (Index(None, "user_id"), Index(None, "family"))


class ServerSecret(Base):
    """A secret this installation made for itself where the settings name none."""

    __tablename__ = "server_secrets"

    name: Mapped[Text] = mapped_column(primary_key=True)
    value: Mapped[Text]
    created_at: Mapped[Instant]


class TelegramChat(Base):
    """A chat of a user with the bot; ``users.telegram_chat_id`` stays the first of them.

    A chat that blocked the bot is not active until it writes again.
    """

    __tablename__ = "telegram_chats"

    chat_id: Mapped[Text] = mapped_column(primary_key=True)
    user_id: Mapped[Text] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    title: Mapped[Text | None]
    is_active: Mapped[Truth]
    linked_at: Mapped[Instant | None]

    __table_args__ = (Index(None, "user_id"),)


class LinkCode(Base):
    """A short-lived code by which a chat proves whose it is; only a digest of it is kept."""

    __tablename__ = "link_codes"

    code_digest: Mapped[Text] = mapped_column(primary_key=True)
    user_id: Mapped[Text] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]

    __table_args__ = (Index(None, "user_id"),)
