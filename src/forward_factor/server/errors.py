"""Errors as RFC 9457 problem details: one table of our own errors, and a word for each of the framework's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from forward_factor import errors
from forward_factor.errors import ForwardFactorError

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:forward-factor:problem:"
CAREFUL_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
"""What every answer carries, so that browsers guess nothing and show it within nobody else's page."""

INVALID = HTTPStatus.UNPROCESSABLE_ENTITY
STATUSES: Mapping[type[ForwardFactorError], HTTPStatus] = {
    errors.InvalidInput: INVALID,
    errors.LogInRefused: HTTPStatus.UNAUTHORIZED,
    errors.NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    errors.NotAllowed: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.UnknownTicker: HTTPStatus.NOT_FOUND,
    errors.AlreadyExists: HTTPStatus.CONFLICT,
    errors.TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    errors.ProviderUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.StoreUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.SchemaMismatch: HTTPStatus.SERVICE_UNAVAILABLE,
    ForwardFactorError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""An error has the status of the nearest of its own classes that is named here."""

_OUR_FAULT: Mapping[type[ForwardFactorError], str] = {
    errors.StoreUnavailable: "the store cannot be reached: try again in a moment",
    errors.SchemaMismatch: "the store is not at this version's schema: run `forward-factor db upgrade`",
    errors.ProviderUnavailable: "the provider of market data does not answer: try again in a moment",
    ForwardFactorError: "something went wrong on the server; its log says what",
}
"""What callers read where the server's own words might hold an address, a statement or a name of its inside."""

_RETRY_SECONDS = 5
_MOST_FAULTS, _LONGEST_PLACE, _LONGEST_DETAIL = 20, 200, 500
_log = structlog.get_logger("forward_factor.server")


class Fault(BaseModel):
    """One part of a request that cannot be used; the value itself is not repeated."""

    where: str = Field(description="Place in the request, e.g. `body.password` or `query.limit`")
    message: str


class Problem(BaseModel):
    """A refused or failed request (RFC 9457)."""

    type: str = Field(description="What kind of problem, as a URN; its last part is `code`")
    title: str = Field(description="The status in words")
    status: int
    detail: str = Field(description="What to do about it, for people")
    code: str = Field(description="What kind of problem, for programs; stable")
    errors: list[Fault] | None = Field(default=None, description="Of a request that cannot be used: what in it")


def add_error_handlers(app: FastAPI) -> None:
    """Have ``app`` answer every error by problem details."""
    app.add_exception_handler(ForwardFactorError, _answer_own)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(Exception, _answer_unforeseen)


def status_of(fault: type[ForwardFactorError]) -> HTTPStatus:
    """Return the status of an error."""
    return next(STATUSES[kind] for kind in fault.__mro__ if kind in STATUSES)


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    faults: Sequence[Fault] | None = None,
) -> Response:
    """Return the answer that tells of a problem."""
    told = Problem(
        type=f"{TYPE_PREFIX}{code}",
        title=status.phrase,
        status=status,
        detail=_readable(detail, _LONGEST_DETAIL),
        code=code,
        errors=list(faults) if faults else None,
    )
    content = msgspec.json.encode(told.model_dump(exclude_none=True))
    return Response(content, status, {**CAREFUL_HEADERS, "Cache-Control": "no-store", **(headers or {})}, MEDIA_TYPE)


def words_of(fault: ForwardFactorError) -> str:
    """Return what a person may read of an error; what is the server's own fault goes to its log instead."""
    if status_of(type(fault)) < HTTPStatus.INTERNAL_SERVER_ERROR:
        return str(fault)
    _log.error("request failed", code=fault.code, error=str(fault))
    return next(_OUR_FAULT[kind] for kind in type(fault).__mro__ if kind in _OUR_FAULT)


def answer_fault(fault: ForwardFactorError) -> Response:
    """Return the answer that tells of an error of ours."""
    status = status_of(type(fault))
    return problem(status, fault.code, words_of(fault), _headers(status, fault))


def _headers(status: HTTPStatus, fault: ForwardFactorError) -> dict[str, str]:
    if isinstance(fault, errors.TooManyRequests):
        return {"Retry-After": str(fault.retry_after)}
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        return {"Retry-After": str(_RETRY_SECONDS)}
    return {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else {}


async def _answer_own(_request: Request, fault: Exception) -> Response:
    assert isinstance(fault, ForwardFactorError)
    return answer_fault(fault)


async def _answer_invalid(_request: Request, fault: Exception) -> Response:
    assert isinstance(fault, RequestValidationError)
    faults = [
        Fault(
            where=_readable(".".join(map(str, one["loc"])), _LONGEST_PLACE),
            message=_readable(str(one["msg"]).removeprefix("Value error, "), _LONGEST_DETAIL),
        )
        for one in fault.errors()[:_MOST_FAULTS]
    ]
    return problem(INVALID, errors.InvalidInput.code, "the request cannot be used as it is", faults=faults)


async def _answer_http(_request: Request, fault: Exception) -> Response:
    assert isinstance(fault, HTTPException)
    status = HTTPStatus(fault.status_code)
    code = status.phrase.lower().replace(" ", "_").replace("-", "_")
    return problem(status, code, str(fault.detail), fault.headers)


async def _answer_unforeseen(_request: Request, _fault: Exception) -> Response:
    """Answer by a bare word; the server logs the trace."""
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", _OUR_FAULT[ForwardFactorError])


def _readable(text: str, longest: int) -> str:
    """Return ``text`` as every client can read it, and not endless."""
    shown = text.encode(errors="backslashreplace").decode()
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"
