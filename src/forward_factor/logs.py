"""Logging: one line an event on stderr, for people at a terminal and as JSON elsewhere."""

from __future__ import annotations

import logging
import sys

import structlog

from forward_factor.notify.redaction import redact_event


def configure_logs(level: str) -> None:
    """Send logs of ``level`` and above, and warnings of libraries, to stderr, without tokens; call once, at start."""
    for chatty in ("httpx", "httpcore"):
        logging.getLogger(chatty).setLevel(logging.WARNING)  # they would log addresses, and keys in them
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact_event,
            structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(handlers=[_IntoEvents()], level=logging.WARNING, force=True)


class _IntoEvents(logging.Handler):
    """Makes events of what libraries log, so that it is written like all others."""

    def emit(self, record: logging.LogRecord) -> None:
        event = structlog.get_logger()
        event.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info or None)
