"""A browser that leaves before its answer begins is no fault; any other fault stays one."""

from __future__ import annotations

import pytest
from starlette.types import Message, Receive, Scope, Send

from forward_factor.server.web.site import UNANSWERED, LeaveTaking


async def _run(message: str, fault: Exception) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        raise fault

    async def receive() -> Message:
        return {"type": message}

    async def send(message: Message) -> None: ...

    await LeaveTaking(app)({"type": "http"}, receive, send)


async def test_who_left_is_not_missed() -> None:
    await _run("http.disconnect", RuntimeError(UNANSWERED))


@pytest.mark.parametrize(
    ("message", "fault"),
    [
        ("http.request", RuntimeError(UNANSWERED)),
        ("http.disconnect", RuntimeError("a bug")),
        ("http.disconnect", ValueError(UNANSWERED)),
    ],
)
async def test_a_fault_stays_one(message: str, fault: Exception) -> None:
    with pytest.raises(type(fault), match=str(fault)):
        await _run(message, fault)
