"""The roles this application needs filled, a module a subject; adapters in the rooms above fill them."""

from forward_factor.services.ports.accounts import (
    Credentials,
    NewUser,
    PasswordHasher,
    PasswordVerdict,
    UserRepository,
    WatchlistRepository,
)
from forward_factor.services.ports.chains import ChainFailure, ChainProvider
from forward_factor.services.ports.clock import Clock
from forward_factor.services.ports.findings import Findings, StoredScan
from forward_factor.services.ports.scans import (
    Aggregates,
    EarningsRepository,
    PreviousReading,
    Recorded,
    ScanRepository,
)
from forward_factor.services.ports.transactions import ScanFollower, ScanStore, Transactions, UnitOfWork

__all__ = [
    "Aggregates",
    "ChainFailure",
    "ChainProvider",
    "Clock",
    "Credentials",
    "EarningsRepository",
    "Findings",
    "NewUser",
    "PasswordHasher",
    "PasswordVerdict",
    "PreviousReading",
    "Recorded",
    "ScanFollower",
    "ScanRepository",
    "ScanStore",
    "StoredScan",
    "Transactions",
    "UnitOfWork",
    "UserRepository",
    "WatchlistRepository",
]
