#!/usr/bin/env python3
"""Print the README's table of the server's settings from app/config.py."""

from pydantic.fields import FieldInfo

from app.config import Config


def default(name: str, field: FieldInfo) -> str:
    if name == "data_dir":
        return "the user's data folder"
    value = field.default
    if value is None or value in ("", ()):
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def table() -> str:
    lines = ["| variable | default | what it does |", "|---|---|---|"]
    for name, field in Config.model_fields.items():
        variable = f"COLORIZER_{name.upper()}"
        lines.append(f"| `{variable}` | {default(name, field)} | {field.description} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
