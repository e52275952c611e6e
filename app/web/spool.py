"""Where the files of a request wait while it is received: in the data folder, not in /tmp."""

from __future__ import annotations

from typing import IO, Any

from flask import Request

from ..service import Service


def spooled_by(service: Service) -> type[Request]:
    """The class of requests whose files go where ``service`` says."""

    class Spooled(Request):
        def _get_file_stream(self, *args: Any, **options: Any) -> IO[bytes]:
            return service.spool()

    return Spooled
