"""Names as they are shown, and what a mistyped one was meant to be."""

from __future__ import annotations

import os

import pytest

from colorizer.names import printable, suggestion


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Großmutter 1903 (東京).jpg", "Großmutter 1903 (東京).jpg"),
        ("a\x1b[31mred.jpg", "a\\x1b[31mred.jpg"),
        ("a\r\nb: done\t.jpg", "a\\r\\nb: done\\t.jpg"),
        ("a\x9b2J\x7f.jpg", "a\\x9b2J\\x7f.jpg"),
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("a\u2028b", "a\\u2028b"),
        (os.fsdecode(b"caf\xe9"), "caf\\udce9"),
    ],
)
def test_what_is_not_printed_is_escaped(name: str, shown: str) -> None:
    assert printable(name) == shown
    assert printable(name).encode("utf-8").decode().isprintable()


def test_the_nearest_name_is_suggested() -> None:
    formats = ("png", "jpeg", "webp", "tiff")
    assert suggestion("jpg", formats) == " Did you mean jpeg?"
    assert suggestion("TIF", formats) == " Did you mean tiff?"
    assert suggestion("colorise", ["colorize", "serve"]) == " Did you mean colorize?"
    assert suggestion("bmx", formats) == ""
