"""Structured logs: JSON on a pipe, readable lines on a terminal. What may be logged is chosen where it is logged."""

import logging
import sys
from typing import Literal

import structlog

Level = Literal["debug", "info", "warning", "error"]


def configure(level: Level = "info") -> None:
    """Set up logging of this process, to standard error."""
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=True, exception_formatter=structlog.dev.plain_traceback)
            if terminal
            else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.getLogger().handlers[:] = [_Structured()]
    logging.getLogger("uvicorn").handlers.clear()
    logging.getLogger("uvicorn").setLevel(logging.ERROR)  # its warnings are lines that any stranger can make it write


class _Structured(logging.Handler):
    """What libraries log, as our own lines. An exception is named and placed, without its values (SECURITY 18)."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, str] = {"library": record.name, "place": f"{record.module}:{record.lineno}"}
        if record.exc_info and record.exc_info[0] is not None:
            fields["error"] = record.exc_info[0].__name__
        structlog.get_logger("muniment").log(record.levelno, "library", **fields)
