"""The secret that signs sessions, where the settings name none."""

from __future__ import annotations

from secrets import token_urlsafe

from forward_factor.services.ports import Clock, Transactions

NAME = "sessions"
_RANDOM_BYTES = 48


async def find_session_secret(store: Transactions, clock: Clock) -> str:
    """Return the installation's own secret; of many processes that find none, one makes it, for all."""
    async with store.reading() as work:
        found = await work.secrets.called(NAME)
    if found is not None:
        return found
    async with store.unit_of_work() as work:
        kept = await work.secrets.keep(NAME, token_urlsafe(_RANDOM_BYTES), clock.now())
        await work.commit()
        return kept
