"""Access tokens: JSON Web Tokens signed by HMAC-SHA-256."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime

import jwt

from forward_factor.core.accounts import Role
from forward_factor.errors import NotAuthenticated
from forward_factor.services.ports.sessions import AccessClaims

ALGORITHM = "HS256"
_NEEDED = ["sub", "role", "jti", "iat", "exp"]
_PURPOSE = b"forward-factor access tokens"


class JwtAccessTokens:
    """Signs by PyJWT.

    The key is derived from the installation's secret, so that whatever else that secret signs is no access token.
    Expiry is not judged here: this project's clock may be shifted, PyJWT's may not.
    """

    def __init__(self, secret: str) -> None:
        self._key = hmac.digest(secret.encode(errors="surrogatepass"), _PURPOSE, "sha256")

    def sign(self, claims: AccessClaims) -> str:
        """Return a token that says ``claims``."""
        payload = {
            "sub": claims.user_id,
            "role": claims.role.value,
            "jti": claims.token_id,
            "iat": claims.issued_at.timestamp(),
            "exp": claims.expires_at.timestamp(),
        }
        return jwt.encode(payload, self._key, ALGORITHM)

    def read(self, token: str) -> AccessClaims:
        """Return what a token says.

        Raises:
            NotAuthenticated: it is no token of ours.

        """
        options = jwt.types.Options(require=_NEEDED, verify_exp=False, verify_iat=False)
        try:
            payload = jwt.decode(token, self._key, [ALGORITHM], options)
            return AccessClaims(
                user_id=payload["sub"],
                role=Role(payload["role"]),
                token_id=payload["jti"],
                issued_at=datetime.fromtimestamp(payload["iat"], UTC),
                expires_at=datetime.fromtimestamp(payload["exp"], UTC),
            )
        except (jwt.InvalidTokenError, TypeError, ValueError, OverflowError):
            raise NotAuthenticated("this is no access token of this server's") from None
