"""Whether a snapshot is news: a vendor that sends the same quotes again has not looked again."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from forward_factor.core.chain import Chain


def quotes_digest(chain: Chain) -> str:
    """Return a digest of all that changes while a market trades: contracts, bids, asks and volumes.

    Two snapshots of one ticker with the same digest are one reading; the later one is stale.
    """
    contracts = chain.contracts
    digest = blake2b(digest_size=16)
    digest.update(contracts.expiry.astype(np.int64).tobytes())
    digest.update(contracts.is_call.tobytes())
    for column in (contracts.strike, contracts.bid, contracts.ask, contracts.volume):
        digest.update(np.where(np.isnan(column), np.nan, column).tobytes())  # one NaN has many bit patterns
    return digest.hexdigest()
