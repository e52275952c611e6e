"""Every odd file through the front door: a picture in colour or a problem, and never our fault."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI

from tests.photo.pictures import ODD

from .api.test_api import jpeg, opened, upload, upload_form
from .doors import NewApp

#: results of larger pictures are not looked at, to save time, px
_SMALL = 100_000


def odd_files() -> list[str]:
    return sorted(str(path.relative_to(ODD)) for path in ODD.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def shared_app(new_app: NewApp) -> OpenAPI:
    """Small previews save time."""
    return new_app(preview_size=128)


@pytest.fixture(scope="module", autouse=True)
def still_well_afterwards(shared_app: OpenAPI) -> Iterator[None]:
    """Whatever came before, the server answers and a good photograph works."""
    yield
    client = shared_app.test_client()
    photo = upload(client, jpeg())
    assert client.get(photo["links"]["image"]).status_code == 200
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("name", odd_files() or ["none"])
def test_a_picture_or_a_problem(client: FlaskClient, shared: Path, name: str) -> None:
    data = (shared / "data" / "odd" / name).read_bytes()
    answer = client.post("/api/v1/photos", **upload_form(data, Path(name).name))
    assert answer.json is not None
    if answer.status_code != 201:
        assert answer.status_code in {413, 415, 422}
        assert answer.mimetype == "application/problem+json"
        assert answer.json["type"].startswith("urn:colorizer:problem:")
        assert len(answer.json["detail"]) > 10
        return
    photo = client.get(answer.json["links"]["self"]).json
    assert photo is not None
    links = photo["links"]
    if photo["state"] == "failed":
        assert photo["problem"]["status"] in {413, 415, 422}
        for link in ("preview", "image"):
            assert 400 <= client.get(links[link]).status_code < 500
    else:
        assert photo["state"] == "ready"
        assert opened(client.get(links["preview"]).data).mode == "RGB"
        if photo["width"] * photo["height"] <= _SMALL:
            result = opened(client.get(links["image"]).data)
            assert result.size == (photo["width"], photo["height"])
    assert client.get(links["page"]).status_code == 200
    assert client.delete(links["self"]).status_code == 204
