"""What the page keeps in a browser: the token of its session, out of reach of scripts, and the colours it is in."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request, Response

SESSION, SCHEME = "ff_session", "ff_scheme"
DARK = "dark"
LONGEST_TOKEN = 200


def read_session(request: Request) -> str | None:
    """Return the token that came with a request."""
    token = request.cookies.get(SESSION)
    return token if token and len(token) <= LONGEST_TOKEN else None


def keep_session(request: Request, response: Response, token: str, life: timedelta) -> None:
    """Have the browser keep a token: for this origin alone, unread by scripts, and by https alone where it came so."""
    response.set_cookie(
        SESSION,
        token,
        max_age=int(life.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def forget_session(response: Response) -> None:
    """Have the browser forget its token."""
    response.delete_cookie(SESSION, httponly=True, samesite="lax")


def is_dark(request: Request) -> bool:
    """Return whether the page is to be dark: a script says so, after what the person, or else the system, likes."""
    return request.cookies.get(SCHEME) == DARK
