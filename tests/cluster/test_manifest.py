"""The manifest of a collection."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from colorizer.cluster import manifest, places
from colorizer.cluster.manifest import MANIFEST, Line, Manifest
from colorizer.errors import OutputError


def lines(out: str) -> list[dict[str, object]]:
    data = places.read_bytes(f"{out}/{MANIFEST}") or b""
    return [json.loads(line) for line in data.splitlines()]


@pytest.mark.parametrize("kind", ["folder", "address"])
def test_what_was_added_is_known_to_the_next(kind: str, tmp_path: Path, bucket: str) -> None:
    out = f"{bucket}/out" if kind == "address" else str(tmp_path / "out")
    with Manifest(out).start([]) as first:
        first.add(Line("/in/a.png", "a.png", "done", seconds=1.5, sha256="0" * 64))
        first.add(Line("/in/b.png", "b.png", "failed", "b.png is damaged."))
        first.add(Line("/in/c.png", "c.png", "found"))
    assert lines(out)[0] == {
        "input": "/in/a.png", "output": "a.png", "status": "done", "error": None,
        "seconds": 1.5, "sha256": "0" * 64,
    }  # fmt: skip
    second = Manifest(out)
    assert [name in second for name in ("a.png", "b.png", "c.png", "d.png")] == [1, 0, 1, 0]
    with second.start(["b.png", "a.png"]) as again:
        again.add(Line("/in/b.png", "b.png", "done"))
    assert [line["output"] for line in lines(out)] == ["c.png", "b.png"]


def test_each_line_is_in_the_file_at_once(tmp_path: Path) -> None:
    with Manifest(str(tmp_path)).start([]) as one:
        one.add(Line("/in/a.png", "a.png", "done"))
        assert len(lines(str(tmp_path))) == 1


def test_an_address_is_written_now_and_then(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Manifest(bucket).start([]) as one:
        one.add(Line("/in/a.png", "a.png", "done"))
        assert lines(bucket) == []
        monkeypatch.setattr(manifest, "INTERVAL", 0)
        one.add(Line("/in/b.png", "b.png", "done"))
        assert len(lines(bucket)) == 2
        monkeypatch.setattr(manifest, "INTERVAL", 1000)
        one.add(Line("/in/c.png", "c.png", "done"))
    assert len(lines(bucket)) == 3


@pytest.mark.parametrize("torn", [b'{"input": "/in/b.p', b"[]\n", b'"text"\n', b"\xff\xfe\n"])
def test_a_torn_line_is_passed_over(tmp_path: Path, torn: bytes) -> None:
    with Manifest(str(tmp_path)).start([]) as one:
        one.add(Line("/in/a.png", "a.png", "done"))
    with (tmp_path / MANIFEST).open("ab") as file:
        file.write(torn)
    with Manifest(str(tmp_path)).start([]) as one:
        one.add(Line("/in/c.png", "c.png", "done"))
    assert [line["output"] for line in lines(str(tmp_path))] == ["a.png", "c.png"]


def test_names_that_are_not_text(tmp_path: Path) -> None:
    with Manifest(str(tmp_path)).start([]) as one:
        one.add(Line("/in/caf\udce9.png", "caf\udce9.png", "done"))
    assert "caf\udce9.png" in Manifest(str(tmp_path))


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"")
    with pytest.raises(OutputError, match=f"{MANIFEST} cannot be written"):
        Manifest(str(tmp_path / "out")).start([])
