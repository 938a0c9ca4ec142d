"""What reasons and flags mean in plain words, the same wherever they are shown."""

from __future__ import annotations

from collections.abc import Mapping

from forward_factor.core.reasons import Flag, Reason

REASONS: Mapping[str, str] = {
    Reason.NO_FRONT_EXPIRY: "no expiry lies near enough to the front target",
    Reason.NO_BACK_EXPIRY: "no expiry lies near enough to the back target",
    Reason.NO_VOL_POINT: "the quotes give no implied vol at this point",
    Reason.MISSING_QUOTES: "quotes are missing",
    Reason.CROSSED_QUOTES: "a bid stands above its ask",
    Reason.WIDE_SPREAD: "the spread is too wide",
    Reason.LOW_OPEN_INTEREST: "too little open interest",
    Reason.LOW_VOLUME: "too little volume",
    Reason.STALE_QUOTES: "the quotes are stale: none has moved since the scan before",
    Reason.NEGATIVE_FORWARD_VARIANCE: "the vols leave no forward variance between the expiries",
    Reason.SIGMA_FWD_BELOW_FLOOR: "the forward vol is below the floor",
    Reason.EARNINGS_IN_WINDOW: "earnings come before the back expiry",
    Reason.FF_BELOW_THRESHOLD: "FF is below the threshold",
}
FLAGS: Mapping[str, str] = {
    Flag.FORWARD_FROM_SPOT: "the forward is made from spot, not from quotes",
    Flag.SINGLE_STRIKE: "the vol rests on a single strike",
    Flag.VENDOR_IV: "the vendor's vols were used in place of quotes",
    Flag.CALENDAR_ARBITRAGE: "total variance falls with time somewhere on the curve",
    Flag.DUPLICATE_CONTRACT: "a contract stood twice in the chain",
}


def reason_words(code: str) -> str:
    """Return what a reason means; of one that is not known, its own words."""
    return REASONS.get(code, code.replace("_", " "))


def flag_words(code: str) -> str:
    """Return what a flag means; of one that is not known, its own words."""
    return FLAGS.get(code, code.replace("_", " "))
