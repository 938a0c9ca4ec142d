"""Access tokens say what was signed to the microsecond, and nothing else is one."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.accounts import Role
from forward_factor.errors import NotAuthenticated
from forward_factor.services.ports.sessions import AccessClaims
from forward_factor.tokens import JwtAccessTokens

SECRET = "s" * 32
NOW = datetime(2026, 6, 1, 18, 0, 0, 123457, tzinfo=UTC)
CLAIMS = AccessClaims("user", Role.ADMIN, "token", NOW, NOW + timedelta(minutes=15))
TOKENS = JwtAccessTokens(SECRET)


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)), st.text(), st.text())
def test_a_token_says_what_was_signed(at: datetime, user: str, name: str) -> None:
    claims = AccessClaims(user, Role.USER, name, at, at + timedelta(minutes=15))
    try:
        user.encode(), name.encode()
    except UnicodeEncodeError:
        return
    assert TOKENS.read(TOKENS.sign(claims)) == claims


def _forged(header: dict[str, object], payload: dict[str, object], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(payload).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


GOOD = {"sub": "user", "role": "admin", "jti": "token", "iat": NOW.timestamp(), "exp": NOW.timestamp() + 900}


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "\0",
        "ü.ü.ü",
        TOKENS.sign(CLAIMS)[:-2],
        TOKENS.sign(CLAIMS) + "x",
        JwtAccessTokens("t" * 32).sign(CLAIMS),
        _forged({"alg": "none", "typ": "JWT"}, GOOD),
        _forged({"alg": "HS256", "typ": "JWT"}, GOOD, b"x" * 32),
        jwt.encode(GOOD, SECRET),
    ],
)
def test_what_we_did_not_sign_is_refused(token: str) -> None:
    with pytest.raises(NotAuthenticated):
        TOKENS.read(token)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        GOOD | {"role": "emperor"},
        GOOD | {"sub": 1},
        GOOD | {"jti": None},
        GOOD | {"exp": "never"},
        GOOD | {"exp": 1e300},
        {key: value for key, value in GOOD.items() if key != "exp"},
    ],
)
def test_what_our_key_signed_and_is_no_access_token_is_refused(payload: dict[str, object]) -> None:
    signed = jwt.encode(payload, TOKENS._key, "HS256") if payload.get("sub") != 1 else _signed(payload)
    with pytest.raises(NotAuthenticated):
        TOKENS.read(signed)


def _signed(payload: dict[str, object]) -> str:
    return jwt.api_jws.encode(json.dumps(payload).encode(), TOKENS._key, "HS256")
