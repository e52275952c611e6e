"""Names of files as people gave them."""

from __future__ import annotations

import pytest

from app.storage.names import clean, for_download, numbered, of_file, of_page


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Grandma.tif", "Grandma-colour.png"),
        ("a/b: c?.jpeg", "a_b_ c_-colour.png"),
        ("...", "photograph-colour.png"),
        ("scan.tif (page 2)", "scan (page 2)-colour.png"),
        ("scan (page 2).tif", "scan (page 2)-colour.png"),
        ("写" * 110, "写" * 81 + "-colour.png"),
        ("写" * 100 + " (page 12)", "写" * 78 + " (page 12)-colour.png"),
    ],
)
def test_names_of_downloads(name: str, expected: str) -> None:
    found = for_download(name, "-colour.png")
    assert found == expected
    assert len(found.encode()) <= 255


def test_numbered_names_fit_as_well() -> None:
    name, taken = for_download(clean("写" * 120), "-colour.png"), set[str]()
    found = [numbered(name, taken) for _ in range(12)]
    assert len(set(found)) == 12
    assert all(len(name.encode()) <= 255 for name in found)
    assert found[11].endswith("-12.png")


@pytest.mark.parametrize("length", [1, 106, 107, 108, 120])
def test_pages_are_known_by_their_file(length: int) -> None:
    name = clean("n" * length)
    pages = [of_page(of_file(name, 1), page) for page in (1, 2, 99_999)]
    assert [clean(page) for page in pages] == pages
    assert len(set(pages)) == 3
    files = {of_file(text, page) for text, page in zip(pages, (1, 2, 99_999), strict=True)}
    assert files == {of_file(name, 1)}
