"""Pages, salvage and warnings, over HTTP."""

from __future__ import annotations

import io
import time
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from .test_api import problem, upload, upload_form


def pages(count: int) -> bytes:
    """A TIFF of some pages, each of another width."""
    buffer = io.BytesIO()
    first, *others = [
        Image.fromarray(np.full((40, 50 + 10 * n), 60 + 40 * n, np.uint8)) for n in range(count)
    ]
    first.save(buffer, "TIFF", save_all=True, append_images=others)
    return buffer.getvalue()


def in_colour() -> bytes:
    """A colour photograph: patches of many colours."""
    few = np.random.default_rng(5).integers(0, 255, (12, 12, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(few.repeat(10, 0).repeat(10, 1)).save(buffer, "PNG")
    return buffer.getvalue()


def ready(client: FlaskClient, photo: dict[str, Any]) -> dict[str, Any]:
    """The photograph, once it has its colours."""
    for _ in range(400):
        found: Any = client.get(photo["links"]["self"]).json
        if found["state"] == "ready":
            return dict(found)
        time.sleep(0.05)
    raise AssertionError(found)


def test_a_page_is_chosen(client: FlaskClient) -> None:
    answer = client.post("/api/v1/photos", **upload_form(pages(3), "scan.tif", page="2"))
    assert isinstance(answer.json, dict)
    photo = ready(client, answer.json)
    assert (photo["page"], photo["pages"], photo["width"]) == (2, 3, 60)
    with Image.open(io.BytesIO(client.get(photo["links"]["image"]).data)) as image:
        assert image.size == (60, 40)
    plain = upload(client, pages(3), "scan.tif")
    assert (plain["page"], plain["pages"], plain["width"]) == (1, 3, 50)


@pytest.mark.parametrize("page", ["0", "4", "x", "-1"])
def test_a_page_that_is_not_there(client: FlaskClient, page: str) -> None:
    answer = client.post("/api/v1/photos", **upload_form(pages(3), "scan.tif", page=page))
    assert problem(answer, 422, "invalid-setting")


def test_the_page_leads_to_the_other_pages(client: FlaskClient) -> None:
    photo = upload(client, pages(3), "scan.tif")
    html = client.get(photo["links"]["page"]).text
    assert "Page 1 of 3." in html
    answer = client.post(f"/photographs/{photo['id']}/pages", data={"page": "3"})
    assert answer.status_code in (303, 403)  # 403: forms need the token of the session


def test_what_is_cut_off_is_salvaged_if_it_is_asked_for(client: FlaskClient) -> None:
    rng = np.random.default_rng(0)
    buffer = io.BytesIO()
    noise = rng.integers(0, 255, (160, 200)).astype(np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG", quality=90)
    cut = buffer.getvalue()[: len(buffer.getvalue()) // 2]
    answer = client.post("/api/v1/photos", **upload_form(cut, salvage="true"))
    assert isinstance(answer.json, dict)
    photo = ready(client, answer.json)
    assert photo["warnings"]
    assert client.get(photo["links"]["image"]).status_code == 200
    assert photo["warnings"][0] in client.get(photo["links"]["page"]).text.replace("&#39;", "'")


def test_that_it_is_in_colour_already_is_said(client: FlaskClient) -> None:
    photo = ready(client, upload(client, in_colour(), "colour.png"))
    assert any("is a colour photograph" in warning for warning in photo["warnings"])
    assert ready(client, upload(client))["warnings"] == []


def test_a_reference_in_colour_gives_its_own_palette(client: FlaskClient) -> None:
    grey, colour = upload(client), ready(client, upload(client, in_colour(), "colour.png"))
    ready(client, grey)
    address = grey["links"]["preview"]
    plain = client.get(address).data
    taken = client.get(address, query_string={"reference": colour["id"], "reference_amount": 1})
    assert taken.status_code == 200
    assert taken.data != plain
