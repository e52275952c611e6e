"""The sample photographs, as the table in their folder lists them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO

from ..errors import NotFound
from ..resources import folder

_ROW = re.compile(r"^\| `(.+?)\.jpg` \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)


@dataclass(frozen=True)
class Sample:
    """A sample photograph: ``name`` is what ``PhotoDesk.upload_sample`` takes."""

    name: str
    label: str
    credit: str


def listed() -> list[Sample]:
    """All of them, in the table's order."""
    table = (folder("samples") / "README.md").read_text(encoding="utf-8")
    return [
        Sample(name, label[:1].upper() + label[1:], f"{by}, {terms}")
        for name, label, by, terms in _ROW.findall(table)
    ]


def opened(name: str) -> BinaryIO:
    """The file of one; raises NotFound if the table does not have it."""
    if name not in {sample.name for sample in listed()}:
        raise NotFound()
    return (folder("samples") / f"{name}.jpg").open("rb")
