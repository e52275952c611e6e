"""Pages, salvage and warnings, over HTTP."""

from __future__ import annotations

import io
import time
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from app.context import SERVICE

from ..doors import NewApp
from .test_api import jpeg, problem, upload, upload_form


def pages(count: int, last: int = 0) -> bytes:
    """A TIFF of some pages, each of another width; the last may be a square of this side."""
    buffer = io.BytesIO()
    shapes = [(40, 50 + 10 * n) for n in range(count)]
    if last:
        shapes[-1] = (last, last)
    first, *others = [
        Image.fromarray(np.full(shape, 60 + 40 * n, np.uint8)) for n, shape in enumerate(shapes)
    ]
    first.save(buffer, "TIFF", save_all=True, append_images=others)
    return buffer.getvalue()


def in_colour(side: int = 10) -> bytes:
    """A colour photograph: 12 times 12 patches of many colours, with sides of so many pixels."""
    few = np.random.default_rng(5).integers(0, 255, (12, 12, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(few.repeat(side, 0).repeat(side, 1)).save(buffer, "PNG")
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


def test_a_negative_is_made_a_positive(client: FlaskClient) -> None:
    scan = pages(1)
    made: Any = client.post("/api/v1/photos", **upload_form(scan, "a.tif", negative="true")).json
    plain: Any = client.post("/api/v1/photos", **upload_form(scan, "a.tif")).json
    assert (made["negative"], plain["negative"]) == (True, False)
    grey = [ready(client, photo)["links"]["grey"] for photo in (made, plain)]
    positive, negative = (
        np.asarray(Image.open(io.BytesIO(client.get(link).data)).convert("L")).astype(int)
        for link in grey
    )
    assert np.abs(positive + negative - 255).max() < 12, "they are JPEGs"


def test_what_lies_on_its_side_is_turned(client: FlaskClient) -> None:
    scan = pages(1)
    straight: Any = client.post("/api/v1/photos", **upload_form(scan, "a.tif")).json
    turned: Any = client.post("/api/v1/photos", **upload_form(scan, "a.tif", turn="270")).json
    assert (straight["turn"], turned["turn"]) == (0, 270)
    assert (straight["width"], straight["height"]) == (turned["height"], turned["width"])
    for wrong in ("45", "360", "-90", "x"):
        answer = client.post("/api/v1/photos", **upload_form(scan, "a.tif", turn=wrong))
        assert problem(answer, 422, "invalid-setting")


def test_a_mount_is_told_and_can_be_coloured(client: FlaskClient) -> None:
    card = np.full((200, 260), 245, np.uint8)
    card[40:160, 30:230] = np.random.default_rng(3).integers(20, 190, (120, 200))
    buffer = io.BytesIO()
    Image.fromarray(card).save(buffer, "PNG")
    for whole in ("false", "true"):
        answer: Any = client.post(
            "/api/v1/photos", **upload_form(buffer.getvalue(), "card.png", whole=whole)
        ).json
        assert ready(client, answer)["mount"] is (whole == "false")


def test_all_pages_become_a_batch(client: FlaskClient) -> None:
    answer = client.post("/api/v1/photos", **upload_form(pages(3), "scan.tif", page="all"))
    assert answer.status_code == 201, answer.text
    batch: Any = answer.json
    assert [(p["page"], p["width"]) for p in batch["photos"]] == [(1, 50), (2, 60), (3, 70)]
    assert [p["name"] for p in batch["photos"]] == [
        "scan.tif", "scan.tif (page 2)", "scan.tif (page 3)"
    ]  # fmt: skip
    assert client.get(answer.headers["Location"]).json["id"] == batch["id"]  # type: ignore[index]
    others = {photo["id"] for photo in batch["photos"][1:]}
    client.delete(batch["photos"][0]["links"]["self"])
    for id in others:
        ready(client, client.get(f"/api/v1/photos/{id}").json)  # type: ignore[arg-type]
        assert client.get(f"/api/v1/photos/{id}/image").status_code == 200


def test_all_pages_join_a_batch_that_is_named(client: FlaskClient) -> None:
    batch: Any = client.post("/api/v1/batches").json
    form = upload_form(pages(2), "scan.tif", page="all", batch=batch["id"])
    found: Any = client.post("/api/v1/photos", **form).json
    assert found["id"] == batch["id"]
    assert len(found["photos"]) == 2
    one: Any = client.post("/api/v1/photos", **upload_form(jpeg(), page="all")).json
    assert len(one["photos"]) == 1


@pytest.mark.parametrize(
    ("limits", "status", "name"),
    [
        ({"max_batch": 2}, 413, "upload-too-large"),
        ({"queue_limit": 2, "inline": False}, 503, "queue-full"),
        ({"max_megapixels": 1}, 413, "image-too-large"),
    ],
)
def test_of_pages_that_have_no_room_none_is_kept(
    new_app: NewApp, limits: dict[str, Any], status: int, name: str
) -> None:
    app = new_app(**limits)
    client = app.test_client()
    large = "max_megapixels" in limits
    data = pages(2, 1200) if large else pages(3)
    answer = client.post("/api/v1/photos", **upload_form(data, "scan.tif", page="all"))
    problem(answer, status, name)
    folder = app.extensions[SERVICE].config.data_dir
    assert [list((folder / kind).iterdir()) for kind in ("photos", "batches")] == [[], []]


def test_places_decide_the_order_in_a_batch(client: FlaskClient) -> None:
    batch: Any = client.post("/api/v1/batches").json
    for name, place in (("c", "2"), ("x", None), ("a", "0"), ("b", "1")):
        wish = {} if place is None else {"place": place}
        form = upload_form(jpeg(), name, batch=batch["id"], **wish)
        assert client.post("/api/v1/photos", **form).status_code == 201
    found: Any = client.get(batch["links"]["self"]).json
    assert [photo["name"] for photo in found["photos"]] == ["a", "b", "c", "x"]
    problem(
        client.post("/api/v1/photos", **upload_form(jpeg(), place="-1")), 422, "invalid-setting"
    )


def test_colour_photographs_are_left_out_if_that_is_asked_for(client: FlaskClient) -> None:
    form = upload_form(in_colour(), "colour.png", colour="skip")
    photo: Any = client.post("/api/v1/photos", **form).json
    found: Any = client.get(photo["links"]["self"]).json
    assert found["state"] == "failed"
    assert found["problem"]["type"] == "urn:colorizer:problem:left-out"
    problem(client.get(photo["links"]["image"]), 422, "prediction-failed")
    grey: Any = client.post("/api/v1/photos", **upload_form(jpeg(), colour="skip")).json
    assert ready(client, grey)["problem"] is None


def test_colour_photographs_keep_their_colours_if_that_is_asked_for(client: FlaskClient) -> None:
    data = in_colour()
    form = upload_form(data, "colour.png", colour="keep")
    photo = ready(client, client.post("/api/v1/photos", **form).json)  # type: ignore[arg-type]
    assert photo["kept"]
    assert any("keeps its own colours" in warning for warning in photo["warnings"])
    image = photo["links"]["image"]
    assert client.get(image, query_string={"format": "png"}).data == data
    true = np.asarray(Image.open(io.BytesIO(data)), int)
    for query, side in (({"format": "tiff"}, 0), ({"side_by_side": "true"}, 122)):
        answer = client.get(image, query_string=query)
        assert answer.status_code == 200, answer.text
        written = np.asarray(Image.open(io.BytesIO(answer.data)), int)[:, side:][:, :120]
        assert np.abs(written - true).max() <= 1
    small = np.asarray(Image.open(io.BytesIO(client.get(photo["links"]["preview"]).data)), int)
    assert np.abs(small - true).mean() < 12
    problem(client.get(photo["links"]["uncertainty"]), 422, "prediction-failed")


def test_grey_photographs_are_coloured_whatever_is_asked_for(client: FlaskClient) -> None:
    photo = ready(client, client.post("/api/v1/photos", **upload_form(jpeg(), colour="keep")).json)  # type: ignore[arg-type]
    assert not photo["kept"]
    assert client.get(photo["links"]["image"]).status_code == 200


def test_another_word_for_colour_is_refused(client: FlaskClient) -> None:
    problem(
        client.post("/api/v1/photos", **upload_form(jpeg(), colour="no")), 422, "invalid-setting"
    )


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
