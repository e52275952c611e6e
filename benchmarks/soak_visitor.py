"""One of soak.py's visitors, and what people do at a server, with what may come of it."""

from __future__ import annotations

import io
import random
import time
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

import requests
from served import Client
from soak_journal import CUT, Accepted, Journal

_REFUSED = {413, 415, 422}  # what a file that is no good photograph may be answered with
_FORMATS = ("png", "jpeg", "webp", "tiff")
_PAGES = ("/", "/about", "/api/docs", "/api/v1/models", "/api/v1/parameters", "/readyz", "/metrics")


class Visitor:
    """Asks for one thing after another until the journal is full.

    Args:
        good: photographs to send.
        odd: files that may be anything, with their names.
        damaged: makes another such file.
        number: of the visitor, and of its generator.
    """

    def __init__(
        self,
        address: str,
        journal: Journal,
        good: Sequence[bytes],
        odd: Sequence[tuple[str, bytes]],
        damaged: Callable[[random.Random], bytes],
        number: int,
    ) -> None:
        self._client = Client(address)
        self._address = address
        self._journal = journal
        self._good, self._odd, self._damaged = good, odd, damaged
        self._random = random.Random(number)
        self._photos: list[str] = []
        self._batches: dict[str, list[str]] = {}

    def visit(self, kinds: Kinds) -> None:
        """Ask for things of these kinds until all has been asked for."""
        names, weights = list(kinds), [weight for weight, _ in kinds.values()]
        while self._journal.turn():
            kind = self._random.choices(names, weights)[0]
            try:
                kinds[kind][1](self)
            except Exception as error:  # of ours: the run must not go on as if it were whole
                self._journal.complain(f"{kind}: {error!r}")

    def ask(
        self, kind: str, method: str, route: str, path: str, expected: set[Any], **more: Any
    ) -> requests.Response | None:
        """Send a request, note the answer, and complain about one that is not expected."""
        start = time.perf_counter()
        try:
            answer = self._client.session.request(method, self._address + path, timeout=300, **more)
        except requests.RequestException as error:
            self._journal.note(kind, f"{method} {route}", CUT, 0.0)
            if CUT not in expected:
                self._journal.complain(f"{kind}: {method} {route}: {error!r}")
            return None
        took = time.perf_counter() - start
        status = answer.status_code
        self._journal.note(kind, f"{method} {route}", str(status), took)
        honest = status == 503 and answer.headers.get("Retry-After", "").isdigit()
        if honest:
            time.sleep(min(int(answer.headers["Retry-After"]), 2))
        elif status not in expected:
            self._journal.complain(f"{kind}: {method} {route}: {status} {answer.text[:300]}")
        elif status >= 400 and path.startswith("/api/") and not _is_problem(answer):
            self._journal.complain(f"{kind}: {method} {route}: {status} is no problem+json")
        return answer

    # photographs

    def _send(self, kind: str, data: bytes, name: str, good: bool, batch: str = "") -> str | None:
        answer = self.ask(
            kind, "POST", "/photos", "/api/v1/photos", {201} if good else {201, *_REFUSED},
            files={"file": (name, data)}, data={"batch": batch} if batch else {},
        )  # fmt: skip
        if answer is None or answer.status_code != 201:
            return None
        photo = str(answer.json()["id"])
        with self._journal.lock:
            self._journal.accepted[photo] = Accepted(self._client, good)
        (self._batches[batch] if batch else self._photos).append(photo)
        return photo

    def _new_photo(self) -> str | None:
        """One that is looked at as soon as it has its colours, as people do."""
        data = self._random.choice(self._good)
        photo = self._send("upload", data, "Grossmutter 1931.jpg", True)
        while photo and self._state(photo, "poll") not in ("ready", "failed", "gone"):
            time.sleep(0.5)
        return photo

    def _state(self, photo: str, kind: str = "view") -> str:
        answer = self.ask(kind, "GET", "/photos/<id>", f"/api/v1/photos/{photo}", {200})
        return "gone" if answer is None or not answer.ok else str(answer.json()["state"])

    def _any_photo(self) -> str | None:
        return self._random.choice(self._photos) if self._photos else self._new_photo()

    def _of_photo(self, kind: str, what: str, query: dict[str, Any]) -> None:
        """Ask for something made of a photograph; one that is not ready yet is no failure."""
        photo = self._any_photo()
        if photo is None:
            return
        good = self._journal.accepted[photo].good
        expected = {200, 409} if good else {200, 409, *_REFUSED}
        route = f"/photos/<id>/{what}"
        path = f"/api/v1/photos/{photo}/{what}"
        self.ask(kind, "GET", route, path, expected, params=query)

    def _settings(self) -> dict[str, Any]:
        draw = self._random.uniform
        return {
            "temperature": round(draw(0.05, 1.0), 2),
            "saturation": round(draw(0.0, 2.0), 2),
            "rebalancing": round(draw(0.0, 1.0), 2),
        }

    def view(self) -> None:
        if photo := self._any_photo():
            self._state(photo)

    def result(self) -> None:
        query = {**self._settings(), "format": self._random.choice(_FORMATS)}
        if self._random.random() < 0.2:
            query["side_by_side"] = "true"
        if query["format"] in ("png", "tiff") and self._random.random() < 0.3:
            query["bit_depth"] = 16
        self._of_photo("result", "image", query)

    def prediction(self) -> None:
        if photo := self._any_photo():
            good = self._journal.accepted[photo].good
            self.ask(
                "prediction", "POST", "/photos/<id>/predictions",
                f"/api/v1/photos/{photo}/predictions", {200, 202} if good else {200, 202, 422},
                json={"working_size": self._random.choice((192, 256, 320))},
            )  # fmt: skip

    def delete(self) -> None:
        if photo := self._any_photo():
            self._photos.remove(photo)
            with self._journal.lock:
                self._journal.accepted[photo].deleted = True
            path = f"/api/v1/photos/{photo}"
            self.ask("delete", "DELETE", "/photos/<id>", path, {204})

    # batches

    def new_batch(self) -> str | None:
        answer = self.ask("new batch", "POST", "/batches", "/api/v1/batches", {201})
        if answer is None or answer.status_code != 201:
            return None
        batch = str(answer.json()["id"])
        self._batches[batch] = []
        return batch

    def _any_batch(self) -> str | None:
        return self._random.choice(list(self._batches)) if self._batches else self.new_batch()

    def batch_upload(self) -> None:
        if batch := self._any_batch():
            self._send("upload", self._random.choice(self._good), "a.jpg", True, batch)

    def batch_view(self) -> None:
        if batch := self._any_batch():
            path = f"/api/v1/batches/{batch}"
            self.ask("view", "GET", "/batches/<id>", path, {200})

    def zip(self) -> None:
        if batch := self._any_batch():
            self._zip(batch)

    def _zip(self, batch: str) -> bytes | None:
        query = {**self._settings(), "format": "jpeg"}
        path = f"/api/v1/batches/{batch}/zip"
        answer = self.ask("zip", "GET", "/batches/<id>/zip", path, {200, 409}, params=query)
        return answer.content if answer is not None and answer.ok else None

    def fetch_batches(self) -> None:
        """At the end, when all is ready: every archive holds every photograph."""
        for batch, photos in self._batches.items():
            names: list[str] = []
            if photos and (data := self._zip(batch)) is not None:
                with zipfile.ZipFile(io.BytesIO(data)) as archive:
                    names = [] if archive.testzip() else archive.namelist()
            if len(names) != len(photos):
                self._journal.complain(f"the ZIP of {len(photos)} photographs has {names}")

    def batch_delete(self) -> None:
        if batch := self._any_batch():
            with self._journal.lock:
                for photo in self._batches.pop(batch):
                    self._journal.accepted[photo].deleted = True
            path = f"/api/v1/batches/{batch}"
            self.ask("delete", "DELETE", "/batches/<id>", path, {204})

    def page(self) -> None:
        path = self._random.choice(_PAGES)
        if self._photos and self._random.random() < 0.5:
            photo = self._random.choice(self._photos)
            self.ask("page", "GET", "/photographs/<id>", f"/photographs/{photo}", {200})
        else:
            self.ask("page", "GET", path, path, {200})


def _is_problem(answer: requests.Response) -> bool:
    """Whether an error is of the API's form; addresses that are too long do not get that far."""
    form = answer.headers.get("Content-Type")
    return form == "application/problem+json" or answer.status_code == 414


Kinds = dict[str, tuple[float, Callable[[Any], Any]]]

#: how often (of all), and what
RIGHT: Kinds = {
    "upload": (14, Visitor._new_photo),
    "view": (9, Visitor.view),
    "preview": (16, lambda v: v._of_photo("preview", "preview", v._settings())),
    "grey": (2, lambda v: v._of_photo("preview", "grey", {})),
    "uncertainty": (4, lambda v: v._of_photo("preview", "uncertainty", {})),
    "colours": (4, lambda v: v._of_photo("colours", "colours", {"x": 0.5, "y": 0.5})),
    "original": (2, lambda v: v._of_photo("original", "original", {})),
    "result": (12, Visitor.result),
    "prediction": (2, Visitor.prediction),
    "delete": (7, Visitor.delete),
    "new batch": (1, Visitor.new_batch),
    "batch upload": (5, Visitor.batch_upload),
    "batch view": (3, Visitor.batch_view),
    "zip": (3, Visitor.zip),
    "batch delete": (1, Visitor.batch_delete),
    "page": (5, Visitor.page),
}
