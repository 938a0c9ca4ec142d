"""``/docs``: the API's description for people, by Swagger UI from this server alone."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fastapi import APIRouter, Response

CSP = (
    "default-src 'none'; connect-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
)
_ASSETS = {"swagger-ui.css": "text/css", "swagger-ui-bundle.js": "text/javascript"}
_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Forward Factor API</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="docs/swagger-ui.css"></head>
<body><div id="page"></div>
<script src="docs/swagger-ui-bundle.js"></script><script src="docs/start.js"></script></body>
</html>
"""
_START = """SwaggerUIBundle({url: "openapi.json", dom_id: "#page", deepLinking: true, validatorUrl: null,
  persistAuthorization: false, presets: [SwaggerUIBundle.presets.apis]});
"""
_DAY = {"Cache-Control": "public, max-age=86400"}

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def read_docs() -> Response:
    """Return the page."""
    return Response(_PAGE, media_type="text/html", headers={"Content-Security-Policy": CSP})


@router.get("/docs/start.js")
async def read_start() -> Response:
    """Return what starts the page: a script of its own, so that the page needs no inline one."""
    return Response(_START, media_type="text/javascript", headers=_DAY)


@router.get("/docs/swagger-ui.css")
async def read_style() -> Response:
    """Return Swagger UI's style."""
    return _asset("swagger-ui.css")


@router.get("/docs/swagger-ui-bundle.js")
async def read_script() -> Response:
    """Return Swagger UI."""
    return _asset("swagger-ui-bundle.js")


def _asset(name: str) -> Response:
    return Response(_read(name), media_type=_ASSETS[name], headers=_DAY)


@cache
def _read(name: str) -> bytes:
    """Return a file of the package ``fastapi-offline``, of which nothing but its copy of Swagger UI is used."""
    return (files("fastapi_offline") / "static" / name).read_bytes()
