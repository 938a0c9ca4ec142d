"""Pages, and the cursors that lead from one to the next."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, Field

from forward_factor.core.accounts import is_storable
from forward_factor.errors import InvalidInput
from forward_factor.server.inputs import in_utc
from forward_factor.services.decision_views import PagePlace

Item = TypeVar("Item")


class Page(BaseModel, Generic[Item]):
    """Some of what was asked for, in order."""

    items: Sequence[Item]
    next_cursor: str | None = Field(description="Give it as `cursor` for the next page; null at the end")


def write_cursor(place: PagePlace | None) -> str | None:
    """Return a place as clients carry it: opaque, and good in any process."""
    if place is None:
        return None
    said = json.dumps([place.at.isoformat() if place.at else None, place.id])
    return base64.urlsafe_b64encode(said.encode()).rstrip(b"=").decode()


def read_cursor(cursor: str | None) -> PagePlace | None:
    """Return the place of a cursor.

    Raises:
        InvalidInput: it is none of ours.

    """
    if cursor is None:
        return None
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        said = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        at, row_id = said
        place = PagePlace(in_utc(datetime.fromisoformat(at)) if at is not None else None, row_id)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise _no_cursor() from None
    if not isinstance(row_id, str) or not is_storable(row_id):
        raise _no_cursor()
    return place


def _no_cursor() -> InvalidInput:
    return InvalidInput("this is no cursor of this server's: begin again without one")
