"""The description of the API: stable names, and the errors of every operation as problem details."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from forward_factor.server.api.accounts import AccountDocument
from forward_factor.server.errors import MEDIA_TYPE, Problem

API_PREFIX = "/api/v1"
PUBLIC = frozenset({"register", "login", "refresh", "read_health", "read_database_health"})
"""The operations that ask for no token, by their ids."""

_WORDS = {
    HTTPStatus.BAD_REQUEST: "The body is no JSON that can be read",
    HTTPStatus.UNAUTHORIZED: "No token, or one that is not good any more; at a log-in, a wrong password",
    HTTPStatus.FORBIDDEN: "The account may not do this",
    HTTPStatus.NOT_FOUND: "There is no such thing, or it is another user's",
    HTTPStatus.CONFLICT: "Something else has that name",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too long",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Something in the request cannot be used; `errors` names it",
    HTTPStatus.TOO_MANY_REQUESTS: "Too much was asked; `Retry-After` says when to come again",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Something went wrong on the server",
    HTTPStatus.SERVICE_UNAVAILABLE: "The store cannot be reached, or is at another schema",
}
_REF = "#/components/schemas/{model}"
_METHODS = ("get", "post", "put", "patch", "delete")
_FORBIDDING = frozenset({"register", "change_own_password", "delete_me"})


def name_operation(route: APIRoute) -> str:
    """Return the id of an operation: the name of its function, which is unique and stays."""
    return route.name


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of ``app``, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
        )
        _add_models(document)
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                if method in _METHODS:
                    _document_errors(path, operation)
        app.openapi_schema = document
    return app.openapi_schema


def _add_models(document: dict[str, Any]) -> None:
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    models = [(Problem, "serialization"), (AccountDocument, "serialization")]
    _, described = models_json_schema(models, ref_template=_REF)  # type: ignore[arg-type]
    schemas.update(described["$defs"])
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)


def _document_errors(path: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    for status in _statuses(path, operation):
        responses[str(int(status))] = {
            "description": _WORDS[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model=Problem.__name__)}}},
        }
    operation["responses"] = dict(sorted(responses.items()))


def _statuses(path: str, operation: dict[str, Any]) -> set[HTTPStatus]:
    """Return with which errors an operation may answer."""
    name = operation["operationId"]
    found = {HTTPStatus.INTERNAL_SERVER_ERROR}
    if name == "read_health":
        return found
    found |= {HTTPStatus.SERVICE_UNAVAILABLE}
    if name == "read_database_health":
        return found
    found |= {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.UNAUTHORIZED}
    if "requestBody" in operation:
        found |= {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
    if name == "register":
        found = found - {HTTPStatus.UNAUTHORIZED} | {HTTPStatus.CONFLICT}
    if name in _FORBIDDING or path.startswith(f"{API_PREFIX}/admin/"):
        found |= {HTTPStatus.FORBIDDEN}
    if name not in PUBLIC:
        found |= {HTTPStatus.NOT_FOUND}
    return found
