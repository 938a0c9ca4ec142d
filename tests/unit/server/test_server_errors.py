"""Every error of ours has a status, and the server's own troubles tell nothing of its inside."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from forward_factor import errors
from forward_factor.errors import ForwardFactorError
from forward_factor.server.errors import answer_fault, status_of

INSIDE = "SELECT secret FROM users; postgresql://ann:hunter2@10.1.2.3"


def _kinds(kind: type[ForwardFactorError] = ForwardFactorError) -> Iterator[type[ForwardFactorError]]:
    yield kind
    for inner in kind.__subclasses__():
        yield from _kinds(inner)


@pytest.mark.parametrize("kind", sorted(set(_kinds()), key=repr))
def test_every_error_has_a_status_that_fits(kind: type[ForwardFactorError]) -> None:
    status = status_of(kind)
    assert 400 <= status < 600
    if issubclass(kind, errors.InvalidInput):
        assert status == 422
    if issubclass(kind, errors.StorageError):
        assert status >= 500


@pytest.mark.parametrize(
    "kind", [errors.StoreUnavailable, errors.StorageError, errors.SchemaMismatch, errors.ForwardFactorError]
)
def test_the_servers_own_troubles_tell_nothing(kind: type[ForwardFactorError]) -> None:
    answer = answer_fault(kind(INSIDE))
    told = json.loads(bytes(answer.body))
    assert told["code"] == kind.code
    assert INSIDE not in json.dumps(told)
    assert ("retry-after" in answer.headers) is (answer.status_code == 503)


def test_what_a_caller_did_is_told() -> None:
    assert json.loads(bytes(answer_fault(errors.NotFound("no such thing")).body))["detail"] == "no such thing"
    assert answer_fault(errors.TooManyRequests("wait", 7)).headers["retry-after"] == "7"
    assert answer_fault(errors.LogInRefused("no")).headers["www-authenticate"] == "Bearer"
