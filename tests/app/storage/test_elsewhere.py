"""A web process and a worker that share nothing but Redis and an object store."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image
from redis import Redis

from app import create_app
from app.config import Config
from app.errors import NotFound, NotReady, StorageUnavailable
from app.service import Service
from app.storage.bucket import Bucket
from app.storage.object_storage import ObjectStorage
from app.storage.records import Treatment, Wanted
from app.storage.wishes import Output
from app.watch import doctor
from colorizer.errors import InvalidSetting
from colorizer.settings import DEFAULT_MODEL, Settings

from ..api.test_parts import in_colour, pages
from ..conftest import OWNER, finished, jpeg, wait_until
from ..fakes import FakeNetwork, damaged
from ..servers import ObjectStore

DEFAULTS = Settings()
New = Callable[..., Service]


@pytest.fixture
def new(
    config: Config, network: FakeNetwork, bucket_url: str, redis_url: str, tmp_path: Path
) -> Iterator[New]:
    """Services of different machines."""
    with Redis.from_url(redis_url) as redis:
        redis.flushall()
    services: list[Service] = []

    def new(*, works: bool, **settings: object) -> Service:
        changes = {
            "data_dir": tmp_path / f"machine-{len(services)}",
            "storage_url": bucket_url,
            "queue_url": redis_url,
            "embedded_worker": works,
            **settings,
        }
        services.append(Service(config.model_copy(update=changes), load=lambda model: network))
        if works:
            services[-1].start_worker()
            wait_until(lambda: services[-1].health()["model"][0])
            network.calls.clear()
        return services[-1]

    yield new
    network.gate.set()
    for service in services:
        service.close()


@pytest.fixture
def web(new: New) -> Service:
    return new(works=False)


@pytest.fixture
def worker(new: New) -> Service:
    return new(works=True)


def test_from_upload_to_pictures_on_two_machines(
    web: Service, worker: Service, network: FakeNetwork, bucket_url: str
) -> None:
    assert isinstance(web._storage, ObjectStorage)
    network.gate.clear()
    data = jpeg().getvalue()
    id = web.photos.upload(OWNER, io.BytesIO(data), "x.jpg").record.id
    wait_until(lambda: web.photos.view(OWNER, id).state == "working")
    network.gate.set()
    view = finished(web, OWNER, id)
    assert (view.state, view.bit_depth, view.has_preview) == ("ready", 8, True)
    assert network.calls == [256]
    with Image.open(io.BytesIO(web.photos.preview(OWNER, id, DEFAULTS).make().data)) as image:
        assert image.size == (48, 32)
    result = web.photos.result(OWNER, id, DEFAULTS, Output()).make()
    with Image.open(result.path) as image:
        assert (image.size, image.mode) == ((48, 32), "RGB")
    assert result.path.is_relative_to(web.config.data_dir)
    assert web.photos.result(OWNER, id, DEFAULTS, Output()).make() == result
    assert web.photos.original(OWNER, id).make().path.read_bytes() == data
    with pytest.raises(NotFound):
        web.photos.view("session:two", id)

    web.photos.delete(OWNER, id)
    for service in (web, worker):
        with pytest.raises(NotFound):
            service.photos.view(OWNER, id)
    assert list(Bucket(bucket_url).entries("")) == []
    assert os.listdir(web.config.data_dir / "photos") == []


def test_a_web_process_without_its_copies_makes_them_anew(
    web: Service, worker: Service, new: New
) -> None:
    id = web.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    finished(web, OWNER, id)
    other = new(works=False)  # a new machine, an empty folder
    path = other.photos.result(OWNER, id, DEFAULTS, Output("jpeg")).make().path
    assert path.read_bytes()[:2] == b"\xff\xd8"
    large = Settings(working_size=384)
    with pytest.raises(NotReady):
        other.photos.preview(OWNER, id, large).make()
    other.photos.request(OWNER, id, large)
    wait_until(lambda: web.photos.view(OWNER, id, large).state == "ready")


def test_a_batch_and_its_zip(web: Service, worker: Service, bucket_url: str) -> None:
    batch = web.batches.new(OWNER).id
    ids = [web.photos.upload(OWNER, jpeg(), "x.jpg", batch=batch).record.id for _ in range(3)]
    wait_until(lambda: web.batches.view(OWNER, batch).counts == {"ready": 3})
    assert [view.record.id for view in web.batches.view(OWNER, batch).photos] == ids
    pieces = b"".join(web.batches.zip(OWNER, batch, DEFAULTS, Output("jpeg")))
    with zipfile.ZipFile(io.BytesIO(pieces)) as archive:
        assert archive.namelist() == ["x-colour.jpg", "x-colour-2.jpg", "x-colour-3.jpg"]
    web.batches.delete(OWNER, batch)
    with pytest.raises(NotFound):
        worker.batches.view(OWNER, batch)
    assert list(Bucket(bucket_url).entries("")) == []


def test_colours_that_are_kept_and_all_pages(web: Service, worker: Service) -> None:
    data = in_colour()
    keep = Treatment(colour="keep")
    id = web.photos.upload(OWNER, io.BytesIO(data), "x.png", treatment=keep).record.id
    view = finished(web, OWNER, id)
    assert (view.state, view.kept) == ("ready", True)
    assert web.photos.result(OWNER, id, DEFAULTS, Output()).make().path.read_bytes() == data

    first = web.photos.upload(OWNER, io.BytesIO(pages(3)), "scan.tif").record.id
    batch = web.batches.upload_pages(OWNER, first).id
    web.photos.delete(OWNER, first)
    wait_until(lambda: web.batches.view(OWNER, batch).counts == {"ready": 3})
    for number, photo in enumerate(web.batches.view(OWNER, batch).photos, start=1):
        assert photo.record.page == number
        path = web.photos.result(OWNER, photo.record.id, DEFAULTS, Output("jpeg")).make().path
        with Image.open(path) as image:
            assert image.size == (photo.record.width, photo.record.height)


def test_what_has_expired_is_wiped_by_the_worker(
    new: New, worker: Service, bucket_url: str
) -> None:
    web = new(works=False, time_to_live_hours=0.5 / 3600)
    id = web.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    batch = web.batches.new(OWNER).id
    for look in (lambda: web.photos.view(OWNER, id), lambda: web.batches.view(OWNER, batch)):
        wait_until(lambda look=look: _is_gone(look))  # type: ignore[misc]
    worker._storage.tidy()
    assert list(Bucket(bucket_url).entries("")) == []
    assert worker._storage.usage.bytes() == 0


def _is_gone(look: Callable[[], object]) -> bool:
    with suppress(NotFound):
        look()
        return False
    return True


def test_a_worker_deleted_photograph_leaves_no_late_prediction(
    web: Service, worker: Service, network: FakeNetwork, bucket_url: str
) -> None:
    network.gate.clear()
    id = web.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    wait_until(lambda: web.photos.view(OWNER, id).state == "working")
    web.photos.delete(OWNER, id)
    network.gate.set()
    other = web.photos.upload(OWNER, jpeg(), "y.jpg").record.id
    assert finished(web, OWNER, other).state == "ready"
    assert {entry.key.split("/")[1] for entry in Bucket(bucket_url).entries("photos")} == {other}


def test_a_photograph_that_fails_says_why_on_the_other_machine(
    web: Service, worker: Service, network: FakeNetwork
) -> None:
    network.error = damaged()
    id = web.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    view = finished(web, OWNER, id)
    assert view.problem is not None
    assert view.problem.detail == "The photograph is damaged."
    network.error = None
    web.photos.request(OWNER, id, DEFAULTS)
    assert finished(web, OWNER, id).state == "ready"


def test_a_store_that_goes_away_costs_nothing_but_time(
    web: Service, worker: Service, network: FakeNetwork, object_store: ObjectStore
) -> None:
    app = create_app(service=web)
    client = app.test_client()
    answer = client.post("/api/v1/photos", data={"file": (jpeg(), "x.jpg")})
    assert answer.status_code == 201
    id = answer.get_json()["id"]
    owner = web._storage.record(id).owner
    assert finished(web, owner, id).state == "ready"
    network.gate.clear()
    late = client.post("/api/v1/photos", data={"file": (jpeg(), "y.jpg")}).get_json()["id"]
    wait_until(lambda: len(network.calls) == 2)
    assert web.photos.view(owner, late).state == "working"

    object_store.stop()
    network.gate.set()  # the prediction cannot be stored, nor can a reason
    for method, path in (
        ("get", f"/api/v1/photos/{id}"),
        ("delete", f"/api/v1/photos/{id}"),
        ("get", f"/photographs/{id}"),
    ):
        answer = getattr(client, method)(path)
        assert answer.status_code == 503, path
        assert answer.headers["Retry-After"] == "10"
        assert (answer.mimetype == "application/problem+json") == path.startswith("/api/")
    answer = client.post("/api/v1/photos", data={"file": (jpeg(), "z.jpg")})
    assert answer.status_code == 503
    assert answer.get_json()["type"] == "urn:colorizer:problem:storage-unavailable"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert not answer.get_json()["checks"]["storage"]["ok"]
    assert answer.get_json()["checks"]["queue"]["ok"]
    web._storage.usage._counted = float("-inf")
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "colorizer_data_bytes NaN" in answer.text

    wanted = Wanted(late, DEFAULT_MODEL, 256)
    wait_until(lambda: not worker._storage.is_claimed(wanted))
    with pytest.raises(StorageUnavailable):
        worker._queue.sweep()
    assert isinstance(worker._storage, ObjectStorage)
    assert worker._storage._claims.begun([f"{late}.{wanted.key}"]) == set()  # it does not count
    object_store.start()
    assert web.photos.view(owner, late).state != "failed"
    worker._queue.sweep()
    assert finished(web, owner, late).state == "ready"
    assert client.get("/readyz").get_json()["checks"]["storage"] == {
        "ok": True,
        "detail": "The object store answers.",
    }
    assert client.get(f"/api/v1/photos/{id}").status_code == 200


def test_a_store_that_is_away_for_a_moment_fails_no_photograph(
    web: Service, worker: Service
) -> None:
    assert isinstance(worker._storage, ObjectStorage)
    bucket, tries = worker._storage._bucket, []
    write = bucket.write

    def stutter(key: str, data: bytes) -> None:
        if key.endswith(".prediction"):
            tries.append(key)
            if len(tries) == 1:
                raise StorageUnavailable
        write(key, data)

    bucket.write = stutter  # type: ignore[method-assign]
    id = web.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    wait_until(lambda: len(tries) == 1)
    wait_until(lambda: not worker._storage.is_claimed(Wanted(id, DEFAULT_MODEL, 256)))
    assert not any(name.endswith(".failed") for name in web._storage.names(id))
    worker._queue.sweep()
    assert finished(web, OWNER, id).state == "ready"


def test_what_another_worker_has_claimed_is_left_to_it(
    web: Service, worker: Service, network: FakeNetwork
) -> None:
    storage = web._storage
    web._queue.add = lambda wanted, priority: None  # type: ignore[method-assign]
    id = web.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    wanted = Wanted(id, DEFAULT_MODEL, 256)
    with storage.claim(wanted):
        worker._queue.sweep()
        assert worker._queue.length() == 0
        worker._worker.predict(wanted)
        assert network.calls == []
    worker._queue.sweep()
    assert finished(web, OWNER, id).state == "ready"
    assert network.calls == [256]


def test_the_doctor_tries_the_store_out(
    config: Config,
    bucket_url: str,
    redis_url: str,
    object_store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fine = doctor.Finding("engine", "ok", "It runs.")
    monkeypatch.setattr(doctor, "_engine", lambda config: fine)
    config = config.model_copy(update={"queue_url": redis_url, "storage_url": bucket_url})
    findings = {f.name: f for f in doctor.examine(config)}
    assert findings["storage"].state == "ok"
    assert bucket_url in findings["storage"].detail
    assert list(Bucket(bucket_url).entries("")) == []
    object_store.stop()
    findings = {f.name: f for f in doctor.examine(config)}
    assert findings["storage"].state == "broken"
    assert "COLORIZER_STORAGE_URL" in findings["storage"].advice
    assert findings["data folder"].state == "ok"


def test_the_server_refuses_to_start_without_redis(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="set COLORIZER_QUEUE_URL too"):
        Config.load(data_dir=tmp_path, storage_url="s3://bucket")
