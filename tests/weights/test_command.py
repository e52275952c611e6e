"""``colorizer weights …``: what it prints and its exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from colorizer.commands.weights import weights as group
from colorizer.weights import Entry

from .conftest import Server, World

Store = Callable[..., Path]
AddEntry = Callable[..., Entry]


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(group, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def ready(world: World, store: Store, add_entry: AddEntry) -> Path:
    """Tiny weights in the cache, as the catalogue has them."""
    data = store("stored.safetensors").read_bytes()
    entry = add_entry(data, filename="tiny.safetensors")
    world.cache.mkdir(parents=True)
    file = world.cache / entry.filename
    file.write_bytes(data)
    return file


def test_list(ready: Path) -> None:
    result = run("list")
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert any(line.split()[:2] == ["tiny", "ready"] for line in lines)
    assert any(line.split()[:2] == ["eccv16", "missing"] for line in lines)
    rows = {row["name"]: row for row in json.loads(run("list", "--json").output)}
    assert rows["tiny"]["path"] == str(ready)
    assert rows["eccv16"]["path"] is None
    ready.write_bytes(b"damaged")
    rows = {row["name"]: row for row in json.loads(run("list", "--json").output)}
    assert rows["tiny"]["state"] == "damaged"


def test_path(ready: Path) -> None:
    result = run("path", "tiny")
    assert (result.exit_code, result.output.strip()) == (0, str(ready))
    missing = run("path", "eccv16")
    assert missing.exit_code == 1
    assert "colorizer weights pull eccv16" in missing.output
    assert run("path", "nothing").exit_code == 2


def test_verify(ready: Path, store: Store) -> None:
    assert run("verify", "tiny").exit_code == 0
    assert "tiny: good" in run("verify").output
    own = run("verify", str(store(native_temperature=2.0)))
    assert own.exit_code == 0
    assert "not in the catalogue" in own.output
    good = ready.read_bytes()
    ready.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    result = run("verify", "tiny", str(store()))
    assert result.exit_code == 1
    assert str(ready) in result.output
    assert "mine.safetensors: good" in result.output  # the others are still checked
    assert run("verify").exit_code == 1
    assert run("verify", "eccv16").exit_code == 1
    assert run("verify", "nothing").exit_code == 2


def test_pull(world: World, server: Server, add_entry: AddEntry) -> None:
    add_entry(b"abc", server.add("/t", b"abc"))
    result = run("pull", "tiny")
    assert result.exit_code == 0
    assert str(world.cache / "tiny.bin") in result.output
    assert run("pull").exit_code == 2
    assert run("pull", "nothing").exit_code == 2


def test_pull_that_fails(
    server: Server, add_entry: AddEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_entry(b"abc", server.add("/t", b"abc", statuses=[403]))
    result = run("pull", "tiny")
    assert result.exit_code == 1
    assert "403" in result.output
    monkeypatch.setenv("COLORIZER_OFFLINE", "1")
    result = run("pull", "tiny")
    assert result.exit_code == 1
    assert "switched off" in result.output
    assert len(server.requests) == 1


def test_import(world: World, store: Store, tmp_path: Path) -> None:
    result = run("import", str(store()))
    assert (result.exit_code, result.output.strip()) == (0, str(world.cache / "mine.safetensors"))
    assert run("path", "mine").exit_code == 0
    assert run("import", str(store("x.bin")), "--name", "other").exit_code == 0
    assert run("import", str(store()), "--name", "a/b").exit_code == 2
    garbage = tmp_path / "garbage.pth"
    garbage.write_bytes(b"garbage")
    assert run("import", str(garbage)).exit_code == 1
    assert run("import", str(tmp_path / "absent")).exit_code == 2


def test_no_traceback_when_the_catalogue_itself_is_damaged(world: World) -> None:
    (world.shipped / "catalogue.json").write_text("{")
    for arguments in (["list"], ["verify"], ["path", "tiny"], ["pull", "tiny"]):
        result = run(*arguments)
        assert result.exit_code == 1
        assert "install Colorizer again" in result.output


def test_wrong_use() -> None:
    assert run("frobnicate").exit_code == 2
    assert run("--help").exit_code == 0
