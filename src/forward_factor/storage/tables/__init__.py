"""The one model set, for all stores."""

from forward_factor.storage.tables.base import Base, table_of
from forward_factor.storage.tables.relational import (
    EarningsEventRow,
    MasterTicker,
    ScanParameters,
    SignalKey,
    SignalUserDecision,
    Subscription,
    User,
    UserSettings,
)
from forward_factor.storage.tables.time_series import (
    Candidate,
    OHLCVBar,
    OptionChainSnapshot,
    Signal,
    TermStructurePoint,
    option_quotes,
)
from forward_factor.storage.tables.transfer import (
    TransferOriginal,
    TransferQuarantine,
    TransferRange,
    TransferRun,
    TransferSource,
)

__all__ = [
    "Base",
    "Candidate",
    "EarningsEventRow",
    "MasterTicker",
    "OHLCVBar",
    "OptionChainSnapshot",
    "ScanParameters",
    "Signal",
    "SignalKey",
    "SignalUserDecision",
    "Subscription",
    "TermStructurePoint",
    "TransferOriginal",
    "TransferQuarantine",
    "TransferRange",
    "TransferRun",
    "TransferSource",
    "User",
    "UserSettings",
    "option_quotes",
    "table_of",
]
