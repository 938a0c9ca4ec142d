"""The account that somebody means by an address."""

from __future__ import annotations

from forward_factor.core.accounts import is_storable, shown
from forward_factor.errors import NotFound
from forward_factor.services.ports import Transactions
from forward_factor.services.views import UserView


async def find_user(store: Transactions, email: str) -> UserView:
    """Return the account of ``email``: exactly that address, else the only one that differs in case alone.

    Raises:
        NotFound: there is none, or there are several in other cases.

    """
    address = email.strip()
    if address and is_storable(address):
        async with store.reading() as work:
            found = await work.users.called(address)
        if found is not None:
            return found.user
    raise NotFound(f"there is no account {shown(address)}, or several in other cases: see `forward-factor user list`")
