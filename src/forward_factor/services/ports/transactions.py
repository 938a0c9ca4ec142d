"""One transaction over all that is kept."""

from __future__ import annotations

from typing import Protocol, Self

from forward_factor.core.scan import ScanBatch
from forward_factor.services.ports.accounts import UserRepository, WatchlistRepository
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
from forward_factor.services.ports.scans import Aggregates, EarningsRepository, ScanRepository
from forward_factor.services.ports.sessions import SecretRepository, SessionRepository
from forward_factor.services.ports.settings import SettingsRepository
from forward_factor.services.ports.slots import ScanSlotRepository
from forward_factor.services.ports.tiers import TierRepository
from forward_factor.services.ports.universe import UniverseRepository


class UnitOfWork(Protocol):
    """One transaction: what is not committed on leaving is rolled back."""

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

    async def __aenter__(self) -> Self:
        """Begin."""

    async def __aexit__(self, *exception: object) -> None:
        """Roll back what was not committed."""

    async def commit(self) -> None:
        """Make all of it last."""


class Transactions(Protocol):
    """Gives units of work."""

    def unit_of_work(self) -> UnitOfWork:
        """Return a new transaction."""

    def reading(self) -> UnitOfWork:
        """Return a new transaction that only reads, and so waits for no writer."""


class ScanStore(Transactions, Protocol):
    """Where scans go."""

    @property
    def aggregates(self) -> Aggregates:
        """Return the summaries kept beside the time series."""


class ScanFollower(Protocol):
    """What else happens to a scan in the very transaction that stores it; it may be tried again as a whole."""

    async def follow(self, work: UnitOfWork, batch: ScanBatch) -> None:
        """Do it; the commit is the caller's."""
