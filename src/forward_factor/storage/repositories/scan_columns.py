"""The rows of a scan, table by table, as columns ready for ``bulk``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from forward_factor.core.quotes import count_crossed
from forward_factor.core.scan import ScanBatch
from forward_factor.services.candidate_table import Columns, known, tabulate_candidates
from forward_factor.services.structure_table import tabulate_structures
from forward_factor.storage.keys import signal_id, signal_key, snapshot_id
from forward_factor.storage.quote_columns import QuoteColumns
from forward_factor.storage.rules_json import earnings_to_json, rules_id

STORED_NAMES = {"as_of": "as_of_ts", "ff": "ff_value", "reasons": "reason_codes"}
"""Fields of ``CandidateView`` that the old bot's tables call otherwise."""
SIGNAL_FIELDS = (
    "ticker", "as_of_ts", "provider", "pair", "vol_point", "front_expiry", "back_expiry", "front_dte", "back_dte",
    "front_iv", "back_iv", "sigma_fwd", "ff_value", "ff_low", "ff_high", "ff_ex_earnings", "quality_score",
    "reason_codes", "flags", "parameters_id",
)  # fmt: skip
KEY_FIELDS = ("ticker", "front_expiry", "back_expiry", "vol_point", "as_of_ts", "provider")


def snapshot_columns(batch: ScanBatch, quotes: Sequence[QuoteColumns], keeps_full: Sequence[bool]) -> Columns:
    """Return the headers of all snapshots."""
    chains = batch.chains
    return {
        "id": [snapshot_id(chain.ticker, chain.as_of, chain.provider) for chain in chains],
        "as_of_ts": [chain.as_of for chain in chains],
        "ticker": [chain.ticker for chain in chains],
        "provider": [chain.provider for chain in chains],
        "underlying_price": [chain.spot for chain in chains],
        "quality_score": _usable_shares(batch),
        "contracts_seen": [len(chain.contracts) for chain in chains],
        "contracts_kept": [len(one) for one in quotes],
        "kept": ["full" if full else "window" for full in keeps_full],
        "rejected": [{one.reason: one.rows for one in chain.rejected} for chain in chains],
        "quotes_digest": [around.digest for around in batch.surroundings],
        "is_stale": [around.is_stale for around in batch.surroundings],
        "price_scale": [one.scales.price for one in quotes],
        "strike_scale": [one.scales.strike for one in quotes],
        "iv_scale": [one.scales.iv for one in quotes],
        "delta_scale": [one.scales.delta for one in quotes],
        "count_scale": [one.scales.count for one in quotes],
        "crossed": [count_crossed(chain.contracts) for chain in chains],
        "rejected_rows": [chain.rejected_rows for chain in chains],
    }


def term_structure_columns(batch: ScanBatch) -> Columns:
    """Return one row an expiry of every snapshot."""
    return {STORED_NAMES.get(name, name): column for name, column in tabulate_structures(batch).items()}


def candidate_columns(batch: ScanBatch) -> Columns:
    """Return one row a candidate."""
    columns = {STORED_NAMES.get(name, name): values for name, values in tabulate_candidates(batch).items()}
    known_earnings = [earnings_to_json(around.earnings) for around in batch.surroundings]
    return {
        **columns,
        "known_earnings": [known_earnings[chain] for chain in batch.candidates.chain],
        "parameters_id": [rules_id(batch.rules)] * len(batch.candidates),
    }


def signal_columns(batch: ScanBatch, candidates: Columns) -> Columns:
    """Return ``candidates`` as signals, by key; two pairs with the same expiries give one."""
    columns = {name: candidates[name] for name in SIGNAL_FIELDS}
    keys = signal_keys(candidates)
    spots = {(chain.ticker, chain.as_of): chain.spot for chain in batch.chains}
    columns["dedupe_key"] = keys
    columns["id"] = [signal_id(key) for key in keys]
    columns["underlying_price"] = [spots[one] for one in zip(columns["ticker"], columns["as_of_ts"], strict=True)]
    first_of_each = {key: place for place, key in reversed(list(enumerate(keys)))}
    return take(columns, [first_of_each[key] for key in sorted(first_of_each)])


def signal_keys(candidates: Columns) -> list[str]:
    """Return the key under which each candidate is a signal, if it is one."""
    return [signal_key(*key) for key in zip(*(candidates[name] for name in KEY_FIELDS), strict=True)]


def signals_among(candidates: Columns) -> list[int]:
    """Return the places of those that passed every gate."""
    return [place for place, is_signal in enumerate(candidates["is_signal"]) if is_signal]


def take(columns: Columns, rows: Iterable[int]) -> Columns:
    """Return the rows at those places."""
    places = list(rows)
    return {name: [values[place] for place in places] for name, values in columns.items()}


def _usable_shares(batch: ScanBatch) -> list[float | None]:
    quotes = batch.structures.quotes
    chain = quotes.curves.chain[quotes.curve]
    count = np.bincount(chain, minlength=len(batch.chains))
    usable = np.bincount(chain[quotes.usable], minlength=len(batch.chains))
    return known(np.divide(usable, count, out=np.full(len(count), np.nan), where=count > 0))
