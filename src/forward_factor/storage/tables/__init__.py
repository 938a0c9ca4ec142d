"""The one model set, for all stores."""

from forward_factor.storage.tables.accounts import LinkCode, RefreshToken, ServerSecret, TelegramChat
from forward_factor.storage.tables.base import Base, is_of_models, table_of
from forward_factor.storage.tables.events import DecisionAdjustment, EarningsWord, EventFetch
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
from forward_factor.storage.tables.running import (
    AlertMark,
    BacktestRun,
    CorporateAction,
    Delivery,
    Notification,
    ProviderBudget,
    Reminder,
    ScanSlot,
    ServiceHeartbeat,
    UniverseMember,
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
    "AlertMark",
    "BacktestRun",
    "Base",
    "Candidate",
    "CorporateAction",
    "DecisionAdjustment",
    "Delivery",
    "EarningsEventRow",
    "EarningsWord",
    "EventFetch",
    "LinkCode",
    "MasterTicker",
    "Notification",
    "OHLCVBar",
    "OptionChainSnapshot",
    "ProviderBudget",
    "RefreshToken",
    "Reminder",
    "ScanParameters",
    "ScanSlot",
    "ServerSecret",
    "ServiceHeartbeat",
    "Signal",
    "SignalKey",
    "SignalUserDecision",
    "Subscription",
    "TelegramChat",
    "TermStructurePoint",
    "TransferOriginal",
    "TransferQuarantine",
    "TransferRange",
    "TransferRun",
    "TransferSource",
    "UniverseMember",
    "User",
    "UserSettings",
    "is_of_models",
    "option_quotes",
    "table_of",
]
