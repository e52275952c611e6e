"""Words, over HTTP: what they change, what is understood, where it is found, what is refused."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from PIL import Image

from app.context import SERVICE
from colorizer import provenance_of

from ...words_model import write_words_model
from ..doors import NewApp
from ..fakes import FakeNetwork, SeeingNetwork
from .test_api import jpeg, problem, upload
from .test_hints import pixels


@pytest.fixture(scope="module")
def _model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_words_model(tmp_path_factory.mktemp("weights"))


@pytest.fixture(autouse=True)
def model(_model: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the model of words that the application finds."""
    monkeypatch.setenv("COLORIZER_WEIGHTS_DIR", str(_model.parent))
    return _model


@pytest.fixture(scope="module")
def shared_app(new_app: NewApp) -> OpenAPI:
    """Its network keeps what words look at."""
    return new_app(network=SeeingNetwork())


@pytest.fixture
def photo(client: FlaskClient) -> dict[str, Any]:
    return upload(client, jpeg())


def test_words_change_the_picture_and_its_tag(client: FlaskClient, photo: dict[str, Any]) -> None:
    for link in ("preview", "image"):
        address = photo["links"][link]
        plain = client.get(address)
        said = {"words": "a green coat"}
        spoken = client.get(address, query_string=said)
        assert spoken.status_code == 200, spoken.text
        assert spoken.headers["ETag"] != plain.headers["ETag"]
        assert spoken.data != plain.data
        less = client.get(address, query_string={**said, "words_amount": 0.25})
        assert len({plain.data, spoken.data, less.data}) == 3
        tag = {"If-None-Match": spoken.headers["ETag"]}
        assert client.get(address, query_string=said, headers=tag).status_code == 304
        silent = client.get(address, query_string={"words": " \t "})
        assert silent.data == plain.data


def test_the_coat_changes_and_the_rest_stays(client: FlaskClient, photo: dict[str, Any]) -> None:
    address = photo["links"]["image"]
    change = pixels(client, address, words="green coat") - pixels(client, address)
    dark, light = change[:12], change[-12:]
    assert (light[..., 1] - light[..., 0]).mean() > 10, "greener than it was"
    assert np.abs(dark).mean() < 1


def test_what_is_understood(client: FlaskClient, photo: dict[str, Any]) -> None:
    answer = client.get(photo["links"]["words"], query_string={"words": "Red coat, hat, zlorp"})
    assert answer.json is not None, answer.text
    coat, hat = answer.json["understood"]
    assert (coat["text"], coat["thing"], coat["colours"]) == ("red coat", "coat", ["red"])
    assert coat["found"]
    assert not coat["everywhere"]
    assert 0.2 < coat["share"] < 0.8
    assert (hat["text"], hat["found"]) == ("hat", False)
    assert answer.json["unknown"] == ["zlorp"]

    layer = client.get(coat["place"])
    assert layer.mimetype == "image/png"
    with Image.open(io.BytesIO(layer.data)) as image:
        alpha = np.asarray(image.getchannel("A"), np.float32)
    assert alpha.shape == pixels(client, photo["links"]["preview"]).shape[:2]
    assert alpha[-8:].mean() > 100 > 10 > alpha[:8].mean(), "it is where it is light"
    tag = {"If-None-Match": layer.headers["ETag"]}
    assert client.get(coat["place"], headers=tag).status_code == 304
    assert client.get(hat["place"]).headers["ETag"] != layer.headers["ETag"]
    beyond = coat["place"].replace("number=0", "number=2")
    assert "no phrase 2" in problem(client.get(beyond), 422, "invalid-guidance")


def test_what_is_understood_without_a_photograph(client: FlaskClient) -> None:
    answer = client.get("/api/v1/words", query_string={"words": "autumn, <b>blorp</b>"})
    assert answer.json == {
        "understood": [{"text": "autumn", "thing": "autumn", "colours": [], "everywhere": True}],
        "unknown": ["b", "blorp"],
    }
    assert problem(client.get("/api/v1/words"), 422, "invalid-setting")


@pytest.mark.parametrize("link", ["preview", "image", "words"])
@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ({"words": "x" * 1001}, "invalid-setting"),
        ({"words": "x" * 100_000}, "invalid-setting"),
        ({"words": "coat", "words_amount": 2.5}, "invalid-setting"),
        ({"words": "coat", "words_amount": "nan"}, "invalid-setting"),
        ({"words": "coat", "words_amount": "much"}, "invalid-setting"),
    ],
    ids=range(5),
)
def test_what_is_no_words_is_refused(
    client: FlaskClient, photo: dict[str, Any], link: str, query: dict[str, Any], kind: str
) -> None:
    answer = client.get(photo["links"][link], query_string=query)
    assert len(problem(answer, 422, kind)) < 300


def test_the_note_of_a_result_has_the_words(client: FlaskClient, photo: dict[str, Any]) -> None:
    said = "red coat \0 & <x> “Ärmel”"
    response = client.get(photo["links"]["image"], query_string={"words": said})
    note = provenance_of(io.BytesIO(response.data))
    assert note is not None
    assert note.settings["guidance"]["words"] == {"text": said, "amount": 1}


def test_words_go_with_hints_and_a_reference(client: FlaskClient, photo: dict[str, Any]) -> None:
    address = photo["links"]["image"]
    other = upload(client, jpeg())
    hints = {"hint": ["0.7,0.7,#5060ff"]}
    said = {"words": "green coat"}
    alone, both = pixels(client, address, **said), pixels(client, address, **hints, **said)
    hinted = pixels(client, address, **hints)
    place = np.s_[int(0.7 * 48), int(0.7 * 64)]
    assert np.abs(both - hinted)[place].max() < 8 < 30 < np.abs(both - alone)[place].max()

    taken = {"reference": other["id"], "reference_amount": 1}
    response = client.get(address, query_string={**hints, **said, **taken})
    note = provenance_of(io.BytesIO(response.data))
    assert note is not None
    assert {"hints", "words", "reference"} <= note.settings["guidance"].keys()
    assert np.abs(pixels(client, address, **said, **taken) - alone).max() > 0


def test_words_of_a_batch(client: FlaskClient) -> None:
    batch = client.post("/api/v1/batches").json
    assert batch is not None
    for name in ("a.jpg", "b.jpg"):
        upload(client, jpeg(), name, batch=batch["id"])
    answer = client.get(batch["links"]["zip"], query_string={"words": "green coat"})
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        notes = [provenance_of(io.BytesIO(archive.read(name))) for name in archive.namelist()]
    assert [note and note.settings["guidance"]["words"]["text"] for note in notes] == [
        "green coat",
        "green coat",
    ]
    refused = client.get(batch["links"]["zip"], query_string={"words": "x" * 1001})
    assert "words" in problem(refused, 422, "invalid-setting")


def test_without_a_model_of_words(
    client: FlaskClient, photo: dict[str, Any], model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = model.parent / "broken"
    broken.mkdir()
    (broken / model.name).write_bytes(b"none")
    monkeypatch.setenv("COLORIZER_WEIGHTS_DIR", str(broken))
    for link in ("preview", "image", "words"):
        answer = client.get(photo["links"][link], query_string={"words": "red coat"})
        detail = problem(answer, 503, "weights-missing")
        assert str(broken) not in detail
    assert client.get(photo["links"]["preview"]).status_code == 200


def test_a_model_that_keeps_nothing_for_words(new_app: NewApp) -> None:
    client = new_app(network=FakeNetwork()).test_client()
    photo = upload(client, jpeg())
    for link in ("preview", "image", "words"):
        answer = client.get(photo["links"][link], query_string={"words": "red coat"})
        assert "default model" in problem(answer, 422, "words-unavailable")


def test_a_prediction_of_before_words_is_made_anew(new_app: NewApp) -> None:
    of_before = SeeingNetwork()
    of_before.keeps = False
    app = new_app(network=of_before)
    client = app.test_client()
    photo = upload(client, jpeg())
    address = photo["links"]["preview"]
    assert client.get(address).status_code == 200
    of_before.keeps = True  # the server was brought up to date
    answer = client.get(address, query_string={"words": "green coat"})
    problem(answer, 409, "not-ready")
    assert int(answer.headers["Retry-After"]) > 0
    _sweep(app)
    assert client.get(address, query_string={"words": "green coat"}).status_code == 200
    assert len(of_before.calls) == 2


def _sweep(app: OpenAPI) -> None:
    """What the queue does every minute, with a queue that works everything off at once."""
    service = app.extensions[SERVICE]
    for wanted in service._storage.unfinished():
        service._worker.predict(wanted)


def test_they_are_documented(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").get_json()
    paths = document["paths"]
    for path in ("photos/{id}/image", "photos/{id}/preview", "batches/{id}/zip"):
        parameters = paths[f"/api/v1/{path}"]["get"]["parameters"]
        named = {parameter["name"]: parameter["schema"] for parameter in parameters}
        assert named["words"]["maxLength"] == 1000
        assert (named["words_amount"]["minimum"], named["words_amount"]["maximum"]) == (0, 2)
    assert {"/api/v1/words", "/api/v1/photos/{id}/words", "/api/v1/photos/{id}/found"} <= set(paths)
