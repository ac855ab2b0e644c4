"""The log: one JSON object a line, on standard error, without anybody's data.

An exception's message can hold what was being worked on (a database driver quotes values), and so
can its local variables. Logged are its type and where it went through the code, from every library.
"""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog
from streamlit import config


def set_up_log() -> None:
    """Make structlog write JSON, and take messages of exceptions out of every library's log."""
    # Where the package rich is installed, Streamlit prints traces past the log, values and all.
    config.set_option("logger.enableRich", False)  # noqa: FBT003 - Streamlit's signature
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_messages,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
    logging.setLogRecordFactory(_CarefulRecord)


def where(error: BaseException) -> list[str]:
    """Type and places of an exception and of those that led to it: "ValueError", "a.py:12 f"."""
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        lines.append(type(current).__name__)
        frames = traceback.extract_tb(current.__traceback__)
        lines += [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        current = current.__cause__ or current.__context__
    return lines


def _without_messages(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    caught = event.pop("exc_info", None)
    error = sys.exc_info()[1] if caught is True else caught
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["trace"] = where(error)
    return event


class _CarefulRecord(logging.LogRecord):
    """A log record of any library whose exception shows as type and places only."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        if self.exc_info and self.exc_info[1] is not None:
            self.exc_text = " | ".join(where(self.exc_info[1]))
            self.exc_info = None
