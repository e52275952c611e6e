"""Words on the pages: the form without scripts, what was understood, and what the file says."""

from __future__ import annotations

import io
import re
import zipfile
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from werkzeug.datastructures import MultiDict

from app.web import forms
from colorizer import Words, provenance_of

from ...words_model import write_words_model
from ..conftest import jpeg
from ..doors import NewApp
from ..fakes import SeeingNetwork
from .test_pages import upload


@pytest.fixture(scope="module")
def _weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_words_model(tmp_path_factory.mktemp("weights")).parent


@pytest.fixture(autouse=True)
def weights(_weights: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the application finds its model of words."""
    monkeypatch.setenv("COLORIZER_WEIGHTS_DIR", str(_weights))
    return _weights


@pytest.fixture(scope="module")
def shared_app(new_app: NewApp) -> OpenAPI:
    """Its network keeps what words look at."""
    return new_app(network=SeeingNetwork())


@pytest.fixture
def photograph(client: FlaskClient) -> str:
    location = upload(client, (jpeg(), "a.jpg")).location
    assert location is not None
    return location


def phrases(page: str) -> list[str]:
    return [unescape(text) for text in re.findall(r'class="phrase"[^>]*>([^<]*)<', page)]


def test_words_of_a_query() -> None:
    query = MultiDict([("words", " red\n coat "), ("words_amount", "0.5")])
    guide = forms.guide_from(query)
    assert guide.words == Words("red coat", 0.5)
    assert forms.query_of_guide(guide) == {"words": "red coat", "words_amount": "0.5"}
    assert forms.guide_from(MultiDict([("words", " "), ("words_amount", "1")])).words is None


def test_what_was_said_stands_on_the_page(client: FlaskClient, photograph: str) -> None:
    plain = client.get(photograph).text
    assert "Say what it was" in plain
    assert phrases(plain) == []
    said = {"words": 'red coat, autumn & a "zlorp"', "words_amount": "0.5", "warmth": "3"}
    page = client.get(photograph, query_string=said).text
    assert f">{said['words']}</textarea>" in unescape(page)
    assert phrases(page) == ["red coat", "autumn"]
    assert "Not understood: zlorp." in page
    assert "50 %" in page
    (after,) = re.findall(r'id="after"[^>]* src="([^"]+)"', page)
    spoken = client.get(unescape(after)).data
    assert spoken != client.get(f"{photograph}/preview.jpg?warmth=3").data


def test_people_are_not_pointed_at(client: FlaskClient, photograph: str) -> None:
    page = client.get(photograph, query_string={"words": "a woman in a red coat"}).text
    tags = re.findall(r'<(a|span) class="phrase"[^>]*>([^<]*)<', page)
    assert sorted(tags, key=lambda found: found[1]) == [("a", "red coat"), ("span", "woman")]


def test_without_scripts_a_link_shows_where_a_thing_is(
    client: FlaskClient, photograph: str
) -> None:
    page = client.get(f"{photograph}?words=hat,+red+coat").text
    links = re.findall(r'class="phrase" href="([^"]+)"', page)
    assert len(links) == 2
    assert not re.search(r'class="overlay found"[^>]*src', page)
    shown = client.get(unescape(links[1])).text
    assert re.findall(r'class="phrase" href="([^"]+)" aria-current="true"', shown) == [
        links[1].replace("shown=2&amp;", "")
    ]
    layers = re.findall(r'class="overlay found"[^>]* src="([^"]+)"', shown)
    assert len(layers) == 2
    layer = client.get(unescape(layers[0]))
    assert layer.mimetype == "image/png"
    assert layer.data != client.get(f"{photograph}/found.png?words=hat,+red+coat").data


def test_clearing_the_words_keeps_the_rest(client: FlaskClient, photograph: str) -> None:
    page = client.get(f"{photograph}?words=coat&hint=0.5,0.5,navy&warmth=3").text
    (link,) = re.findall(r'href="([^"]+)" data-reset="words"', page)
    assert "words" not in link
    assert "hint=0.5,0.5,navy" in link
    assert "warmth=3" in link
    (link,) = re.findall(r'href="([^"]+)" data-reset="warmth"', page)
    assert "words=coat" in link


@pytest.mark.parametrize("query", ["words=coat&words_amount=3", "words=" + "x" * 1001])
def test_what_is_not_right_is_refused(client: FlaskClient, photograph: str, query: str) -> None:
    for path in ("", "/preview.jpg", "/download", "/found.png"):
        assert client.get(f"{photograph}{path}?{query}").status_code == 422
    assert client.get(f"{photograph}/found.png").status_code == 422


def test_a_download_says_what_was_said(client: FlaskClient, photograph: str) -> None:
    response = client.get(f"{photograph}/download?format=jpeg&words=red+coat&words_amount=1.5")
    note = provenance_of(io.BytesIO(response.data))
    assert note is not None
    assert note.settings["guidance"]["words"] == {"text": "red coat", "amount": 1.5}
    silent = client.get(f"{photograph}/download?format=jpeg&words=red+coat&provenance=0")
    assert b"red coat" not in silent.data


def test_words_of_a_batch(client: FlaskClient) -> None:
    batch = upload(client, (jpeg(), "a.jpg"), (jpeg(), "b.jpg")).location
    page = client.get(f"{batch}?words=red+coat,+zlorp").text
    assert phrases(page) == ["red coat"]
    assert "Not understood: zlorp." in page
    assert len(re.findall(r'src="[^"]+preview.jpg\?words=red', page)) == 2
    assert len(re.findall(r'href="/photographs/[^"]+\?words=red', page)) == 2
    response = client.get(f"{batch}/download.zip?words=red+coat&format=png")
    with zipfile.ZipFile(io.BytesIO(response.data)) as archive:
        notes = [provenance_of(io.BytesIO(archive.read(name))) for name in archive.namelist()]
    assert [note and note.settings["guidance"]["words"]["text"] for note in notes] == [
        "red coat",
        "red coat",
    ]


def test_a_page_is_there_without_a_model_of_words(
    client: FlaskClient, photograph: str, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = weights / "broken"
    broken.mkdir()
    (broken / "words.safetensors").write_bytes(b"none")
    monkeypatch.setenv("COLORIZER_WEIGHTS_DIR", str(broken))
    page = client.get(f"{photograph}?words=red+coat")
    assert page.status_code == 200
    assert phrases(page.text) == []
    refused = client.get(f"{photograph}/preview.jpg?words=red+coat")
    assert refused.status_code == 503
    assert "cannot read words" in refused.text
    assert str(broken) not in refused.text
