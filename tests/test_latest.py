"""The latest results are kept, and no others."""

from __future__ import annotations

from colorizer.latest import KEPT, Latest


def test_the_latest_of_each_kind_are_kept() -> None:
    latest, made = Latest(), []

    def of(kind: str, key: int) -> str:
        def make() -> str:
            made.append((kind, key))
            return f"{kind} {key}"

        return latest.of(kind, key, make)

    for key in (*range(KEPT), *range(KEPT)):
        assert of("a", key) == f"a {key}"
    assert len(made) == KEPT
    assert of("b", 0) == "b 0"
    assert of("a", KEPT) == f"a {KEPT}"
    assert of("a", KEPT - 1) == f"a {KEPT - 1}"
    assert len(made) == KEPT + 2
    of("a", 0)  # the oldest is gone
    assert made[-1] == ("a", 0)
