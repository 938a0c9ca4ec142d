"""Who knows the password of an account."""

from __future__ import annotations

from dataclasses import replace

from forward_factor.core.accounts import is_storable
from forward_factor.errors import LogInRefused
from forward_factor.services.ports import Credentials, PasswordHasher, Transactions

REFUSAL = "e-mail or password is wrong"


async def check_password(store: Transactions, passwords: PasswordHasher, email: str, password: str) -> Credentials:
    """Return the account of ``email`` if ``password`` is its own; an outdated hash of it is replaced.

    No transaction is open while the password is checked, which takes longer than any transaction may. So a hash is
    replaced only if it is still the one that was checked.

    Raises:
        LogInRefused: no such account, a wrong password, or a disabled account, in the same words and the same time.

    """
    found = await _find(store, email)
    counts = found is not None and found.user.is_active
    verdict = await passwords.check(password, found.password_hash if found and counts else None)
    if found is None or not counts or not verdict.is_right:
        raise LogInRefused(REFUSAL)
    if verdict.renewed is None:
        return found
    async with store.unit_of_work() as work:
        stored = await work.users.replace_password_hash(found.user.id, verdict.renewed, instead_of=found.password_hash)
        await work.commit()
    return replace(found, password_hash=verdict.renewed) if stored else found


async def _find(store: Transactions, email: str) -> Credentials | None:
    address = email.strip()
    if not address or not is_storable(address):
        return None
    async with store.reading() as work:
        return await work.users.called(address)
