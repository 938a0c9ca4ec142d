"""A vendor's HTTP server on 127.0.0.1 that answers, or misbehaves, as it is told."""

from __future__ import annotations

import gzip
import os
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, Self
from urllib.parse import parse_qsl, urlsplit

Manner = Literal["whole", "hang", "reset", "cut", "drip"]

NOT_FOUND = b'{"status":"NOT_FOUND","message":"nothing is scripted for this path"}'


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say to one request, and in which manner.

    Attributes:
        manner: ``whole`` as it should be; ``hang`` says nothing until the server stops; ``reset`` resets the
            connection; ``cut`` promises the whole body and sends half; ``drip`` sends a byte every 20 ms.
    """

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    manner: Manner = "whole"

    def gzipped(self) -> Answer:
        """Return the same answer, compressed on the wire."""
        headers = (*self.headers, ("Content-Encoding", "gzip"))
        return Answer(gzip.compress(self.body), self.status, headers, self.manner)


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it arrived; ``at`` in seconds of the monotonic clock."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at: float


@dataclass(slots=True)
class _Script:
    answers: dict[tuple[str, str], list[Answer]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Received) -> Answer:
        with self.lock:
            self.received.append(request)
            left = self.answers.get((request.path, request.query.get("cursor", "")), [Answer(NOT_FOUND, 404)])
            return left.pop(0) if len(left) > 1 else left[0]


class VendorServer:
    """The server, running in threads while its ``with`` block does."""

    def __init__(self) -> None:
        self._script = _Script()
        self._server = _Server(("127.0.0.1", 0), _handler(self._script))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def url(self) -> str:
        """Return the base URL."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def received(self) -> list[Received]:
        """Return all requests so far, in the order they came."""
        with self._script.lock:
            return list(self._script.received)

    def script(self, path: str, *answers: Answer, cursor: str = "") -> None:
        """Answer requests for ``path`` (and page ``cursor``) one after the other; the last answer repeats."""
        self._script.answers[path, cursor] = list(answers)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._script.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: clients that hang up are part of the play."""


def _handler(script: _Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            received = Received(url.path, dict(parse_qsl(url.query)), dict(self.headers.items()), time.monotonic())
            _play(self, script.answer(received), script.stopping)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    return Handler


def _play(handler: BaseHTTPRequestHandler, answer: Answer, stopping: threading.Event) -> None:
    if answer.manner == "hang":
        stopping.wait(30)
        handler.close_connection = True
    elif answer.manner == "reset":
        _reset(handler)
    else:
        _head(handler, answer)
        _body(handler, answer, stopping)


def _reset(handler: BaseHTTPRequestHandler) -> None:
    # Closing with a linger of zero makes the kernel send RST in place of FIN.
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(handler.connection.detach())
    handler.close_connection = True


def _head(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    handler.send_response(answer.status)
    for name, value in (("Content-Length", str(len(answer.body))), *answer.headers):
        handler.send_header(name, value)
    handler.end_headers()


def _body(handler: BaseHTTPRequestHandler, answer: Answer, stopping: threading.Event) -> None:
    if answer.manner == "cut":
        handler.wfile.write(answer.body[: len(answer.body) // 2])
        handler.close_connection = True
    elif answer.manner == "drip":
        _drip(handler, answer.body, stopping)
    else:
        handler.wfile.write(answer.body)


def _drip(handler: BaseHTTPRequestHandler, body: bytes, stopping: threading.Event) -> None:
    for index in range(len(body)):
        if stopping.wait(0.02):
            return
        handler.wfile.write(body[index : index + 1])
