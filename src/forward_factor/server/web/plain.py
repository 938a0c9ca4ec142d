"""Pages without a socket: log in, register, and what went wrong; they need no script, and load none but our own."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from fastapi import Request, Response
from jinja2 import Environment, FunctionLoader, StrictUndefined, Template

from forward_factor import __version__
from forward_factor.errors import ForwardFactorError
from forward_factor.server.errors import status_of, words_of
from forward_factor.server.web.cookies import is_dark

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": CSP, "Cache-Control": "no-store"}


def show_plain(request: Request, template: str, status: int = 200, **values: object) -> Response:
    """Return the page of a template; all values are shown as text."""
    known = {"version": __version__, "is_dark": is_dark(request)}
    return Response(_template(template).render(known | values), status, HEADERS, "text/html")


def show_problem(request: Request, status: int, title: str, words: str) -> Response:
    """Return the page that tells of a problem, and leads back."""
    return show_plain(request, "problem.html", status, title=title, words=words)


def show_fault(request: Request, fault: ForwardFactorError) -> Response:
    """Return the page that tells of an error of ours."""
    status = status_of(type(fault))
    return show_problem(request, status, status.phrase, words_of(fault))


@cache
def _template(name: str) -> Template:
    return Environment(autoescape=True, loader=FunctionLoader(_read), undefined=StrictUndefined).get_template(name)


def _read(name: str) -> str:
    return (files("forward_factor.server.web") / "templates" / name).read_text()
