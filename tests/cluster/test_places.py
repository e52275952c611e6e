"""Paths and addresses, with a store that speaks S3."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path, PurePosixPath

import fsspec
import pytest
from fsspec.registry import known_implementations

from colorizer.cluster import places
from colorizer.errors import InvalidSetting, OutputError, PackageMissing, StorageError


def put(*addresses: str) -> None:
    for address in addresses:
        places.write_bytes(address, b"content")


def names(source: str, out: str = "/elsewhere", recursive: bool = True) -> list[str]:
    return [str(name) for _, name in places.photographs_at(source, out, recursive)]


def test_photographs_are_listed_and_all_else_is_not(bucket: str) -> None:
    put(*(f"{bucket}/in/{name}" for name in ("b.png", "a.JPG", "sub/c.tif", "note.txt")))
    put(f"{bucket}/in/.hidden.png", f"{bucket}/in/.hidden/d.png", f"{bucket}/inside/e.png")
    for source in (f"{bucket}/in", f"{bucket}/in/"):
        assert places.photographs_at(source, "/elsewhere", True) == [
            (f"{bucket}/in/{name}", PurePosixPath(name)) for name in ("a.JPG", "b.png", "sub/c.tif")
        ]
    assert names(f"{bucket}/in", recursive=False) == ["a.JPG", "b.png"]
    assert names(f"{bucket}/nothing") == []
    assert names("s3://no-such-bucket") == []


def test_one_photograph_is_taken_whatever_it_is_called(bucket: str) -> None:
    put(f"{bucket}/in/scan")
    assert names(f"{bucket}/in/scan") == ["scan"]


def test_no_name_leads_out_of_the_output_folder(bucket: str) -> None:
    put(f"{bucket}/in//etc/a.png", f"{bucket}/in/../b.png", f"{bucket}/in/c/../../d.png")
    assert names(f"{bucket}/in") == ["etc/a.png"]


def test_results_are_not_photographs(bucket: str) -> None:
    put(f"{bucket}/in/a.png", f"{bucket}/in/out/a.png", f"{bucket}/in/outside/a.png")
    assert names(f"{bucket}/in", f"{bucket}/in/out/") == ["a.png", "outside/a.png"]
    with pytest.raises(InvalidSetting, match="cannot be both"):
        names(f"{bucket}/in", f"{bucket}/in/")


def test_a_listing_is_not_an_old_one(bucket: str) -> None:
    put(f"{bucket}/in/a.png")
    assert names(f"{bucket}/in") == ["a.png"]
    assert places.names_at(f"{bucket}/out") == set()
    other = fsspec.filesystem("s3", skip_instance_cache=True)
    other.pipe_file("photographs/in/b.png", b"")
    other.pipe_file("photographs/out/sub/b.png", b"")
    assert names(f"{bucket}/in") == ["a.png", "b.png"]
    assert places.names_at(f"{bucket}/out") == {"sub/b.png"}


def test_files_come_and_go(bucket: str, tmp_path: Path) -> None:
    for place in (bucket, str(tmp_path)):
        name = places.join(place, Path("sub/a.png"))
        assert places.read_bytes(name) is None
        places.write_bytes(name, b"old")
        with places.as_file(name) as file:
            assert (file.name, file.read_bytes()) == ("a.png", b"old")
        with places.for_result(name) as file:
            file.write_bytes(b"new")
        assert places.read_bytes(name) == b"new"
        assert places.sha256_of(name) == hashlib.sha256(b"new").hexdigest()


def test_nothing_is_delivered_after_an_error(bucket: str) -> None:
    def fails() -> None:
        with places.for_result(f"{bucket}/a.png") as file:
            file.write_bytes(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert places.read_bytes(f"{bucket}/a.png") is None


@pytest.mark.parametrize("name", ["nothing.png", "s3://photographs/nothing.png"])
def test_what_is_not_there_is_said(bucket: str, tmp_path: Path, name: str) -> None:
    name = name if places.is_address(name) else str(tmp_path / name)
    with pytest.raises(StorageError, match=r"nothing\.png"):
        places.sha256_of(name)


def test_storage_that_does_not_answer(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fsspec.filesystem("s3").clear_instance_cache()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(StorageError, match=r"s3://photographs/a\.png cannot be used"):
        places.write_bytes("s3://photographs/a.png", b"")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = {"class": "missing_package.Shelf", "err": "Install missing_package"}
    monkeypatch.setitem(known_implementations, "shelf", entry)
    with pytest.raises(PackageMissing, match=r"missing_package.*colorizer\[s3\]"):
        places.names_at("shelf://one")
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(PackageMissing):
        places.names_at("s3://photographs")


def test_an_unknown_kind_of_address() -> None:
    with pytest.raises(StorageError, match="shelf"):
        places.names_at("shelf://one")


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written"):
        places.write_bytes(str(tmp_path / "file" / "a"), b"")
