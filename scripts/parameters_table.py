#!/usr/bin/env python3
"""Print the README's table of parameters from colorizer/settings.py."""

from colorizer.settings import PARAMETERS, Parameter


def values(parameter: Parameter) -> str:
    if parameter.minimum is None:
        return "a name or a file"
    unit = f" {parameter.unit}" if parameter.unit else ""
    return f"{parameter.minimum:g} … {parameter.maximum:g}{unit}".replace("-", "−")


def table() -> str:
    lines = ["| option | values | default | what it does |", "|---|---|---|---|"]
    for parameter in PARAMETERS.values():
        option = "--" + parameter.name.replace("_", "-")
        default = parameter.default if parameter.kind == "choice" else f"{parameter.default:g}"
        lines.append(f"| `{option}` | {values(parameter)} | {default} | {parameter.help} |")
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
