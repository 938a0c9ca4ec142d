"""A code by which a chat proves whose it is."""

from __future__ import annotations

import secrets
from datetime import timedelta

from forward_factor.core.link_codes import ALPHABET, LENGTH, code_digest, show_code
from forward_factor.services.chat_views import LinkCodeView
from forward_factor.services.ports import Clock, Transactions

LIFE = timedelta(minutes=10)


async def issue_link_code(store: Transactions, clock: Clock, user_id: str) -> LinkCodeView:
    """Return a new code of a user, good for ten minutes and one chat; the one before it is of no use any more."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    now = clock.now()
    async with store.unit_of_work() as work:
        await work.link_codes.replace(user_id, code_digest(letters), now, now + LIFE)
        await work.commit()
    return LinkCodeView(show_code(letters), now + LIFE)
