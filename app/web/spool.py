"""How forms are received: files wait in the data folder, not in /tmp; wrong encodings are told."""

from __future__ import annotations

from typing import IO, Any

from flask import Request
from werkzeug.formparser import FormDataParser

from ..errors import UnreadableForm
from ..service import Service


class _Forms(FormDataParser):
    """Forms that are broken are empty; in another encoding they are not what was meant."""

    def parse(self, stream: IO[bytes], *args: Any, **options: Any) -> Any:
        self.silent = False
        try:
            return super().parse(stream, *args, **options)
        except UnicodeDecodeError as error:
            raise UnreadableForm from error
        except ValueError:
            return stream, self.cls(), self.cls()


def spooled_by(service: Service) -> type[Request]:
    """The class of requests whose files go where ``service`` says."""

    class Spooled(Request):
        form_data_parser_class = _Forms

        def _get_file_stream(self, *args: Any, **options: Any) -> IO[bytes]:
            return service.spool()

    return Spooled
