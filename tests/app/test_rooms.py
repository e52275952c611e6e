"""The rooms of the application: who may know whom."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import ROOT

#: a room may use its own modules and those of the rooms before it
ORDER = ("ground", "storage", "work", "watch", "service", "web", "api", "entry", "processes")
_GROUND = {"config", "context", "errors", "resources"}
_MODULES = sorted((ROOT / "app").rglob("*.py"))


def room(parts: tuple[str, ...]) -> str:
    """The room of a module by its path within ``app``."""
    if parts[0] in ("__init__", "create_app"):
        return "entry"
    return "ground" if parts[0] in _GROUND else parts[0]


def used(module: Path) -> Iterator[tuple[str, ...]]:
    """Paths within ``app`` of what a module imports, but for types only."""
    package = module.relative_to(ROOT).parent.parts
    waiting: list[ast.AST] = [ast.parse(module.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            path = (*base, *(node.module or "").split(".")) if node.module else base
            if path[:1] == ("app",):
                yield from ((*path[1:], alias.name) for alias in node.names)
        waiting.extend(ast.iter_child_nodes(node))


@pytest.mark.parametrize("module", _MODULES, ids=lambda m: str(m.relative_to(ROOT)))
def test_imports_point_one_way(module: Path) -> None:
    here = ORDER.index(room(module.relative_to(ROOT / "app").with_suffix("").parts))
    for path in used(module):
        assert ORDER.index(room(path)) <= here, f"it may not import {'.'.join(path)}"
