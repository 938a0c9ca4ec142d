"""Option chains from Cboe's delayed quotes (cdn.cboe.com), about 15 minutes old; no key."""

from forward_factor.providers.cboe.client import BASE_URL, CboeChains, cboe_settings

__all__ = ["BASE_URL", "CboeChains", "cboe_settings"]
