"""What a refresh token is worth: good once, until its end, while nobody ended its session."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from forward_factor.core.sessions import RefreshVerdict, TokenLife, counts_after, digest_of, judge_refresh

MADE = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
END = MADE + timedelta(days=30)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("life", "now", "verdict"),
    [
        (TokenLife(MADE, END), MADE, RefreshVerdict.GOOD),
        (TokenLife(MADE, END), END - MOMENT, RefreshVerdict.GOOD),
        (TokenLife(MADE, END), END, RefreshVerdict.ENDED),
        (TokenLife(MADE, END, replaced_at=MADE), MADE, RefreshVerdict.USED_BEFORE),
        (TokenLife(MADE, END, replaced_at=MADE), END + timedelta(days=1), RefreshVerdict.USED_BEFORE),
        (TokenLife(MADE, END, revoked_at=MADE), MADE, RefreshVerdict.ENDED),
        (TokenLife(MADE, END, replaced_at=MADE, revoked_at=MADE), MADE, RefreshVerdict.ENDED),
        (TokenLife(MADE, END, valid_after=MADE), MADE, RefreshVerdict.GOOD),
        (TokenLife(MADE, END, valid_after=MADE + MOMENT), MADE + timedelta(days=1), RefreshVerdict.ENDED),
    ],
)
def test_verdicts(life: TokenLife, now: datetime, verdict: RefreshVerdict) -> None:
    assert judge_refresh(life, now) is verdict


def test_a_token_counts_if_it_was_made_after_the_sessions_before_were_ended() -> None:
    assert counts_after(MADE, None)
    assert counts_after(MADE, MADE)
    assert not counts_after(MADE, MADE + MOMENT)


def test_a_digest_takes_any_text_and_holds_nothing_of_it() -> None:
    assert len({digest_of(one) for one in ("", "a", "\0", "\ud800", "a" * 1_000_000)}) == 5
    assert "secret" not in digest_of("secret")
