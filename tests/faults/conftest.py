"""A house for each test, that nothing of is left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from .house import House

NewHouse = Callable[..., House]


@pytest.fixture
def new_house(tmp_path: Path) -> Iterator[NewHouse]:
    """Makes a house; its processes are ended after the test."""
    with ExitStack() as stack:
        yield lambda *args, **settings: stack.enter_context(
            closing(House(tmp_path, *args, **settings))
        )


@pytest.fixture
def house(new_house: NewHouse) -> House:
    """Redis and a web server; the network of its workers takes a fifth of a second."""
    house = new_house(0.2)
    house.start_redis()
    house.start_web()
    return house
