"""The page of a film as a browser without JavaScript uses it."""

from __future__ import annotations

import io
import re
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.context import SERVICE
from app.errors import LENDER_GONE
from app.web.films import about
from colorizer import Words
from colorizer.settings import PARAMETERS

from ...words_model import write_words_model
from ..clips import FakeFilming, clip, work_off_films
from ..conftest import jpeg, wait_until
from ..doors import NewApp
from .test_pages import link, token, upload


@pytest.fixture(autouse=True)
def filming(monkeypatch: pytest.MonkeyPatch) -> FakeFilming:
    """What colours films in this module."""
    fake = FakeFilming()
    monkeypatch.setattr("colorizer.video.colorize", fake)
    monkeypatch.setattr("app.work.filming._TELL_EVERY", 0.0)
    return fake


@pytest.fixture
def film(client: FlaskClient) -> str:
    """Address of an uploaded film's page."""
    return upload(client, (clip(), "old film.mp4")).location


def colour(client: FlaskClient, film: str, query: str = "", **fields: str) -> TestResponse:
    data = {"csrf_token": token(client.get(film)), **fields}
    return client.post(f"{film}/colour{query}", data=data)


def test_a_film_is_known_by_its_content(client: FlaskClient) -> None:
    assert "/films/" in upload(client, (clip(), "scan.jpg")).location
    assert "/photographs/" in upload(client, (jpeg(), "film.mp4")).location
    assert 'accept="' in client.get("/").text
    assert "video/*" in client.get("/").text
    assert "up to 10 min and 1000 MB" in client.get("/").text


def test_films_among_photographs(client: FlaskClient) -> None:
    answer = upload(client, (jpeg(), "a.jpg"), (clip(), "film.mp4"), (jpeg(), "b.jpg"))
    assert "/batches/" in answer.location
    page = client.get(answer.location).text
    assert "2 of 2 in colour" in page
    assert "The first page leads to the films." in page
    assert "film.mp4" in client.get("/").text
    answer = upload(client, (clip(), "1.mp4"), (io.BytesIO(b"Dear diary"), "diary.txt"))
    assert "/films/" in answer.location
    assert "diary.txt" in client.get(answer.location).text


def test_where_films_are_off_a_film_is_no_picture(new_app: NewApp) -> None:
    client = new_app(max_film_seconds=0).test_client()
    assert "video/*" not in client.get("/").text
    assert "Films" not in client.get("/").text
    answer = upload(client, (clip(), "film.mp4"))
    assert answer.status_code == 415


def test_settings_are_chosen_on_moments(client: FlaskClient, film: str) -> None:
    page = client.get(film)
    assert page.status_code == 200
    assert page.text.count('src="/photographs/') == 2 + 9  # before, after, and the moments
    assert "1 s · 64 × 48 px · h264, 10 frames a second · silent" in page.text
    for name in PARAMETERS.keys() - {"model"}:
        assert f'name="{name}"' in page.text
    page = client.get(f"{film}?still=7&warmth=12")
    assert 'name="still" id="still" value="7"' in page.text
    assert "preview.jpg?warmth=12" in page.text
    chosen = re.search(r'<a href="([^"]+)"[^>]+aria-current="true"><span', page.text)
    assert chosen
    assert chosen[1] == f"{film}?still=7&amp;warmth=12"
    assert f'action="{film}/colour?still=7&amp;warmth=12"' in page.text
    assert client.get(f"{film}?still=900").status_code == 200
    assert client.get(f"{film}?still=x").status_code == 422


def test_what_is_known_of_the_film_is_in_the_address_and_in_the_job(
    client: FlaskClient, film: str, filming: FakeFilming
) -> None:
    page = client.get(f"{film}?still=4").text
    times = re.findall(r'data-time="([^"]+)"', page)
    assert "Touched up" in page  # hidden
    assert f'{film}?still=4"' in page
    query = f"?hint={times[3]}@0.25,0.5,navy&hint={times[3]}@0,0,red&hint=0.05@1,1,lime&still=4"
    page = client.get(film + query).text
    assert "3 places have</span> a colour of yours" in page
    assert page.count('<input type="hidden" name="hint" value="') == 3
    shown = re.search(r'<img id="after"[^>]+src="([^"]+)"', page)
    assert shown
    assert shown[1].endswith("/preview.jpg?hint=0.25,0.5,navy&amp;hint=0,0,red")
    assert client.get(shown[1].replace("&amp;", "&")).status_code == 200
    assert re.findall(r'<span class="places-count">(\d)', page) == [*"0002", *"00000"]
    answer = colour(client, film, query + "&off=0.05@0,1,red")
    assert answer.location.count("hint=") == 3
    assert answer.location.count("off=") == 1
    page = client.get(answer.location).text
    assert "3 places touched up" in page
    assert re.search(rf'href="{film}\?version=[^"]+hint=0.05@1,1,lime[^"]*">3 places', page)
    work_off_films(client)
    assert [hint.text for hint in filming.calls[0]["guidance"].hints] == [
        f"{float(times[3]):g}@0.25,0.5,navy",
        f"{float(times[3]):g}@0,0,red",
        "0.05@1,1,lime",
    ]


def test_a_moment_leads_back_to_its_film_and_is_deleted_with_it(
    client: FlaskClient, film: str
) -> None:
    page = client.get(film).text
    moment = re.search(r'id="as-photograph" href="(/photographs/[^"?]+)', page)
    assert moment
    page = client.get(moment[1]).text
    assert f'href="{film}"' in page
    assert "/delete" not in page
    photograph = client.get(upload(client, (jpeg(), "a.jpg")).location).text
    assert "Back to the film" not in photograph
    assert "/delete" in photograph


def test_what_is_beside_the_picture_can_be_coloured(
    client: FlaskClient, film: str, filming: FakeFilming
) -> None:
    assert 'name="whole"' not in client.get(film).text
    barred = upload(client, (clip(bars=12), "old film.mp4")).location
    assert re.search(r'name="whole" value="1">', client.get(barred).text)
    colour(client, barred, whole="1")
    page = client.get(barred).text
    assert re.search(r'name="whole" value="1" checked>', page)
    assert ", with its bars: <a" in page
    work_off_films(client)
    assert filming.calls[0]["whole"]


def test_words_are_said_of_the_whole_film(
    client: FlaskClient,
    film: str,
    filming: FakeFilming,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLORIZER_WEIGHTS_DIR", str(write_words_model(tmp_path).parent))
    query = "?words=a+red+coat,+zlorp&words_amount=1.5&still=4"
    page = unescape(client.get(film + query).text)
    assert ">a red coat, zlorp</textarea>" in page
    assert "Not understood: zlorp." in page
    shown = re.search(r'<img id="after"[^>]+src="([^"]+)"', page)
    assert shown
    assert "words=a+red+coat,+zlorp&words_amount=1.5" in shown[1]
    assert f'href="{film}?still=4" data-reset="words"' in page
    page = unescape(client.get(colour(client, film, query).location).text)
    assert "“a red coat, zlorp”" in page
    assert ">a red coat, zlorp</textarea>" in page
    work_off_films(client)
    assert filming.calls[-1]["guidance"].words == Words("a red coat, zlorp", 1.5)
    assert colour(client, film, "?words=red+coat&words_amount=3").status_code == 422


@pytest.mark.parametrize(
    "hint", ["0.5,0.5,red", "x@0.5,0.5,red", "0.1@2,0,red", "0.1@0,0,blurple", "-1@0,0,red"]
)
def test_what_is_no_hint_is_refused(client: FlaskClient, film: str, hint: str) -> None:
    assert client.get(f"{film}?hint={hint}").status_code == 422
    assert colour(client, film, f"?hint={hint}").status_code == 422


def test_a_hint_after_the_end_is_refused(client: FlaskClient, film: str) -> None:
    answer = colour(client, film, "?hint=1.5@0,0,red")
    assert answer.status_code == 422
    assert "The film lasts 1 s; a hint at 1.5 s is after its end." in answer.text


def test_a_lender_without_colours_yet_is_waited_for(
    client: FlaskClient, film: str, filming: FakeFilming
) -> None:
    """Of another working size: they are worked out now, and taken the next time."""
    photo = upload(client, (jpeg(), "aunt.jpg")).location.rpartition("/")[2]
    query = f"?working_size=512&reference={photo}"
    answer = colour(client, film, query)
    assert f"reference={photo}" in answer.location
    page = client.get(answer.location).text
    assert "aunt.jpg, whose colours are to be taken, has none yet. Try again in a moment." in page

    page = client.get(colour(client, film, query).location).text
    assert "The order is taken." in page
    work_off_films(client)
    assert filming.calls[0]["guidance"].reference.name == "aunt.jpg"


def test_a_photograph_lends_the_film_its_colours(
    client: FlaskClient, film: str, filming: FakeFilming
) -> None:
    assert 'id="reference"' not in client.get(film).text
    photo = upload(client, (jpeg(), "aunt.jpg")).location.rpartition("/")[2]
    upload(client, (jpeg(), "1.jpg"), (jpeg(), "2.jpg"))
    page = client.get(f"{film}?reference={photo}&reference_amount=0.5").text
    options = re.findall(r'<option value="([^"]*)"( selected)?>(None|[^<]+\.jpg)<', page)
    assert [(name, bool(chosen)) for _, chosen, name in options] == [
        ("None", False),
        ("1.jpg", False),
        ("2.jpg", False),
        ("aunt.jpg", True),
    ]
    assert page.count(f"/preview.jpg?reference={photo}&amp;reference_amount=0.5") == 1 + 9
    answer = colour(client, film, f"?reference={photo}&reference_amount=0.5")
    assert "Colours of aunt.jpg" in client.get(answer.location).text
    token_of = token(client.get(f"/photographs/{photo}"))
    client.post(f"/photographs/{photo}/delete", data={"csrf_token": token_of})
    work_off_films(client)
    reference = filming.calls[0]["guidance"].reference
    assert (reference.name, reference.amount) == ("aunt.jpg", 0.5)
    after = client.get(answer.location)  # whose address still names the photograph
    assert after.status_code == 200
    assert LENDER_GONE in after.text
    assert "preview.jpg?reference=" not in after.text
    again = colour(client, film, f"?reference={photo}")
    assert again.status_code == 404
    assert LENDER_GONE in again.text


def test_photographs_that_failed_lend_a_film_no_colours(client: FlaskClient, film: str) -> None:
    cut = io.BytesIO(jpeg(600, 400).getvalue()[:-1500])
    failed = upload(client, (cut, "cut.jpg")).location
    upload(client, (jpeg(), "aunt.jpg"))
    assert 'data-state="failed"' in client.get(failed).text
    options = re.findall(r'<option value="[^"]*">([^<]+\.jpg)<', client.get(film).text)
    assert options == ["aunt.jpg"]


def test_places_that_are_off_stay_when_the_film_is_coloured(client: FlaskClient, film: str) -> None:
    page = client.get(f"{film}?off=0.5@0.5,0.5,red&still=2").text
    action = re.search(r'<form id="colour" action="([^"]+)"', page)
    assert action
    data = {"csrf_token": token(client.get(film))}
    answer = client.post(unescape(action[1]), data=data)
    assert answer.location == f"{film}?still=2&off=0.5@0.5,0.5,red"


@pytest.mark.parametrize(
    ("which", "gone"),
    [
        ('id="hints-clear"', {"hint", "off"}),
        ('data-reset="reference"', {"reference"}),
        ('data-reset="words"', {"words"}),
        ('data-reset="saturation"', {"saturation"}),
    ],
)
def test_what_is_cleared_leaves_the_rest(
    client: FlaskClient, film: str, which: str, gone: set[str]
) -> None:
    lender = upload(client, (jpeg(), "aunt.jpg")).location.rpartition("/")[2]
    set_all = {
        "still": ["2"],
        "hint": ["0.5@0.5,0.5,red"],
        "off": ["0.5@0.2,0.2,blue"],
        "reference": [lender],
        "words": ["a red coat"],
        "saturation": ["0.5"],
    }
    page = client.get(f"{film}?{urlencode(set_all, doseq=True)}").text
    rest = {name: values for name, values in set_all.items() if name not in gone}
    assert link(page, which) == rest


def test_a_film_counts_as_one_upload(new_app: NewApp) -> None:
    client = new_app().test_client()
    upload(client, (clip(), "old.film"))
    counted = re.findall(r"colorizer_uploads_total{.*", client.get("/metrics").text)
    assert counted == ['colorizer_uploads_total{outcome="stored"} 1.0']


def test_a_film_is_coloured_watched_and_downloaded(client: FlaskClient, film: str) -> None:
    answer = colour(client, film, "?warmth=12&still=2", codec="h264")
    assert answer.location == f"{film}?still=2&warmth=12"
    page = client.get(answer.location).text
    assert "Warmth 12 warmer" in page
    assert "Waiting" in page
    (action,) = set(re.findall(r'action="([^"]+/remove[^"]*)"', page))
    assert action.endswith("?still=2&amp;warmth=12")
    assert "/play" not in page
    work_off_films(client)
    page = client.get(film).text
    assert "10 frames" in page
    assert "The subtitles could not be kept." in page
    address = re.search(r'<video id="film"[^>]+src="([^"]+)"', page)
    assert address
    part = client.get(address[1], headers={"Range": "bytes=0-99"})
    assert (part.status_code, part.mimetype, len(part.data)) == (206, "video/mp4", 100)
    assert "attachment" not in part.headers.get("Content-Disposition", "")
    download = client.get(address[1].replace("/play", "/download"))
    assert "old%20film-colour.mp4" in download.headers["Content-Disposition"].replace(" ", "%20")
    assert "media-src 'self'" in download.headers["Content-Security-Policy"]
    assert client.get(f"{film}/original").headers["Content-Disposition"].startswith("attachment")
    fragment = client.get(f"{film}/versions").text
    assert 'data-state="ready"' in fragment
    assert "<html" not in fragment


def test_what_browsers_do_not_play_is_not_shown(client: FlaskClient, film: str) -> None:
    colour(client, film, codec="ffv1")
    work_off_films(client)
    page = client.get(film).text
    assert "FFV1: <a" in page
    assert "/download" in page
    assert "/play" not in page
    assert colour(client, film, codec="vp9").status_code == 422


def test_an_order_is_answered_and_its_format_stays(client: FlaskClient, film: str) -> None:
    page = client.get(colour(client, film, codec="h265").location).text
    assert "The order is taken." in page
    assert '<option value="h265" selected>' in page
    work_off_films(client)
    page = client.get(colour(client, film, codec="h265").location).text
    assert "The film has been coloured so already." in page
    assert '<option value="h265" selected>' in client.get(film).text


def test_a_film_with_odd_sides_is_not_shown(client: FlaskClient) -> None:
    film = upload(client, (clip(width=63), "odd.mp4")).location
    colour(client, film)
    work_off_films(client)
    page = client.get(film).text
    assert "Browsers do not play films with odd sides" in page
    assert "/play" not in page


def test_a_version_is_removed(client: FlaskClient, film: str) -> None:
    colour(client, film)
    page = client.get(film)
    address = re.search(r'action="([^"]+/remove)"', page.text)
    assert address
    assert ">Stop<" in page.text
    answer = client.post(address[1], data={"csrf_token": token(page)})
    assert answer.location == film
    assert "has been removed" in client.get(film).text
    assert client.post(address[1], data={"csrf_token": token(page)}).status_code == 404


def test_progress_is_told(new_app: NewApp, filming: FakeFilming) -> None:
    client = new_app().test_client()
    film = upload(client, (clip(), "film.mp4")).location
    colour(client, film)
    service = client.application.extensions[SERVICE]
    filming.gate.clear()
    service._filming.start()
    wait_until(lambda: "50 %" in client.get(f"{film}/versions").text)
    fragment = client.get(f"{film}/versions").text
    assert "50 %, 4.0 frames a second, about 5 s left" in fragment
    assert 'value="0.500"' in fragment
    assert 'http-equiv="refresh"' in client.get(film).text
    filming.gate.set()
    wait_until(lambda: 'data-state="ready"' in client.get(f"{film}/versions").text)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "5 s"), (62, "1 min"), (100, "2 min"), (3700, "1 h 2 min")]
)
def test_what_is_left_is_rounded(seconds: float, text: str) -> None:
    assert about(seconds) == text


def test_a_failure_is_said(client: FlaskClient, film: str, filming: FakeFilming) -> None:
    filming.broken = True
    colour(client, film)
    work_off_films(client)
    assert "The film is damaged." in client.get(film).text


def test_delete_and_recent(client: FlaskClient, film: str) -> None:
    assert f'href="{film}"' in client.get("/").text
    response = client.post(f"{film}/delete", data={"csrf_token": token(client.get(film))})
    assert "have been deleted" in client.get(response.location).text
    assert client.get(film).status_code == 404
    assert f'href="{film}"' not in client.get("/").text
