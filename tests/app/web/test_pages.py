"""The pages as a browser without JavaScript uses them."""

from __future__ import annotations

import io
import re
import zipfile
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import numpy as np
import pytest
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from PIL import Image
from werkzeug.test import TestResponse

from app.errors import LENDER_GONE, NotReady
from colorizer.settings import PARAMETERS

from ..api.test_parts import in_colour, pages
from ..conftest import jpeg
from ..doors import NewApp

_PLACE = re.compile(r'<a href="(/(?:photographs|batches)/[^"]+)"')
_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def token(page: TestResponse) -> str:
    found = _TOKEN.search(page.text)
    assert found
    return found[1]


def upload(client: FlaskClient, *files: tuple[io.BytesIO, str]) -> TestResponse:
    data: dict[str, Any] = {"csrf_token": token(client.get("/")), "files": list(files)}
    return client.post("/photographs", data=data, content_type="multipart/form-data")


@pytest.fixture
def photograph(client: FlaskClient) -> str:
    """Address of an uploaded photograph's page; its colours are ready."""
    return upload(client, (jpeg(), "grandmother.jpg")).location


def test_start_page_says_what_is_taken_and_for_how_long(client: FlaskClient) -> None:
    page = client.get("/")
    assert page.status_code == 200
    for words in ("50 MB", "100 megapixels", "500 at a time", "deleted after 24 hours"):
        assert words in page.text
    for name in re.findall(r'action="/samples/([^"]+)"', page.text):
        assert client.get(f"/static/samples/{name}.webp").status_code == 200


def test_one_photograph_goes_to_its_page(client: FlaskClient) -> None:
    response = upload(client, (jpeg(), "<b>gran & co</b>.jpg"))
    assert response.status_code == 303
    page = client.get(response.location)
    assert page.status_code == 200
    assert "<b>gran" not in page.text
    assert 'data-state="ready"' in page.text
    for name in PARAMETERS.keys() - {"model"}:  # there is one model: nothing to choose
        parameter = PARAMETERS[name]
        assert f'name="{name}"' in page.text
        assert parameter.label in page.text


def test_a_form_without_token_is_refused(client: FlaskClient) -> None:
    response = client.post("/photographs", data={"files": (jpeg(), "a.jpg")})
    assert response.status_code == 403
    assert "load the page anew" in response.text


def test_nothing_chosen(client: FlaskClient) -> None:
    response = upload(client)
    assert response.status_code == 400
    assert "No photograph was chosen" in response.text


def test_not_a_picture(client: FlaskClient) -> None:
    response = upload(client, (io.BytesIO(b"Dear diary"), "diary.jpg"))
    assert response.status_code == 415
    assert "To the first page" in response.text


def test_pictures_of_a_page(client: FlaskClient, photograph: str) -> None:
    colour = client.get(f"{photograph}/preview.jpg?saturation=2")
    grey = client.get(f"{photograph}/grey.jpg")
    unsure = client.get(f"{photograph}/uncertainty.png")
    assert [p.mimetype for p in (colour, grey, unsure)] == ["image/jpeg", "image/jpeg", "image/png"]
    assert colour.data != client.get(f"{photograph}/preview.jpg?saturation=0").data
    again = client.get(
        f"{photograph}/preview.jpg?saturation=2", headers={"If-None-Match": colour.headers["ETag"]}
    )
    assert again.status_code == 304


def test_settings_stand_in_the_address(client: FlaskClient, photograph: str) -> None:
    page = client.get(f"{photograph}?warmth=12&format=webp").text
    assert f'src="{photograph}/preview.jpg?warmth=12"' in page
    assert '<option value="webp" selected>' in page
    assert "12 warmer" in page
    assert client.get(f"{photograph}?warmth=400").status_code == 422


@pytest.mark.parametrize("format", ["png", "jpeg", "webp", "tiff"])
def test_download(client: FlaskClient, photograph: str, format: str) -> None:
    response = client.get(f"{photograph}/download?format={format}&side_by_side=0&provenance=0")
    assert response.status_code == 200
    assert response.headers["Content-Disposition"].startswith("attachment")
    with Image.open(io.BytesIO(response.data)) as image:
        assert image.format == format.upper()
        assert image.size == (48, 32)


def test_delete(client: FlaskClient, photograph: str) -> None:
    form = client.get(photograph)
    response = client.post(f"{photograph}/delete", data={"csrf_token": token(form)})
    assert response.status_code == 303
    assert "have been deleted" in client.get(response.location).text
    assert client.get(photograph).status_code == 404


def test_a_deleted_photograph_of_a_batch_leads_back_to_it(client: FlaskClient) -> None:
    batch = upload(client, (jpeg(), "a.jpg"), (jpeg(), "b.jpg")).location
    found = re.search(r'data-href="([^"]+)"', client.get(batch).text)
    assert found
    form = client.get(found[1])
    response = client.post(f"{found[1]}/delete", data={"csrf_token": token(form)})
    assert response.location == batch
    assert "1 photograph<" in client.get(batch).text


def test_what_is_chosen_for_one_of_a_batch_is_for_all_only_if_it_is_wanted(
    client: FlaskClient,
) -> None:
    batch = upload(client, (jpeg(), "a.jpg"), (jpeg(), "b.jpg")).location
    query = "saturation=0.5&words=a+red+coat"
    first, second = (address for address, _ in tiles(client.get(batch).text))
    page = client.get(f"{first}?{query}&hint=0.5,0.5,navy&reference={second.rpartition('/')[2]}")
    ways = dict(re.findall(r'<a id="([^"]+)" href="(/batches/[^"]*)"', page.text))
    assert ways == {"batch": batch, "like-this": f"{batch}?{query}".replace("&", "&amp;")}
    assert "a red coat" in client.get(f"{batch}?{query}").text
    assert f'action="{first}/delete"' in page.text
    form = {"csrf_token": token(page)}
    after = client.post(f"{first}/delete?{query}", data=form)
    assert after.location == f"{batch}?{query}", "what the batch had goes on"
    assert client.post(f"{second}/delete", data=form).location == batch


def test_single_photographs_of_a_zip_have_what_was_chosen_for_them(client: FlaskClient) -> None:
    batch = upload(client, (jpeg(), "a.jpg"), (jpeg(), "b.jpg"), (jpeg(), "c.jpg")).location
    page = client.get(batch)
    ids = [address.rpartition("/")[2] for address, _ in tiles(page.text)]
    own = [
        f"{ids[0]}?warmth=20&hint=0.5,0.5,navy&off=0.1,0.1,red",
        f"{ids[1]}?",
        "elsewhere?tint=3",
    ]
    form = {"csrf_token": token(page), "warmth": "-20", "format": "png", "own": own}
    answer = client.post(f"{batch}/download.zip", data=form)
    assert answer.status_code == 200
    found = []
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert sorted(archive.namelist()) == [f"{name}-colour.png" for name in "abc"]
        for id, name in zip(ids, "abc", strict=True):
            query = {"a": "warmth=20&hint=0.5,0.5,navy", "b": "", "c": "warmth=-20"}[name]
            single = client.get(f"/photographs/{id}/download?format=png&{query}").data
            assert archive.read(f"{name}-colour.png") == single
            found.append(single)
    assert len(set(found)) == 3
    wrong = form | {"own": [f"{ids[0]}?warmth=warm"]}
    assert client.post(f"{batch}/download.zip", data=wrong).status_code == 422
    gone = form | {"own": [f"{ids[0]}?reference={'x' * 22}"]}
    answer = client.post(f"{batch}/download.zip", data=gone)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert "a.jpg: " in archive.read("errors.txt").decode()


def test_a_reference_that_is_gone_is_left_off(client: FlaskClient) -> None:
    batch = upload(client, (jpeg(), "a.jpg"), (jpeg(), "b.jpg"), (jpeg(), "c.jpg")).location
    first, second, _ = (address for address, _ in tiles(client.get(batch).text))
    lender = second.rpartition("/")[2]
    page = client.get(f"{first}?reference={lender}&saturation=0.5").text
    assert f"preview.jpg?saturation=0.5&amp;reference={lender}" in page
    client.post(f"{second}/delete", data={"csrf_token": token(client.get(second))})
    after = client.get(f"{first}?reference={lender}&saturation=0.5").text
    assert LENDER_GONE in after
    assert "preview.jpg?saturation=0.5" in after
    assert lender not in after
    picture = client.get(f"{first}/preview.jpg?reference={lender}")
    assert picture.status_code == 404
    assert LENDER_GONE in picture.text


def test_a_reference_from_elsewhere_is_among_the_choices(client: FlaskClient) -> None:
    lender = upload(client, (io.BytesIO(in_colour()), "aunt.png")).location.rpartition("/")[2]
    alone = upload(client, (jpeg(), "alone.jpg")).location
    assert f'<option value="{lender}">aunt.png</option>' in client.get(alone).text
    page = client.get(f"{alone}?reference={lender}").text
    assert f'<option value="{lender}" selected>aunt.png</option>' in page


def link(page: str, which: str) -> dict[str, list[str]]:
    """What stands in the address of a link, by its attribute."""
    found = re.search(rf'<a [^>]*href="([^"]*)"[^>]* {which}[ >]', page) or re.search(
        rf'<a [^>]*{which}[^>]* href="([^"]*)"', page
    )
    assert found
    return parse_qs(urlsplit(unescape(found[1])).query)


@pytest.mark.parametrize(
    ("which", "gone"),
    [
        ('id="hints-clear"', {"hint"}),
        ('data-reset="reference"', {"reference", "reference_amount"}),
        ('data-reset="reference_amount"', {"reference_amount"}),
        ('data-reset="words"', {"words", "words_amount"}),
        ('data-reset="words_amount"', {"words_amount"}),
        ('data-reset="saturation"', {"saturation"}),
        ('id="reset-all"', {"saturation"}),
    ],
)
def test_what_is_cleared_leaves_the_rest(client: FlaskClient, which: str, gone: set[str]) -> None:
    batch = client.get(upload(client, (jpeg(), "a.jpg"), (jpeg(), "b.jpg")).location).text
    (first, _), (second, _) = tiles(batch)
    set_all = {
        "hint": ["0.5,0.5,red", "0.25,0.5,blue"],
        "reference": [second.rpartition("/")[2]],
        "reference_amount": ["0.5"],
        "words": ["a red coat"],
        "words_amount": ["0.5"],
        "saturation": ["0.5"],
    }
    page = client.get(f"{first}?{urlencode(set_all, doseq=True)}").text
    rest = {name: values for name, values in set_all.items() if name not in gone}
    assert link(page, which) == rest


def test_photographs_that_failed_lend_no_colours(client: FlaskClient) -> None:
    cut = io.BytesIO(jpeg(600, 400).getvalue()[:-1500])
    files = ((jpeg(), "a.jpg"), (cut, "cut.jpg"), (jpeg(), "c.jpg"))
    batch = client.get(upload(client, *files).location).text
    assert 'data-state="failed"' in batch
    page = client.get(tiles(batch)[0][0]).text
    assert re.findall(r'<option value="[^"]*">([^<]+\.jpg)<', page) == ["c.jpg"]


def test_the_start_page_leads_back(new_app: NewApp) -> None:
    client = new_app().test_client()
    assert "Your photographs" not in client.get("/").text
    first = upload(client, (jpeg(), "first.jpg")).location
    batch = upload(client, (jpeg(), "a.jpg"), (jpeg(), "b.jpg")).location
    api = client.post("/api/v1/photos", data={"file": (jpeg(), "by script.jpg")})
    page = client.get("/").text
    last = api.location.replace("/api/v1/photos/", "/photographs/")
    assert _PLACE.findall(page) == [last, batch, first]
    assert f'src="{first}/preview.jpg"' in page
    assert "2 photographs" in page

    client.post(f"{first}/delete", data={"csrf_token": token(client.get(first))})
    assert f'href="{first}"' not in client.get("/").text
    for _ in range(10):
        client.post("/api/v1/photos", data={"file": (jpeg(), "more.jpg")})
    assert client.get("/").text.count("more.jpg") == 8


def test_the_members_of_a_batch_are_not_remembered_each(new_app: NewApp) -> None:
    client = new_app().test_client()
    batch = client.post("/api/v1/batches").location.rpartition("/")[2]
    for name in ("a.jpg", "b.jpg"):
        client.post("/api/v1/photos", data={"file": (jpeg(), name), "batch": batch})
    assert _PLACE.findall(client.get("/").text) == [f"/batches/{batch}"]


@pytest.mark.parametrize(
    ("came_from", "leads_back"),
    [
        ("http://localhost/about", True),
        ("http://localhost/nothing-here", False),
        ("https://elsewhere.example/", False),
        ("javascript://localhost/%0aalert(1)", False),
        ("http://[", False),
        (None, False),
    ],
)
def test_errors_lead_back(client: FlaskClient, came_from: str | None, leads_back: bool) -> None:
    page = client.get("/nothing-here", headers={"Referer": came_from} if came_from else {}).text
    assert ("Back to where you were" in page) == leads_back
    assert (f'href="{came_from}"' in page) == leads_back


def test_nobody_else_sees_a_photograph(
    shared_app: OpenAPI, client: FlaskClient, photograph: str
) -> None:
    stranger = shared_app.test_client()
    stranger.get("/")
    for path in ("", "/preview.jpg", "/grey.jpg", "/uncertainty.png", "/download"):
        assert stranger.get(photograph + path).status_code == 404


def test_a_sample(client: FlaskClient) -> None:
    start = client.get("/")
    response = client.post("/samples/camera", data={"csrf_token": token(start)})
    assert response.status_code == 303
    assert client.get(response.location).status_code == 200
    missing = client.post("/samples/..%2Fsecret", data={"csrf_token": token(start)})
    assert missing.status_code == 404


def test_many_photographs(client: FlaskClient) -> None:
    response = upload(
        client, (jpeg(), "a.jpg"), (io.BytesIO(b"Dear diary"), "diary.txt"), (jpeg(), "b.jpg")
    )
    assert "/batches/" in response.location
    page = client.get(f"{response.location}?saturation=0.5")
    assert "2 of 2 in colour" in page.text
    assert "diary.txt" in page.text
    assert page.text.count("preview.jpg?saturation=0.5") == 2
    archive = client.get(f"{response.location}/download.zip?format=jpeg")
    assert archive.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(archive.data)) as names:
        assert len(names.namelist()) == 2
    gone = client.post(f"{response.location}/delete", data={"csrf_token": token(page)})
    assert gone.status_code == 303
    assert client.get(response.location).status_code == 404


def test_many_files_and_no_photograph(client: FlaskClient) -> None:
    diary = io.BytesIO(b"Dear diary")
    response = upload(client, (diary, "a.txt"), (io.BytesIO(b"x"), "b.txt"))
    assert response.status_code == 415
    assert "a.txt" in response.text
    assert "b.txt" in response.text
    whole = jpeg().getvalue()
    mixed = upload(client, (io.BytesIO(b""), "empty.jpg"), (io.BytesIO(b"x"), "b.txt"))
    assert mixed.status_code == 422
    assert 'href="/batches/' not in mixed.text
    few = upload(client, (io.BytesIO(whole), "good.jpg"), (io.BytesIO(b"x"), "bad.txt"))
    assert few.status_code == 303
    assert "bad.txt: " in client.get(few.location).text


def test_many_that_were_not_taken_are_each_named(client: FlaskClient) -> None:
    bad = [(io.BytesIO(b"x"), f"diary-{number}.txt") for number in range(40)]
    response = upload(client, (jpeg(), "good.jpg"), *bad)
    assert response.status_code == 200
    assert all(f"diary-{number}.txt" in response.text for number in range(40))
    place = re.search(r'href="(/batches/[^"]+)"', response.text)
    assert place is not None
    assert "good.jpg" in client.get(place[1]).text


def test_files_are_taken_whatever_their_field_is_called(client: FlaskClient) -> None:
    data = {
        "csrf_token": token(client.get("/")),
        "files": (jpeg(), "one.jpg"),
        "file": (jpeg(), "two.jpg"),
    }
    page = client.get(client.post("/photographs", data=data).location).text
    assert "one.jpg" in page
    assert "two.jpg" in page


def test_a_page_that_waits_says_so_and_looks_again(new_app: NewApp) -> None:
    client = new_app(inline=False).test_client()
    page = client.get(upload(client, (jpeg(), "a.jpg")).location).text
    assert 'http-equiv="refresh"' in page
    assert "number 1 in the queue" in page
    assert 'id="download" hidden' in page


def test_colours_for_another_working_size_are_asked_for(new_app: NewApp) -> None:
    client = new_app(inline=False).test_client()
    address = upload(client, (jpeg(), "a.jpg")).location
    assert 'data-state="queued"' in client.get(f"{address}?working_size=512").text
    response = client.get(f"{address}/preview.jpg?working_size=512")
    assert response.status_code == NotReady.status


def test_a_failure_is_said_and_can_be_tried_again(client: FlaskClient) -> None:
    whole = jpeg(200, 200).getvalue()
    address = upload(client, (io.BytesIO(whole[: len(whole) // 2]), "torn.jpg")).location
    page = client.get(address)
    assert 'data-state="failed"' in page.text
    assert "damaged" in page.text
    response = client.post(f"{address}/again", data={"csrf_token": token(page)})
    assert response.status_code == 303


def test_about_shows_the_model_card(client: FlaskClient) -> None:
    page = client.get("/about").text
    assert "Model card" in page
    assert "<table>" in page
    assert page.count("<h1") == 1


@pytest.mark.parametrize("path", ["/", "/about", "/nothing-here"])
def test_pages_have_no_inline_script_or_style(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page)


def test_neither_have_the_pages_of_photographs(client: FlaskClient, photograph: str) -> None:
    page = client.get(photograph).text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", page)


def send(client: FlaskClient, *files: tuple[io.BytesIO, str], **choices: str) -> TestResponse:
    """The form of the start page, with its choices."""
    data = {"csrf_token": token(client.get("/")), "files": list(files), **choices}
    return client.post("/photographs", data=data, content_type="multipart/form-data")


def press(client: FlaskClient, page: str, button: str) -> TestResponse:
    """Press a button whose form goes to ``page``/``button``; its token is taken from the page."""
    shown = client.get(page)
    assert f'"{page}/{button}' in shown.text
    return client.post(f"{page}/{button}", data={"csrf_token": token(shown), "page": "1"})


def tiles(batch: str) -> list[tuple[str, str]]:
    """Address and name of the photographs of a batch, in the order of its page."""
    addresses = re.findall(r'class="tile-picture" href="([^"?]+)', batch)
    names = re.findall(r'class="tile-name" title="([^"]+)"', batch)
    return list(zip(addresses, names, strict=True))


def shown(text: str, form: str) -> bool:
    """Whether the form with this id is to be seen."""
    found = re.search(rf'<form [^>]*id="{form}"( hidden)?', text)
    assert found
    return not found[1]


def test_the_part_that_can_be_read_of_a_file_that_is_cut_off(client: FlaskClient) -> None:
    cut = io.BytesIO(jpeg(600, 400).getvalue()[:-1500])
    address = upload(client, (cut, "cut.jpg")).location
    page = client.get(address).text
    assert 'data-state="failed"' in page
    assert shown(page, "salvage")
    assert not shown(page, "repaint")
    after = press(client, address, "salvage")
    assert after.status_code == 303
    page = client.get(after.location).text
    assert 'data-state="ready"' in page
    assert "what is missing of the picture is grey" in page
    assert client.get(address).location == after.location, "it is the same file, and was moved"
    assert client.get(f"{after.location}/download?format=png").status_code == 200


def grey_of(client: FlaskClient, page: str) -> np.ndarray[Any, Any]:
    """The photograph of a page as it is downloaded without colour."""
    result = client.get(f"{page}/download?format=png&strength=0").data
    return np.asarray(Image.open(io.BytesIO(result)).convert("L"))


def test_a_photograph_that_lies_on_its_side_is_turned(client: FlaskClient) -> None:
    file = jpeg(60, 40)
    scan = np.asarray(Image.open(io.BytesIO(file.getvalue())))
    address = upload(client, (file, "tower.jpg")).location
    wishes = "saturation=1.2&hint=0.25,0.1,navy&words=a+red+coat"
    page = client.get(f"{address}?{wishes}")
    assert shown(page.text, "turn")
    form = {"csrf_token": token(page), "degrees": "90"}
    after = client.post(f"{address}/turn?{wishes}", data=form)
    assert after.status_code == 303
    query = parse_qs(urlsplit(after.location).query)
    assert query == {"saturation": ["1.2"], "hint": ["0.9,0.25,navy"], "words": ["a red coat"]}
    turned = urlsplit(after.location).path
    before = client.get(f"{address}?{wishes}&off=0.5,0.5,red")
    assert before.status_code == 302, "the browser's way back leads to where it is now"
    query["off"] = ["0.5,0.5,red"]
    assert urlsplit(before.location).path == turned
    assert parse_qs(urlsplit(before.location).query) == query
    assert "40 × 60 px" in client.get(turned).text
    assert np.array_equal(grey_of(client, turned), np.rot90(scan, -1))
    again = client.post(f"{turned}/turn?off=0.1,0.2,red", data=form | {"degrees": "270"})
    assert parse_qs(urlsplit(again.location).query) == {"off": ["0.2,0.9,red"]}
    twice = client.get(f"{address}?{wishes}").location
    assert urlsplit(twice).path == urlsplit(again.location).path
    assert parse_qs(urlsplit(twice).query)["hint"] == ["0.25,0.1,navy"], "it lies as it did"
    assert client.get(f"{turned.rsplit('/', 1)[0]}/{'x' * 22}").status_code == 404
    assert "60 × 40 px" in client.get(again.location).text
    refused = client.post(f"{urlsplit(twice).path}/turn", data=form | {"degrees": "45"})
    assert refused.status_code == 422
    assert client.get(again.location).status_code == 200


def test_a_negative_is_made_a_positive_and_back(client: FlaskClient) -> None:
    file = jpeg(60, 40)
    scan = np.asarray(Image.open(io.BytesIO(file.getvalue())))
    address = upload(client, (file, "plate.jpg")).location
    wishes = "saturation=1.2&hint=0.25,0.1,navy"
    page = client.get(f"{address}?{wishes}")
    form = {"csrf_token": token(page), "negative": "1"}
    after = client.post(f"{address}/negative?{wishes}", data=form)
    assert after.status_code == 303
    query = parse_qs(urlsplit(after.location).query)
    assert query == {"saturation": ["1.2"], "hint": ["0.25,0.1,navy"]}
    positive = urlsplit(after.location).path
    assert urlsplit(client.get(address).location).path == positive
    assert np.array_equal(grey_of(client, positive), 255 - scan)
    turned = press(client, positive, "turn").location
    assert np.array_equal(grey_of(client, turned), np.rot90(255 - scan, -1)), "it stays a positive"
    back = client.post(f"{turned}/negative", data=form | {"negative": "0"}).location
    assert np.array_equal(grey_of(client, back), np.rot90(scan, -1))


def test_many_negatives_at_once(client: FlaskClient) -> None:
    batch = send(client, (jpeg(), "1.jpg"), (jpeg(), "2.jpg"), negative="1").location
    for address, _ in tiles(client.get(batch).text):
        assert client.get(f"/api/v1/photos/{address.split('/')[-1]}").json["negative"]  # type: ignore[index]


def test_a_negative_that_keeps_its_colours_is_made_a_positive_too(client: FlaskClient) -> None:
    files = (io.BytesIO(in_colour()), "colour.png"), (jpeg(), "grey.jpg")
    batch = send(client, *files, colour="keep", negative="1").location
    result = client.get(f"{tiles(client.get(batch).text)[0][0]}/download?format=png").data
    with Image.open(io.BytesIO(in_colour())) as own, Image.open(io.BytesIO(result)) as kept:
        assert np.array_equal(np.asarray(kept), 255 - np.asarray(own))


def test_what_is_turned_stays_in_its_batch_and_keeps_its_colours(client: FlaskClient) -> None:
    files = ((io.BytesIO(in_colour()), "colour.png"), (jpeg(), "grey.jpg"))
    batch = send(client, *files, colour="keep").location
    address = tiles(client.get(batch).text)[0][0]
    after = press(client, address, "turn")
    assert [name for _, name in tiles(client.get(batch).text)] == ["colour.png", "grey.jpg"]
    result = client.get(f"{after.location}/download?format=png").data
    with Image.open(io.BytesIO(in_colour())) as own, Image.open(io.BytesIO(result)) as kept:
        assert np.array_equal(np.asarray(kept), np.rot90(np.asarray(own), -1))


def on_a_mount() -> tuple[io.BytesIO, np.ndarray[Any, Any]]:
    """A photograph on a white card, and where the card is."""
    card = np.full((200, 260), 245, np.uint8)
    card[40:160, 30:230] = np.random.default_rng(3).integers(20, 190, (120, 200))
    mount = np.ones(card.shape, bool)
    mount[40:160, 30:230] = False
    file = io.BytesIO()
    Image.fromarray(card).save(file, "PNG")
    file.seek(0)
    return file, mount


def colours_of(client: FlaskClient, page: str) -> np.ndarray[Any, Any]:
    """How far each pixel of the downloaded result is from grey."""
    result = client.get(f"{page}/download?format=png&warmth=30").data
    found: np.ndarray[Any, Any] = np.ptp(np.asarray(Image.open(io.BytesIO(result))).astype(int), -1)
    return found


def test_a_mount_stays_as_it_is_unless_it_is_to_be_coloured(client: FlaskClient) -> None:
    file, mount = on_a_mount()
    address = upload(client, (file, "card.png")).location
    page = client.get(address).text
    assert shown(page, "mounted")
    assert "has a border, which stays as it is" in page
    assert client.get(f"/api/v1/photos/{address.split('/')[-1]}").json["mount"]  # type: ignore[index]
    colours = colours_of(client, address)
    assert colours[mount].max() == 0
    assert colours[~mount].mean() > 10
    after = press(client, address, "whole").location
    assert "coloured as a part of the picture" in client.get(after).text
    assert colours_of(client, after)[mount].mean() > 10
    form = {"csrf_token": token(client.get(after)), "whole": "0"}
    back = client.post(f"{after}/whole", data=form).location
    assert colours_of(client, back)[mount].max() == 0


def test_a_photograph_without_a_mount_has_no_word_of_it(
    photograph: str, client: FlaskClient
) -> None:
    assert not shown(client.get(photograph).text, "mounted")


def test_the_choice_is_there_before_the_upload_too(client: FlaskClient) -> None:
    cut = io.BytesIO(jpeg(600, 400).getvalue()[:-1500])
    page = client.get(send(client, (cut, "cut.jpg"), salvage="1").location).text
    assert 'data-state="ready"' in page


def test_a_photograph_that_failed_for_good_is_not_offered_a_part(client: FlaskClient) -> None:
    junk = jpeg(600, 400, format="TIFF").getvalue()
    address = upload(client, (io.BytesIO(junk[: len(junk) // 2]), "cut.tif")).location
    if address is not None:
        assert not shown(client.get(address).text, "salvage")


def test_colour_photographs_of_a_batch_are_left_out(client: FlaskClient) -> None:
    files = ((io.BytesIO(in_colour()), "colour.png"), (jpeg(), "grey.jpg"))
    page = client.get(send(client, *files, colour="skip").location)
    assert "1 of 2 in colour, 1 left out." in page.text
    address = tiles(page.text)[0][0]
    photograph = client.get(address).text
    assert shown(photograph, "repaint")
    assert not shown(photograph, "salvage")
    assert not shown(photograph, "again")
    after = press(client, address, "repaint")
    assert 'data-state="ready"' in client.get(after.location).text
    assert "2 of 2 in colour." in client.get(page.request.path).text


def test_colour_photographs_of_a_batch_keep_their_colours(client: FlaskClient) -> None:
    data = in_colour()
    files = ((io.BytesIO(data), "colour.png"), (jpeg(), "grey.jpg"))
    page = client.get(send(client, *files, colour="keep").location)
    assert "Keeps its own colours" in page.text
    address = tiles(page.text)[0][0]
    photograph = client.get(address).text
    assert 'data-kept="true"' in photograph
    assert shown(photograph, "kept")
    archive = client.get(f"{page.request.path}/download.zip?format=png").data
    with zipfile.ZipFile(io.BytesIO(archive)) as files_inside:
        assert files_inside.read("colour-colour.png") == data
        assert len(files_inside.namelist()) == 2
    after = client.get(press(client, address, "repaint").location).text
    assert 'data-kept="true"' not in after


def test_an_unknown_choice_is_refused(client: FlaskClient) -> None:
    assert send(client, (jpeg(), "a.jpg"), colour="sometimes").status_code == 422


def test_all_pages_of_a_file(client: FlaskClient) -> None:
    address = upload(client, (io.BytesIO(pages(3)), "scan.tif")).location
    assert "Open all 3 pages" in client.get(address).text
    after = press(client, address, "pages/all")
    assert after.status_code == 303
    batch = client.get(after.location).text
    assert "3 of 3 in colour." in batch
    assert [name for _, name in tiles(batch)] == [f"scan.tif (page {n})" for n in (1, 2, 3)]
    assert client.get(address).status_code == 200


def test_all_pages_of_a_file_in_a_batch_join_it(client: FlaskClient) -> None:
    files = ((io.BytesIO(pages(2)), "scan.tif"), (jpeg(), "last.jpg"))
    batch = upload(client, *files).location
    address = tiles(client.get(batch).text)[0][0]
    assert press(client, address, "pages/all").location == batch
    names = [name for _, name in tiles(client.get(batch).text)]
    assert names == ["scan.tif", "scan.tif (page 2)", "last.jpg"]
    for number in (0, 1):  # what is there is not added once more
        address = tiles(client.get(batch).text)[number][0]
        assert press(client, address, "pages/all").location == batch
        assert [name for _, name in tiles(client.get(batch).text)] == names
    assert client.get("/").text.count(batch) == 1


def test_a_batch_says_that_a_file_has_more_pages(client: FlaskClient) -> None:
    files = ((io.BytesIO(pages(3)), "scan.tif"), (jpeg(), "last.jpg"))
    page = client.get(f"{upload(client, *files).location}?saturation=0.5").text
    address = tiles(page)[0][0]
    assert page.count("tile-pages") == 1
    assert f'Page 1 of 3: <a href="{address}?saturation=0.5"' in page


def test_a_batch_without_scripts_does_not_take_reasons_away(new_app: NewApp) -> None:
    client = new_app(inline=False).test_client()
    files = ((jpeg(), "a.jpg"), (io.BytesIO(b"x"), "bad.txt"), (jpeg(), "b.jpg"))
    batch = upload(client, *files).location
    first, later = client.get(batch).text, client.get(batch).text
    assert "bad.txt: " in first
    seconds = [re.findall(r'http-equiv="refresh" content="(\d+)"', page) for page in (first, later)]
    assert seconds == [["60"], ["5"]]


def test_a_batch_is_in_the_order_of_the_form(client: FlaskClient) -> None:
    names = [f"{letter}.jpg" for letter in "dacb"]
    batch = upload(client, *((jpeg(), name) for name in names)).location
    assert [name for _, name in tiles(client.get(batch).text)] == names
