"""Settings read from what is stored, and changed by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from forward_factor.core import setting_values as values
from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.accounts import shown
from forward_factor.core.pair_rules import parse_pairs
from forward_factor.errors import InvalidInput

PARSERS: Mapping[str, values.Parser] = {
    "ff_threshold": values.share_of_ff,
    "pairs": parse_pairs,
    "vol_point": values.vol_point,
    "min_open_interest": values.contracts,
    "min_volume": values.contracts,
    "max_bid_ask_pct": values.share,
    "sigma_fwd_floor": values.share,
    "stability_scans": values.scans,
    "cooldown_minutes": values.minutes,
    "quiet_hours": values.quiet_hours,
    "preferred_structure": values.structure,
    "timezone": values.timezone,
    "scan_priority": values.scan_priority,
    "discovery_mode": values.truth,
    "ex_earnings": values.truth,
    "alerts_paused": values.truth,
    "discovery_ff_threshold": values.optional_share_of_ff,
    "bankroll": values.bankroll,
    "win_rate": values.win_rate,
    "win_loss_ratio": values.win_loss_ratio,
}
"""One a field of ``AccountSettings``; these are the names of settings."""

SPELLINGS = {"dte_pairs": "pairs", "structure": "preferred_structure"}
_TO_DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class UnreadSetting:
    """A stored value that means nothing, and so the default is used in its place."""

    name: str
    stored: str
    reason: str


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """Settings as they are stored, with what could not be read."""

    settings: AccountSettings
    unread: tuple[UnreadSetting, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangedSettings:
    """Settings after a change.

    Attributes:
        named: which were given a value.
        reset: which went back to the default, and follow it from now on.

    """

    settings: AccountSettings
    named: tuple[str, ...]
    reset: tuple[str, ...]


def read_stored(stored: Mapping[str, object], defaults: AccountSettings) -> StoredSettings:
    """Return the settings of a stored row; None is the default, what cannot be read is too, and is reported."""
    found: dict[str, object] = {}
    unread = []
    for name, value in stored.items():
        if value is None:
            continue
        try:
            found[name] = PARSERS[name](value, getattr(defaults, name))
        except InvalidInput as fault:
            unread.append(UnreadSetting(name, shown(values.text_of(value)), str(fault)))
    return StoredSettings(replace(defaults, **found) if found else defaults, tuple(unread))  # type: ignore[arg-type]


def change(settings: AccountSettings, changes: Mapping[str, object], defaults: AccountSettings) -> ChangedSettings:
    """Return ``settings`` with ``changes`` by name, all or none of them; None and ``default`` mean the default.

    Raises:
        InvalidInput: a name or a value means nothing; every fault is named, in one line.

    """
    parsed: dict[str, object] = {}
    reset, faults = [], []
    for given, value in changes.items():
        name = SPELLINGS.get(given, given)
        if name not in PARSERS:
            faults.append(f"there is no setting {shown(given)}")
        elif value is None or (isinstance(value, str) and value.strip().lower() == _TO_DEFAULT):
            parsed[name] = getattr(defaults, name)
            reset.append(name)
        else:
            try:
                parsed[name] = PARSERS[name](value, getattr(settings, name))
            except InvalidInput as fault:
                faults.append(f"{name}: {fault}")
    if faults:
        raise InvalidInput("; ".join(faults))
    changed = replace(settings, **parsed)  # type: ignore[arg-type]
    return ChangedSettings(changed, tuple(name for name in parsed if name not in reset), tuple(reset))
