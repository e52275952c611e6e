"""Somebody who uploads photographs while things go wrong, and counts what becomes of them."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import requests

from ..app.conftest import jpeg
from .house import House

_WIDTH = 40  # px of the first picture; each is one wider than the last, and so unlike all others
_PAUSE = 0.05  # s between uploads
_WATCHED = ("/readyz", "/metrics")


@dataclass
class Tally:
    """What a visitor saw.

    Attributes:
        accepted: width of a picture by its id: what was answered with 201.
        unknown: widths whose upload was cut off, so that nobody knows whether they are there.
        answers: how many there were of each status.
        states: "ready" or "failed" by id, at the end.
        lost: answers other than 200 and 503 to questions about a photograph that was accepted.
    """

    accepted: dict[str, int] = field(default_factory=dict)
    unknown: list[int] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    states: dict[str, str] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        ends = dict(Counter(self.states.values()))
        return (
            f"{len(self.accepted)} accepted, {ends} in the end, {len(self.unknown)} cut off, "
            f"lost: {self.lost}, answers by status: {dict(sorted(self.answers.items()))}"
        )


class Visitor:
    """Uploads pictures in a thread of its own until so many were accepted.

    Each picture is sent until it is accepted or cut off; meanwhile earlier ones are looked at.
    """

    def __init__(self, house: House, count: int = 30) -> None:
        self.tally = Tally()
        self._house = house
        self._count = count
        self._sent: dict[int, bytes] = {}
        self._session = requests.Session()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def finish(self) -> Tally:
        """Wait until all are accepted and have come to an end; check what can be had of them."""
        self._thread.join(120)
        assert not self._thread.is_alive(), f"uploads do not end: {self.tally}"
        if self._failure is not None:
            raise self._failure
        deadline = time.monotonic() + 120
        for id in self.tally.accepted:
            while id not in self.tally.states:
                assert time.monotonic() < deadline, f"{id} is not finished: {self.tally}"
                self._look(id)
                time.sleep(0.02)
        return self.tally

    def _run(self) -> None:
        try:
            width = _WIDTH
            while len(self.tally.accepted) < self._count:
                self._sent[width] = jpeg(width).getvalue()
                self._upload(width)
                width += 1
                self._look_around()
                time.sleep(_PAUSE)
        except BaseException as error:
            self._failure = error

    def _upload(self, width: int) -> None:
        while True:
            answer = self._ask("POST", "/api/v1/photos", file=self._sent[width])
            if answer is None:
                self.tally.unknown.append(width)
                return
            if answer.status_code == 201:
                id = answer.json()["id"]
                assert id not in self.tally.accepted, f"the id {id} was given twice"
                self.tally.accepted[id] = width
                return
            assert answer.status_code == 503, answer.text
            self._look_around()
            time.sleep(0.1)

    def _look_around(self) -> None:
        for path in _WATCHED:
            self._ask("GET", path)
        for id in list(self.tally.accepted)[-2:]:
            self._look(id)

    def _look(self, id: str) -> None:
        """Ask after a photograph; one that is ready is fetched, and compared with what was sent."""
        answer = self._about(id)
        if answer is None or id in self.tally.states:
            return
        state = answer.json()["state"]
        if state == "failed":
            assert answer.json()["problem"]["detail"], answer.text
        elif state == "ready":
            original = self._about(id, "/original")
            if original is None:
                return
            assert original.content == self._sent[self.tally.accepted[id]], "another's picture"
        else:
            return
        self.tally.states[id] = state

    def _about(self, id: str, part: str = "") -> requests.Response | None:
        answer = self._ask("GET", f"/api/v1/photos/{id}{part}")
        if answer is None or answer.status_code == 503:
            return None
        if answer.status_code != 200:
            self.tally.lost.append(f"{part} {answer.status_code}")
            return None
        return answer

    def _ask(self, method: str, path: str, file: bytes | None = None) -> requests.Response | None:
        """An answer, which is counted; None if there was none."""
        files: Any = None if file is None else {"file": ("x.jpg", file, "image/jpeg")}
        try:
            answer = self._session.request(
                method, self._house.address + path, files=files, timeout=60
            )
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            time.sleep(0.2)
            return None
        self.tally.answers[answer.status_code] += 1
        return answer

    def results(self) -> dict[str, str]:
        """SHA-256 of each finished picture in full size, by the photograph's id."""
        found = {}
        for id, state in self.tally.states.items():
            if state == "ready":
                answer = self._about(id, "/image")
                assert answer is not None
                found[id] = hashlib.sha256(answer.content).hexdigest()
        self._session.close()
        return found


def check(house: House, visitor: Visitor) -> Tally:
    """All that was accepted came to its end, once; nothing else is there; no answer was a 500."""
    tally = visitor.finish()
    results = visitor.results()
    print(tally)
    assert not tally.lost, tally
    assert set(tally.answers) <= {200, 201, 503}, tally
    assert set(tally.states) == set(tally.accepted), tally
    assert len(set(results.values())) == len(results), f"two have the same result: {tally}"
    folders = [path for path in (house.data / "photos").iterdir() if path.is_dir()]
    stored = Counter(hashlib.sha256((f / "The photograph").read_bytes()).digest() for f in folders)
    assert set(tally.accepted) <= {folder.name for folder in folders}, tally
    assert max(stored.values()) == 1, f"{stored.most_common(1)[0][1]} times there: {tally}"
    assert len(folders) <= len(tally.accepted) + len(tally.unknown), tally
    return tally
