"""Sessions for the storage tests: a clock that moves when told, tokens signed by a fixed secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from forward_factor.clock import FixedClock
from forward_factor.core.sessions import SessionTerms
from forward_factor.services.authenticate import Caller, authenticate
from forward_factor.services.change_password import change_password
from forward_factor.services.issue_session import IssuedSession, IssueSession
from forward_factor.services.refresh_session import refresh_session
from forward_factor.services.sign_in import sign_in
from forward_factor.storage.store import Store
from forward_factor.tokens import JwtAccessTokens
from tests.integration.storage.accounts import NOW, PASSWORD, PASSWORDS


@dataclass
class Desk:
    """The use cases of sessions, over one store."""

    store: Store
    clock: FixedClock = field(default_factory=lambda: FixedClock(NOW))

    @property
    def issue(self) -> IssueSession:
        return IssueSession(JwtAccessTokens("s" * 32), self.clock, SessionTerms())

    def wait(self, **span: float) -> None:
        self.clock.instant += timedelta(**span)

    async def enter(self, email: str, password: str = PASSWORD) -> IssuedSession:
        return await sign_in(self.store, PASSWORDS, self.issue, email, password)

    async def refresh(self, session: IssuedSession) -> IssuedSession:
        return await refresh_session(self.store, self.issue, session.refresh_token)

    async def caller(self, session: IssuedSession) -> Caller:
        return await authenticate(self.store, self.issue.tokens, self.clock, session.access_token)

    async def change_password(self, session: IssuedSession, old: str, new: str) -> IssuedSession:
        return await change_password(self.store, PASSWORDS, self.issue, session.user.id, old, new)
