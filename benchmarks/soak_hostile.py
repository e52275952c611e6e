"""What careless and hostile people do at a server, with what may come of it."""

from __future__ import annotations

import io
import socket
import time
from urllib.parse import urlsplit

from soak_journal import CUT
from soak_visitor import RIGHT, Kinds, Visitor


class Hostile(Visitor):
    """A visitor who also does what is not right."""

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
        self.ask("wrong", method, "/photos/<wrong id>", path, {400, 404, 414})

    def bad_parameter(self) -> None:
        photo = self._any_photo()
        wrong = (
            "temperature=-1", "temperature=nan", "saturation=1e999", "format=exe", "model=none",
            "bit_depth=12", "quality=1000", "unknown=1", "format=jpeg&bit_depth=16",
            "working_size=99999999", "temperature=" + "9" * 3000, "format=%00",
        )  # fmt: skip
        path = f"/api/v1/photos/{photo}/image?{self._random.choice(wrong)}"
        self.ask("wrong", "GET", "/photos/<id>/image?<wrong>", path, {422})

    def wrong_type(self) -> None:
        kind = self._random.choice(("application/json", "text/plain", "multipart/form-data", ""))
        body = self._random.choice((b"", b"{}", b"\xff" * 5000, b"--x\r\n\r\n", b"[" * 50_000))
        path = self._random.choice(
            ("/api/v1/photos", "/api/v1/photos/" + "A" * 22 + "/predictions")
        )
        self.ask(
            "wrong", "POST", "<wrong content type>", path, {400, 404, 415, 422},
            data=body, headers={"Content-Type": kind},
        )  # fmt: skip

    def too_large(self) -> None:
        data = b"\xff\xd8" + bytes(60_000_000)
        self.ask(
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


#: how often, and what
ALL: Kinds = RIGHT | {
    "odd": (11, Hostile.odd),
    "damaged": (8, Hostile.damaged),
    "bad id": (3, Hostile.bad_id),
    "bad parameter": (4, Hostile.bad_parameter),
    "wrong type": (3, Hostile.wrong_type),
    "too large": (0.5, Hostile.too_large),
    "half a body": (2, Hostile.half_a_body),
    "gone": (2, Hostile.gone),
    "garbage": (1, Hostile.garbage),
}
