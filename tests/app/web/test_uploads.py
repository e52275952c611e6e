"""What the API does with uploads that are wrong, too large, or have strange names."""

from __future__ import annotations

import errno
import io
import re
import tempfile
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.context import SERVICE

from ..api.test_api import encoded, jpeg, problem, upload, upload_form
from ..doors import NewApp

STRANGE_NAMES = [
    "../../x.jpg",
    "..\\..\\x.jpg",
    "/etc/passwd",
    "C:\\Windows\\x.jpg",
    "a\0b.jpg",
    "x" * 5000 + ".jpg",
    "\u202egpj.exe",
    "",
    ".",
    "..",
    "Großmutter – 祖母.jpg",
    '";filename=evil.exe',
]


@pytest.mark.parametrize("batch", ["x" * 22, "../..", "9" * 5000, "[" * 5000, "true", "\0"])
def test_a_wrong_batch(client: FlaskClient, batch: str) -> None:
    form = upload_form(jpeg(), batch=batch)
    problem(client.post("/api/v1/photos", **form), 404, "not-found")


def test_a_batch_has_a_limit(new_app: NewApp) -> None:
    client = new_app(max_batch=1).test_client()
    batch = client.post("/api/v1/batches").json["id"]  # type: ignore[index]
    upload(client, batch=batch)
    form = upload_form(jpeg(), batch=batch)
    problem(client.post("/api/v1/photos", **form), 413, "upload-too-large")


@pytest.mark.parametrize(
    "data", [{}, {"file": "text"}, {"files": (io.BytesIO(b"x"), "a.jpg")}, b"not a form"]
)
def test_the_file_is_missing(client: FlaskClient, data: Any) -> None:
    answer = client.post("/api/v1/photos", data=data)
    assert "file" in problem(answer, 422, "invalid-setting")


@pytest.mark.parametrize("format", ["PNG", "JPEG", "TIFF", "WebP", "BMP", "GIF"])
def test_the_content_says_what_it_is_not_the_name(client: FlaskClient, format: str) -> None:
    data = encoded(format)
    for name in ("photo.txt", "photo.exe", "photo"):
        form = {"file": (io.BytesIO(data), name, "text/html")}
        answer = client.post("/api/v1/photos", data=form)
        assert answer.status_code == 201
        assert answer.json is not None
        assert answer.json["format"] == format
        original = client.get(answer.json["links"]["original"])
        assert original.mimetype == "application/octet-stream"
        assert "attachment" in original.headers["Content-Disposition"]


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"<svg onload=alert(1)>", b"%PDF-1.7", b"GIF89a", b"PK\3\4", b"\0" * 999],
)
def test_what_is_not_a_picture(client: FlaskClient, data: bytes) -> None:
    answer = client.post("/api/v1/photos", **upload_form(data))
    assert answer.status_code in {415, 422}
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_strange_names_do_no_harm(client: FlaskClient, name: str) -> None:
    data_dir = client.application.extensions[SERVICE].config.data_dir
    photo = upload(client, name=name or "\t")
    assert 1 <= len(photo["name"]) <= 120
    assert not set(photo["name"]) & set("\0\r\n\u202e/\\")
    assert [path.name for path in data_dir.parent.iterdir()] == [data_dir.name]
    folders = {path.name for path in (data_dir / "photos").iterdir()}
    assert all(re.fullmatch("[A-Za-z0-9_-]{22}", folder) for folder in folders)
    for link in ("image", "original"):
        answer = client.get(photo["links"][link])
        assert answer.status_code == 200
        assert "X-Evil" not in answer.headers
        disposition = answer.headers["Content-Disposition"]
        disposition.encode("latin-1")
        assert "\n" not in disposition


def test_joined_letters_and_pictographs_stay_joined(client: FlaskClient) -> None:
    for name in ("می\u200cخواهم.jpg", "👩\u200d👩\u200d👧.jpg"):
        assert upload(client, name=name)["name"] == name
    assert upload(client, name="\u200d \u200c")["name"] == "photograph"


def test_a_line_break_in_a_name_does_not_get_into_a_header(client: FlaskClient) -> None:
    form = upload_form(jpeg(), "NAME")
    name = b"filename*=UTF-8''a%0D%0AX-Evil%3A%201.jpg"
    form["data"] = form["data"].replace(b'filename="NAME"', name)
    photo = client.post("/api/v1/photos", **form)
    assert photo.status_code == 201
    assert photo.json is not None
    assert photo.json["name"] == "a X-Evil: 1.jpg"
    answer = client.get(photo.json["links"]["image"])
    assert answer.status_code == 200
    assert "X-Evil" not in answer.headers


def test_names_in_any_script_are_kept(client: FlaskClient) -> None:
    links = upload(client, name="祖母.jpg")["links"]
    answer = client.get(links["image"])
    assert "filename*=UTF-8''%E7%A5%96%E6%AF%8D" in answer.headers["Content-Disposition"]


def test_a_name_that_is_not_utf8_is_told(client: FlaskClient) -> None:
    form = upload_form(jpeg(), "NAME")
    form["data"] = form["data"].replace(b"NAME", "größe.jpg".encode("latin-1"))
    for path in ("/api/v1/photos", "/api/v1/films", "/photographs"):
        answer = client.post(path, **form)
        assert answer.status_code == 422
        assert "is not in UTF-8." in answer.get_data(as_text=True)
    broken = client.post("/api/v1/photos", data=b"--x", content_type=form["content_type"])
    assert broken.status_code == 422
    assert "UTF-8" not in broken.text


def test_too_many_bytes(new_app: NewApp) -> None:
    client = new_app(max_upload_mb=1).test_client()
    padded = jpeg() + bytes(1_000_001)
    problem(client.post("/api/v1/photos", **upload_form(padded)), 413, "upload-too-large")
    form = upload_form(bytes(3_000_000))
    detail = problem(client.post("/api/v1/photos", **form), 413, "upload-too-large")
    assert "larger than 1 MB" in detail
    link = upload(client)["links"]["predictions"]
    answer = client.post(link, data=bytes(2_000_000), content_type="application/json")
    problem(answer, 413, "upload-too-large")


def test_too_many_pixels(new_app: NewApp) -> None:
    client = new_app(max_megapixels=1).test_client()
    form = upload_form(encoded("PNG", 1001, 1000))
    problem(client.post("/api/v1/photos", **form), 413, "image-too-large")


def test_a_full_queue(new_app: NewApp) -> None:
    client = new_app(inline=False, queue_limit=1).test_client()
    upload(client)
    answer = client.post("/api/v1/photos", **upload_form(jpeg()))
    problem(answer, 503, "queue-full")
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_full_disk(new_app: NewApp) -> None:
    client = new_app(min_free_disk_mb=10**12).test_client()
    answer = client.post("/api/v1/photos", **upload_form(jpeg()))
    problem(answer, 507, "storage-full")


@pytest.mark.parametrize("path", ["/photographs", "/api/v1/photos"])
def test_what_has_no_room_is_refused_without_being_kept(new_app: NewApp, path: str) -> None:
    client = new_app(min_free_disk_mb=10**12).test_client()
    body = io.BytesIO(b"x" * 100_000)
    answer = client.post(path, input_stream=body, content_length=100_000)
    assert answer.status_code == 507, "nobody looked whether this is a form"
    assert body.tell() == 0


def test_a_disk_that_is_full_while_an_upload_arrives(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(client.application.extensions[SERVICE], "spool", full)
    answer = client.post("/api/v1/photos", **upload_form(jpeg()))
    problem(answer, 507, "storage-full")


def test_large_uploads_wait_in_the_data_folder(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    large = client.post("/api/v1/photos", **upload_form(jpeg() + bytes(1_000_000)))
    assert large.status_code == 201
    data_dir = client.application.extensions[SERVICE].config.data_dir
    assert list((data_dir / "incoming").iterdir()) == []
