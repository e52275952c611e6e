"""Logs: JSON lines for machines, a readable form for people; the same events in both.

structlog forms what the modules say by the standard library's loggers. Each line carries the id of
the request or the job that it belongs to. Names and contents of files are not logged.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from gunicorn.glogging import Logger as GunicornLogger
from structlog.typing import Processor

from ..config import Config


def log_to_stderr(config: Config) -> None:
    """Our own messages at the configured level; the libraries' only when something is wrong."""
    handler = logging.StreamHandler()
    handler.setFormatter(_formatter(_as_json(config.log_format)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("app", "colorizer"):
        logging.getLogger(name).setLevel(config.log_level.upper())
    # It calls every tag of a damaged upload an error. What matters is in the answer.
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)


def _as_json(form: str) -> bool:
    return form == "json" or (form == "auto" and not sys.stderr.isatty())


def _formatter(as_json: bool) -> logging.Formatter:
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if as_json:
        last += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        last += [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last)


class Log(GunicornLogger):  # type: ignore[misc]
    """gunicorn's messages go where all others go."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            log.handlers.clear()
            log.propagate = True
