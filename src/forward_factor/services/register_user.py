"""A new account with the settings of a new account."""

from __future__ import annotations

from uuid import uuid4

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.accounts import Role, parse_email, parse_new_password, shown
from forward_factor.errors import AlreadyExists
from forward_factor.services.ports import Clock, NewUser, PasswordHasher, Transactions


async def register_user(
    store: Transactions,
    passwords: PasswordHasher,
    clock: Clock,
    settings: AccountSettings,
    email: str,
    password: str,
    role: Role = Role.USER,
) -> NewUser:
    """Store a new account and return it.

    Raises:
        InvalidInput: the address is none, or the password too short.
        AlreadyExists: somebody has that address, in whatever case.

    """
    address, secret = parse_email(email), parse_new_password(password)
    user = NewUser(
        id=str(uuid4()),
        email=address,
        password_hash=await passwords.hash(secret),
        role=role,
        created_at=clock.now(),
    )
    async with store.unit_of_work() as work:
        if not await work.users.add(user, settings):
            raise AlreadyExists(f"there is an account {shown(address)} already")
        await work.commit()
    return user
