"""The end of a session, or of all sessions of an account."""

from __future__ import annotations

from forward_factor.services.authenticate import Caller
from forward_factor.services.ports import Clock, Transactions


async def sign_out(store: Transactions, clock: Clock, caller: Caller, *, everywhere: bool = False) -> None:
    """End the caller's session, or all of the account's; their tokens are of no use from now on."""
    async with store.unit_of_work() as work:
        await work.users.lock(caller.user.id)
        if everywhere:
            await work.sessions.revoke_all(caller.user.id, clock.now())
        else:
            await work.sessions.revoke_family(caller.session, clock.now())
        await work.commit()
