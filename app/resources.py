"""Where templates, static files and samples lie, and what their addresses are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask


def folder(name: str) -> Path:
    """The folder ``templates``, ``static`` or ``samples``: in the wheel, or in the source tree."""
    package = Path(__file__).resolve().parent
    installed = package / "_data" / name
    return installed if installed.is_dir() else package.parent / name


def init_app(app: Flask) -> None:
    """Let the address of a static file change with the file, so that browsers may keep it."""

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            file = folder("static") / str(values.get("filename", ""))
            if file.is_file():
                values.setdefault("v", format(file.stat().st_mtime_ns // 1_000_000, "x"))
