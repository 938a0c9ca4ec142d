"""Whether the fast engine and the slow reference found the same in a chain."""

from __future__ import annotations

import math
from typing import Any

from forward_factor.cli.scan_json import scan_lines
from forward_factor.core.candidates import Surroundings
from forward_factor.core.rules import VOL_POINTS, ScanRules
from forward_factor.core.scan import scan_chains
from tests.chains import chain_of
from tests.reference.slow_domain import SlowResult, Snapshot, slow_scan

TOLERANCE = 1e-9
NUMBERS = ("front_iv", "back_iv", "sigma_fwd", "ff", "ff_low", "ff_high")
CHOICES = ("front_expiry", "back_expiry", "front_dte", "back_dte")
LIQUIDITY = {"wide_spread", "low_open_interest", "low_volume"}
NOT_IN_REFERENCE = {"missing_quotes", "crossed_quotes"}


def differences(snapshots: list[Snapshot]) -> list[str]:
    """Return, in words, where the two differ over all ``snapshots`` scanned as one batch."""
    chains = [chain_of(snapshot) for snapshot in snapshots]
    batch = scan_chains(chains, [Surroundings()] * len(chains), ScanRules(vol_points=VOL_POINTS))
    found: list[str] = []
    for snapshot, line in zip(snapshots, scan_lines(batch), strict=True):
        slow = slow_scan(snapshot)
        where = f"{snapshot.ticker} {snapshot.as_of}"
        found += [f"{where}: {one}" for one in (*_expiries(slow, line["expiries"]), *_candidates(slow, line))]
    return found


def _expiries(slow: SlowResult, fast: list[dict[str, Any]]) -> list[str]:
    found = []
    if [one["expiry"] for one in fast] != sorted(slow.expiries):
        return [f"expiries {[one['expiry'] for one in fast]} != {sorted(slow.expiries)}"]
    for one in fast:
        other = slow.expiries[one["expiry"]]
        if one["dte"] != other.dte or not _near(one["forward"], other.forward):
            found.append(f"{one['expiry']} dte or forward: {one['forward']} != {other.forward}")
        flags = {flag for flag in one["flags"] if flag != "calendar_arbitrage"}
        if flags != other.flags:
            found.append(f"{one['expiry']} flags {flags} != {other.flags}")
        for point, sides in one["iv"].items():
            for side, value in sides.items():
                if not _near(value, other.iv[point][side]):
                    found.append(f"{one['expiry']} {point} {side}: {value} != {other.iv[point][side]}")
    return found


def _candidates(slow: SlowResult, line: dict[str, Any]) -> list[str]:
    found = []
    by_key = {(one.pair, one.vol_point): one for one in slow.candidates}
    for one in line["candidates"]:
        other = by_key.pop((one["pair"], one["vol_point"]))
        what = f"{one['pair']} {one['vol_point']}"
        found += [
            f"{what} {name}: {one[name]} != {getattr(other, name)}"
            for name in CHOICES
            if one[name] != getattr(other, name)
        ]
        found += [
            f"{what} {name}: {one[name]} != {getattr(other, name)}"
            for name in NUMBERS
            if not _near(one[name], getattr(other, name))
        ]
        found += _reasons(what, one, other.reasons)
    return found + [f"not found: {key}" for key in by_key]


def _reasons(what: str, one: dict[str, Any], expected: set[str]) -> list[str]:
    """Compare reasons; with a leg missing the engine judges no liquidity, the reference that of the other leg."""
    priced = one["front_iv"] is not None and one["back_iv"] is not None
    left_out = NOT_IN_REFERENCE if priced else NOT_IN_REFERENCE | LIQUIDITY
    got = {str(reason) for reason in one["reasons"]} - left_out
    return [] if got == expected - left_out else [f"{what} reasons {got} != {expected - left_out}"]


def _near(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
