"""The current application's service and configuration, for pages, API and health alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from flask import current_app
from werkzeug.local import LocalProxy

if TYPE_CHECKING:
    from .config import Config
    from .service import Service

#: names under which ``create_app`` keeps them in ``app.extensions``
SERVICE = "colorizer.service"
CONFIG = "colorizer.config"

service = cast("Service", LocalProxy(lambda: current_app.extensions[SERVICE]))
config = cast("Config", LocalProxy(lambda: current_app.extensions[CONFIG]))
