"""One of soak.py's visitors: what it may ask for, and what may come of it."""

from __future__ import annotations

import io
import random
import socket
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from served import Client

CUT = "cut off"  # instead of a status
_REFUSED = {413, 415, 422}  # what a file that is no good photograph may be answered with
_FORMATS = ("png", "jpeg", "webp", "tiff")
_PAGES = ("/", "/about", "/api/docs", "/api/v1/models", "/api/v1/parameters", "/readyz", "/metrics")


@dataclass
class Accepted:
    """A photograph that the server took."""

    client: Client
    good: bool  # whether it is one that must become ready
    deleted: bool = False


@dataclass
class Journal:
    """What all visitors saw."""

    total: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    asked: int = 0
    answers: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    accepted: dict[str, Accepted] = field(default_factory=dict)
    gone_uploads: int = 0  # sent whole by clients that did not wait for the answer
    broken: list[str] = field(default_factory=list)

    def turn(self) -> bool:
        """Whether there is one more request to be made."""
        with self.lock:
            if self.asked == self.total:
                return False
            self.asked += 1
            return True

    def note(self, kind: str, route: str, status: str, seconds: float) -> None:
        """An answer."""
        with self.lock:
            self.answers[route][status] += 1
            if status != CUT:
                self.seconds[kind].append(seconds)

    def complain(self, text: str) -> None:
        """A promise was not kept."""
        with self.lock:
            self.broken.append(text)


class Visitor:
    """Asks for one thing after another until the journal is full.

    Args:
        files: good, odd and damaged ones to send, each with its name.
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

    def visit(self) -> None:
        """Until all has been asked for."""
        names, weights = list(_KINDS), [weight for weight, _ in _KINDS.values()]
        while self._journal.turn():
            kind = self._random.choices(names, weights)[0]
            try:
                _KINDS[kind][1](self)
            except Exception as error:  # of ours: the run must not go on as if it were whole
                self._journal.complain(f"{kind}: {error!r}")

    def _ask(
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
        answer = self._ask(
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
        answer = self._ask(kind, "GET", "/photos/<id>", f"/api/v1/photos/{photo}", {200})
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
        self._ask(kind, "GET", route, path, expected, params=query)

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
            self._ask(
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
            self._ask("delete", "DELETE", "/photos/<id>", path, {204})

    # batches

    def new_batch(self) -> str | None:
        answer = self._ask("new batch", "POST", "/batches", "/api/v1/batches", {201})
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
            self._ask("view", "GET", "/batches/<id>", path, {200})

    def zip(self) -> None:
        """With patience, for batches wait until nobody waits for a single photograph."""
        if batch := self._any_batch():
            patience = 20
            while patience and self._batches[batch] and not self._some_ready(batch):
                patience -= 1
                time.sleep(1)
            query = {**self._settings(), "format": "jpeg"}
            path = f"/api/v1/batches/{batch}/zip"
            self._ask("zip", "GET", "/batches/<id>/zip", path, {200, 409}, params=query)

    def _some_ready(self, batch: str) -> bool:
        answer = self._ask("poll", "GET", "/batches/<id>", f"/api/v1/batches/{batch}", {200})
        return answer is not None and answer.ok and bool(answer.json()["counts"].get("ready"))

    def batch_delete(self) -> None:
        if batch := self._any_batch():
            with self._journal.lock:
                for photo in self._batches.pop(batch):
                    self._journal.accepted[photo].deleted = True
            path = f"/api/v1/batches/{batch}"
            self._ask("delete", "DELETE", "/batches/<id>", path, {204})

    def page(self) -> None:
        path = self._random.choice(_PAGES)
        if self._photos and self._random.random() < 0.5:
            photo = self._random.choice(self._photos)
            self._ask("page", "GET", "/photographs/<id>", f"/photographs/{photo}", {200})
        else:
            self._ask("page", "GET", path, path, {200})

    # what is not right

    def odd(self) -> None:
        name, data = self._random.choice(self._odd)
        self._send("odd upload", data, name, False)

    def damaged(self) -> None:
        self._send("odd upload", self._damaged(self._random), "../../x\0.jpg", False)

    def bad_id(self) -> None:
        id = self._random.choice(("x", "A" * 22, "A" * 5000, "..%2f..%2fsecret.key", "%00", "é"))
        what = self._random.choice(("", "/image", "/preview", "/original", "/colours?x=0&y=0"))
        method = self._random.choice(("GET", "GET", "DELETE"))
        if method == "DELETE":
            what = ""
        path = f"/api/v1/photos/{id}{what}"
        self._ask("wrong", method, "/photos/<wrong id>", path, {400, 404, 414})

    def bad_parameter(self) -> None:
        photo = self._any_photo()
        wrong = (
            "temperature=-1", "temperature=nan", "saturation=1e999", "format=exe", "model=none",
            "bit_depth=12", "quality=1000", "unknown=1", "format=jpeg&bit_depth=16",
            "working_size=99999999", "temperature=" + "9" * 3000, "format=%00",
        )  # fmt: skip
        path = f"/api/v1/photos/{photo}/image?{self._random.choice(wrong)}"
        self._ask("wrong", "GET", "/photos/<id>/image?<wrong>", path, {422})

    def wrong_type(self) -> None:
        kind = self._random.choice(("application/json", "text/plain", "multipart/form-data", ""))
        body = self._random.choice((b"", b"{}", b"\xff" * 5000, b"--x\r\n\r\n", b"[" * 50_000))
        path = self._random.choice(
            ("/api/v1/photos", "/api/v1/photos/" + "A" * 22 + "/predictions")
        )
        self._ask(
            "wrong", "POST", "<wrong content type>", path, {400, 404, 415, 422},
            data=body, headers={"Content-Type": kind},
        )  # fmt: skip

    def too_large(self) -> None:
        data = b"\xff\xd8" + bytes(60_000_000)
        self._ask(
            "wrong", "POST", "/photos <60 MB>", "/api/v1/photos", {413, CUT},
            files={"file": ("big.jpg", io.BytesIO(data))},
        )  # fmt: skip

    def _raw(self, text: str, *, linger: float = 0.0) -> None:
        """Send bytes as they are, and go away (after ``linger`` seconds)."""
        parts = urlsplit(self._address)
        with socket.create_connection((parts.hostname or "", parts.port or 0), 30) as line:
            line.sendall(text.encode("latin-1"))
            time.sleep(linger)
        self._journal.note("gone", "<clients that go away>", CUT, 0.0)

    def _head(self, first: str, *more: str) -> str:
        cookie = "; ".join(f"{c.name}={c.value}" for c in self._client.session.cookies)
        return "\r\n".join((first, "Host: localhost", f"Cookie: {cookie}", *more, "", ""))

    def _form(self) -> str:
        data = self._random.choice(self._good).decode("latin-1")
        head = 'Content-Disposition: form-data; name="file"; filename="x.jpg"'
        return f"--zz\r\n{head}\r\n\r\n{data}\r\n--zz--\r\n"

    def half_a_body(self) -> None:
        form = self._form()
        kind = "Content-Type: multipart/form-data; boundary=zz"
        head = self._head("POST /api/v1/photos HTTP/1.1", kind, f"Content-Length: {len(form)}")
        self._raw(head + form[: len(form) // 2], linger=self._random.choice((0, 1)))

    def gone(self) -> None:
        if self._random.random() < 0.5:
            form = self._form()
            kind = "Content-Type: multipart/form-data; boundary=zz"
            head = self._head("POST /api/v1/photos HTTP/1.1", kind, f"Content-Length: {len(form)}")
            with self._journal.lock:
                self._journal.gone_uploads += 1
            self._raw(head + form)
        elif photo := self._any_photo():
            self._raw(self._head(f"GET /api/v1/photos/{photo}/image?format=tiff HTTP/1.1"))

    def garbage(self) -> None:
        self._raw(
            self._random.choice(
                ("\x16\x03\x01\x02\0", "GET / HTTP/9\r\n\r\n", "A" * 70_000, "GET /", "\r\n" * 9)
            ),
            linger=self._random.choice((0, 2)),
        )


def _is_problem(answer: requests.Response) -> bool:
    """Whether an error is of the API's form; addresses that are too long do not get that far."""
    form = answer.headers.get("Content-Type")
    return form == "application/problem+json" or answer.status_code == 414


#: how often, and what
_KINDS: dict[str, tuple[float, Callable[[Visitor], Any]]] = {
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
    "odd": (11, Visitor.odd),
    "damaged": (8, Visitor.damaged),
    "bad id": (3, Visitor.bad_id),
    "bad parameter": (4, Visitor.bad_parameter),
    "wrong type": (3, Visitor.wrong_type),
    "too large": (0.5, Visitor.too_large),
    "half a body": (2, Visitor.half_a_body),
    "gone": (2, Visitor.gone),
    "garbage": (1, Visitor.garbage),
}
