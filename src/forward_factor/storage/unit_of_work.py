"""One transaction as the use cases see it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Self

from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.services.ports import EarningsRepository, ScanRepository, UserRepository, WatchlistRepository
from forward_factor.services.ports.alerts import AlertRepository, AudienceRepository
from forward_factor.services.ports.backtests import BacktestRunRepository
from forward_factor.services.ports.bars import BarRepository
from forward_factor.services.ports.chats import ChatRepository, LinkCodeRepository
from forward_factor.services.ports.decisions import (
    AdjustmentRepository,
    CorporateActionRepository,
    DecisionRepository,
    ReminderRepository,
)
from forward_factor.services.ports.deliveries import DeliveryRepository
from forward_factor.services.ports.events import EventFetchRepository
from forward_factor.services.ports.heartbeats import HeartbeatRepository
from forward_factor.services.ports.leases import LeaseRepository
from forward_factor.services.ports.notifications import NotificationRepository
from forward_factor.services.ports.old_rows import OldRows
from forward_factor.services.ports.sessions import SecretRepository, SessionRepository
from forward_factor.services.ports.settings import SettingsRepository
from forward_factor.services.ports.slots import ScanSlotRepository
from forward_factor.services.ports.tiers import TierRepository
from forward_factor.services.ports.universe import UniverseRepository
from forward_factor.storage.faults import translated_faults
from forward_factor.storage.repositories.adjustments import SqlAdjustmentRepository
from forward_factor.storage.repositories.alerts import SqlAlertRepository
from forward_factor.storage.repositories.audience import SqlAudienceRepository
from forward_factor.storage.repositories.backtests import SqlBacktestRunRepository
from forward_factor.storage.repositories.bars import SqlBarRepository
from forward_factor.storage.repositories.chats import SqlChatRepository
from forward_factor.storage.repositories.corporate_actions import SqlCorporateActionRepository
from forward_factor.storage.repositories.decisions import SqlDecisionRepository
from forward_factor.storage.repositories.deliveries import SqlDeliveryRepository
from forward_factor.storage.repositories.earnings import SqlEarningsRepository
from forward_factor.storage.repositories.event_fetches import SqlEventFetchRepository
from forward_factor.storage.repositories.heartbeats import SqlHeartbeatRepository
from forward_factor.storage.repositories.leases import SqlLeaseRepository
from forward_factor.storage.repositories.link_codes import SqlLinkCodeRepository
from forward_factor.storage.repositories.notifications import SqlNotificationRepository
from forward_factor.storage.repositories.old_rows import SqlOldRows
from forward_factor.storage.repositories.reminders import SqlReminderRepository
from forward_factor.storage.repositories.scans import SqlScanRepository
from forward_factor.storage.repositories.server_secrets import SqlSecretRepository
from forward_factor.storage.repositories.sessions import SqlSessionRepository
from forward_factor.storage.repositories.settings import SqlSettingsRepository
from forward_factor.storage.repositories.slots import SqlScanSlotRepository
from forward_factor.storage.repositories.tiers import SqlTierRepository
from forward_factor.storage.repositories.universe import SqlUniverseRepository
from forward_factor.storage.repositories.users import SqlUserRepository
from forward_factor.storage.repositories.watchlists import SqlWatchlistRepository


class SqlUnitOfWork:
    """A transaction on any of the three stores; enter it once."""

    scans: ScanRepository
    slots: ScanSlotRepository
    tiers: TierRepository
    heartbeats: HeartbeatRepository
    old_rows: OldRows
    earnings: EarningsRepository
    users: UserRepository
    watchlists: WatchlistRepository
    settings: SettingsRepository
    corporate_actions: CorporateActionRepository
    event_fetches: EventFetchRepository
    decisions: DecisionRepository
    adjustments: AdjustmentRepository
    reminders: ReminderRepository
    notifications: NotificationRepository
    sessions: SessionRepository
    secrets: SecretRepository
    universe: UniverseRepository
    leases: LeaseRepository
    audience: AudienceRepository
    alerts: AlertRepository
    chats: ChatRepository
    link_codes: LinkCodeRepository
    deliveries: DeliveryRepository
    bars: BarRepository
    backtests: BacktestRunRepository

    def __init__(self, engine: AsyncEngine, *, reads_only: bool = False) -> None:
        self._engine = engine.execution_options(reads_only=reads_only)
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Connect and begin."""
        self._open.enter_context(translated_faults())
        try:
            self._connection = await self._open.enter_async_context(self._engine.connect())
            await self._connection.begin()
        except BaseException as fault:
            if not await self._open.__aexit__(type(fault), fault, fault.__traceback__):
                raise
        self.scans = SqlScanRepository(self._connection)
        self.slots = SqlScanSlotRepository(self._connection)
        self.tiers = SqlTierRepository(self._connection)
        self.heartbeats = SqlHeartbeatRepository(self._connection)
        self.old_rows = SqlOldRows(self._connection)
        self.earnings = SqlEarningsRepository(self._connection)
        self.users = SqlUserRepository(self._connection)
        self.watchlists = SqlWatchlistRepository(self._connection)
        self.settings = SqlSettingsRepository(self._connection)
        self.corporate_actions = SqlCorporateActionRepository(self._connection)
        self.event_fetches = SqlEventFetchRepository(self._connection)
        self.decisions = SqlDecisionRepository(self._connection)
        self.adjustments = SqlAdjustmentRepository(self._connection)
        self.reminders = SqlReminderRepository(self._connection)
        self.notifications = SqlNotificationRepository(self._connection)
        self.sessions = SqlSessionRepository(self._connection)
        self.secrets = SqlSecretRepository(self._connection)
        self.universe = SqlUniverseRepository(self._connection)
        self.leases = SqlLeaseRepository(self._connection)
        self.audience = SqlAudienceRepository(self._connection)
        self.alerts = SqlAlertRepository(self._connection)
        self.chats = SqlChatRepository(self._connection)
        self.link_codes = SqlLinkCodeRepository(self._connection)
        self.deliveries = SqlDeliveryRepository(self._connection)
        self.bars = SqlBarRepository(self._connection)
        self.backtests = SqlBacktestRunRepository(self._connection)
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Roll back what was not committed and give the connection back."""
        await self._open.__aexit__(*exception)  # type: ignore[arg-type]

    async def commit(self) -> None:
        """Make all of it last."""
        await self._connection.commit()
