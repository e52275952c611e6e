"""The façade: from an upload to pictures, and everything that may go wrong on the way."""

from __future__ import annotations

import errno
import io
import logging
import os
import threading
import zipfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.config import Config
from app.errors import (
    LenderNotReady,
    NotFound,
    NotReady,
    PredictionFailed,
    QueueFull,
    StorageFull,
    TooBusy,
    UploadTooLarge,
)
from app.service import Service
from app.storage.folder import Storage
from app.storage.records import Treatment, Wanted
from app.storage.wishes import Guide, Output
from colorizer.errors import (
    CorruptImage,
    DeviceUnavailable,
    ImageTooLarge,
    InvalidGuidance,
    InvalidSetting,
    UnsupportedImage,
)
from colorizer.photo import provenance_of
from colorizer.settings import DEFAULT_MODEL, Settings

from .api.test_parts import in_colour, pages
from .conftest import OWNER, finished, jpeg, wait_until
from .fakes import FakeNetwork, damaged

DEFAULTS = Settings()
VIVID = Settings(temperature=0.1, saturation=1.5)


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def test_from_upload_to_pictures(service: Service, network: FakeNetwork) -> None:
    view = service.photos.upload(OWNER, jpeg(), "../../Grandma\u202e.jpg")
    assert view.state in ("queued", "working", "ready")
    record = view.record
    assert (record.name, record.format, record.width, record.height) == (
        "Grandma .jpg",
        "JPEG",
        48,
        32,
    )
    assert record.expires - record.created == timedelta(hours=24)
    view = finished(service, OWNER, record.id)
    assert (view.state, view.problem, view.position, view.bit_depth) == ("ready", None, None, 8)
    assert view.has_preview

    preview = service.photos.preview(OWNER, record.id, DEFAULTS)
    colour = pixels(preview.make().data).astype(int)
    assert colour.shape == (32, 48, 3)
    left, right = colour[8, 6], colour[8, 42]
    assert left[0] > left[2]
    assert right[2] > right[0]
    other = service.photos.preview(OWNER, record.id, VIVID)
    assert other.etag != preview.etag
    assert other.make().data != preview.make().data
    assert pixels(service.photos.grey_preview(OWNER, record.id).make().data).ndim == 2

    layer = pixels(service.photos.uncertainty(OWNER, record.id, DEFAULTS).make().data)
    assert layer.shape == (32, 48, 4)
    assert layer[28, 6, 3] > layer[4, 6, 3]
    likely = service.photos.likely_colours(OWNER, record.id, DEFAULTS, 0.1, 0.1, 2)
    assert likely[0].a > 0
    assert len(likely) == 2
    assert network.calls == [256]


def test_results_in_every_format(service: Service) -> None:
    id = service.photos.upload(OWNER, jpeg(bits=16, format="PNG"), "scan.png").record.id
    assert finished(service, OWNER, id).bit_depth == 16
    for output, mode, suffix in (
        (Output("png"), "RGB", "png"),
        (Output("jpeg", quality=50), "RGB", "jpg"),
        (Output("webp"), "RGB", "webp"),
        (Output("tiff", bit_depth=8), "RGB", "tif"),
    ):
        result = service.photos.result(OWNER, id, DEFAULTS, output).make()
        assert result.name == f"scan-colour.{suffix}"
        with Image.open(result.path) as image:
            assert (image.size, image.mode) == ((48, 32), mode)
        note = provenance_of(result.path)
        assert note is not None
        assert note.model == DEFAULT_MODEL
    bare = service.photos.result(OWNER, id, DEFAULTS, Output(provenance=False)).make()
    assert provenance_of(bare.path) is None
    wide = service.photos.result(OWNER, id, DEFAULTS, Output(side_by_side=True)).make()
    with Image.open(wide.path) as image:
        assert image.size[0] > 96


def test_a_result_is_made_once_and_only_the_latest_are_kept(service: Service) -> None:
    id = service.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    finished(service, OWNER, id)
    first = service.photos.result(OWNER, id, DEFAULTS, Output()).make()
    os.utime(first.path, (1, 1))
    again = service.photos.result(OWNER, id, DEFAULTS, Output()).make()
    assert again == first
    assert again.path.stat().st_mtime > 1  # it was used
    for quality in range(1, 9):
        path = service.photos.result(OWNER, id, DEFAULTS, Output("jpeg", quality)).make().path
        os.utime(path, (quality, quality))
    service.photos.result(OWNER, id, DEFAULTS, Output("webp")).make()
    assert len(list(first.path.parent.iterdir())) == 4


@pytest.mark.parametrize(
    "changes",
    [{"format": "gif"}, {"quality": 0}, {"bit_depth": 12}, {"format": "jpeg", "bit_depth": 16}],
)
def test_an_output_that_cannot_be_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidSetting):
        Output(**changes)  # type: ignore[arg-type]


def test_the_original_stays_as_it_was(service: Service) -> None:
    data = jpeg().getvalue()
    id = service.photos.upload(OWNER, io.BytesIO(data), "x.jpg").record.id
    finished(service, OWNER, id)
    assert service.photos.original(OWNER, id).make().path.read_bytes() == data


def test_another_owner_finds_nothing(service: Service) -> None:
    id = service.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    batch = service.batches.new(OWNER).id
    finished(service, OWNER, id)
    other = "session:two"
    for use in (
        lambda: service.photos.view(other, id),
        lambda: service.photos.request(other, id, DEFAULTS),
        lambda: service.photos.preview(other, id, DEFAULTS),
        lambda: service.photos.grey_preview(other, id),
        lambda: service.photos.uncertainty(other, id, DEFAULTS),
        lambda: service.photos.likely_colours(other, id, DEFAULTS, 0.5, 0.5),
        lambda: service.photos.result(other, id, DEFAULTS, Output()),
        lambda: service.photos.original(other, id),
        lambda: service.photos.delete(other, id),
        lambda: service.batches.view(other, batch),
        lambda: service.batches.delete(other, batch),
        lambda: service.batches.zip(other, batch, DEFAULTS, Output()),
        lambda: service.photos.upload(other, jpeg(), "x.jpg", batch=batch),
        lambda: service.photos.view(OWNER, "A" * 22),
    ):
        with pytest.raises(NotFound):
            use()
    assert service.photos.view(OWNER, id).state == "ready"


def test_deleted_is_deleted_also_while_it_is_being_worked_on(
    service: Service, network: FakeNetwork, config: Config
) -> None:
    network.gate.clear()
    id = service.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    wait_until(lambda: service.photos.view(OWNER, id).state == "working")
    service.photos.delete(OWNER, id)
    network.gate.set()
    other = service.photos.upload(OWNER, jpeg(), "y.jpg").record.id
    finished(service, OWNER, other)
    assert os.listdir(config.data_dir / "photos") == [other]
    with pytest.raises(NotFound):
        service.photos.view(OWNER, id)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", CorruptImage),
        (b"hello, this is no picture at all", UnsupportedImage),
        (b"%PDF-1.7 ....", UnsupportedImage),
        (jpeg(1200, 1000).getvalue(), ImageTooLarge),
        (jpeg().getvalue() + bytes(2_000_000), UploadTooLarge),
    ],
)
def test_what_is_no_picture_is_refused_and_leaves_nothing(
    idle: Service, config: Config, data: bytes, error: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        idle.photos.upload(OWNER, io.BytesIO(data), "secret-name.jpg")
    assert str(config.data_dir) not in str(caught.value)
    assert os.listdir(config.data_dir / "photos") == []
    assert os.listdir(config.data_dir / "incoming") == []
    assert b'outcome="' + error.__name__.encode() + b'"} 1.0' in idle.metrics()[0]


def test_a_full_queue_says_when_to_come_back(idle: Service, config: Config) -> None:
    for _ in range(config.queue_limit):
        last = idle.photos.upload(OWNER, jpeg(), "x.jpg")
    assert last.position == config.queue_limit
    with pytest.raises(QueueFull) as caught:
        idle.photos.upload(OWNER, jpeg(), "x.jpg")
    assert caught.value.retry_after == 2 * 0.1 * config.queue_limit  # until there is some room
    with pytest.raises(QueueFull):
        idle.photos.request(OWNER, last.record.id, Settings(working_size=512))
    idle.photos.delete(OWNER, last.record.id)
    assert len(os.listdir(config.data_dir / "photos")) == config.queue_limit - 1


def test_a_disk_that_is_almost_full_takes_no_photographs(config: Config) -> None:
    service = Service(config.model_copy(update={"min_free_disk_mb": 10**9}))
    with pytest.raises(StorageFull):
        service.photos.upload(OWNER, jpeg(), "x.jpg")
    with pytest.raises(StorageFull):
        service.batches.new(OWNER)
    assert not service.health()["disk"][0]
    service.close()


def test_a_full_disk_stops_neither_the_server_nor_the_queue(
    config: Config, network: FakeNetwork, tiny_disk: Path
) -> None:
    config = config.model_copy(update={"data_dir": tiny_disk / "data"})
    service = Service(config, load=lambda model: network)
    service.start_worker()
    network.gate.clear()
    id = service.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    wait_until(lambda: service.photos.view(OWNER, id).state == "working")
    ballast = tiny_disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    with pytest.raises(StorageFull):
        service.photos.upload(OWNER, jpeg(), "y.jpg")
    network.gate.set()  # the prediction cannot be stored, nor can the reason
    wanted = Wanted(id, DEFAULT_MODEL, 256)
    wait_until(lambda: not Storage(config.data_dir).is_claimed(wanted))
    assert service.photos.view(OWNER, id).state in ("working", "queued")
    assert not list((config.data_dir / "photos" / id).glob("*.part"))
    ballast.unlink()
    service._queue.sweep()
    assert finished(service, OWNER, id).state == "ready"
    other = service.photos.upload(OWNER, jpeg(), "y.jpg").record.id
    assert finished(service, OWNER, other).state == "ready"
    service.close()


def test_a_device_that_is_away_fails_no_photograph(
    service: Service, network: FakeNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    network.error = DeviceUnavailable("There is no CUDA device.")
    id = service.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    wait_until(lambda: network.calls == [256])
    wait_until(lambda: not service._storage.is_claimed(Wanted(id, DEFAULT_MODEL, 256)))
    assert service.photos.view(OWNER, id).state in ("working", "queued")
    assert not [record for record in caplog.records if record.exc_info]
    network.error = None
    service._queue.sweep()
    assert finished(service, OWNER, id).state == "ready"


def test_a_damaged_picture_fails_with_its_sentence_and_may_be_tried_again(
    service: Service, network: FakeNetwork
) -> None:
    network.error = damaged()
    id = service.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    view = finished(service, OWNER, id)
    assert view.state == "failed"
    assert view.problem is not None
    assert (view.problem.type, view.problem.status, view.problem.detail) == (
        "urn:colorizer:problem:corrupt-image",
        422,
        "The photograph is damaged.",
    )
    with pytest.raises(PredictionFailed, match="damaged"):
        service.photos.preview(OWNER, id, DEFAULTS).make()
    network.error = None
    service.photos.request(OWNER, id, DEFAULTS)
    assert finished(service, OWNER, id).state == "ready"
    assert network.calls == [256, 256]


def test_a_picture_that_turns_out_to_be_truncated(service: Service) -> None:
    data = jpeg(200, 200, format="PNG").getvalue()
    id = service.photos.upload(OWNER, io.BytesIO(data[: len(data) // 2]), "x.png").record.id
    view = finished(service, OWNER, id)
    assert view.problem is not None
    assert view.problem.type == "urn:colorizer:problem:corrupt-image"
    assert "The photograph" in view.problem.detail


def test_a_mistake_of_the_program_is_logged_and_says_nothing_more(
    service: Service, network: FakeNetwork, caplog: pytest.LogCaptureFixture
) -> None:
    network.error = ZeroDivisionError("inner secret")
    with caplog.at_level(logging.INFO):
        id = service.photos.upload(OWNER, jpeg(), "private-name.jpg").record.id
        view = finished(service, OWNER, id)
    assert view.problem is not None
    assert view.problem.status == 500
    assert "secret" not in view.problem.detail
    assert id in caplog.text
    assert "inner secret" in caplog.text
    assert "private-name" not in caplog.text
    assert network.calls == [256]


def test_a_photograph_that_killed_the_worker_three_times_is_given_up(
    config: Config, network: FakeNetwork
) -> None:
    service = Service(config, load=lambda model: network)
    id = service.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    storage = Storage(config.data_dir)
    for attempt in (1, 2, 3):
        with storage.claim(Wanted(id, DEFAULT_MODEL, 256)) as number:
            assert number == attempt
    service.start_worker()
    view = finished(service, OWNER, id)
    service.close()
    assert view.problem is not None
    assert view.problem.type == "urn:colorizer:problem:abandoned"


def test_another_working_size_is_asked_for_once(service: Service, network: FakeNetwork) -> None:
    id = service.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    finished(service, OWNER, id)
    large = Settings(working_size=384)
    assert service.photos.view(OWNER, id, large).state == "missing"
    with pytest.raises(NotReady):
        service.photos.preview(OWNER, id, large).make()
    network.gate.clear()
    service.photos.request(OWNER, id, large)
    service.photos.request(OWNER, id, large)
    network.gate.set()
    wait_until(lambda: service.photos.view(OWNER, id, large).state == "ready")
    assert network.calls == [256, 384]
    assert service.photos.request(OWNER, id, large).state == "ready"


def test_models_are_names_and_never_paths(service: Service, tmp_path: Path) -> None:
    id = service.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    assert DEFAULT_MODEL in service.models()
    for model in ("nobody", str(tmp_path / "x.safetensors"), "../x"):
        with pytest.raises(InvalidSetting, match="There is no model"):
            service.photos.request(OWNER, id, Settings(model=model))


def test_a_batch_and_its_zip(service: Service, network: FakeNetwork, config: Config) -> None:
    batch = service.batches.new(OWNER).id
    with pytest.raises(NotReady):
        service.batches.zip(OWNER, batch, DEFAULTS, Output())
    ids = [
        service.photos.upload(OWNER, jpeg(), "same.jpg", batch=batch).record.id for _ in range(3)
    ]
    bad = jpeg(200, 200, format="PNG").getvalue()[:300]
    ids.append(service.photos.upload(OWNER, io.BytesIO(bad), "bad.png", batch=batch).record.id)
    for id in ids:
        finished(service, OWNER, id)
    view = service.batches.view(OWNER, batch)
    assert [photo.record.id for photo in view.photos] == ids
    assert view.counts == {"ready": 3, "failed": 1}
    assert all(photo.record.batch == batch for photo in view.photos)

    pieces = list(service.batches.zip(OWNER, batch, DEFAULTS, Output("jpeg")))
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "same-colour.jpg",
            "same-colour-2.jpg",
            "same-colour-3.jpg",
            "errors.txt",
        ]
        assert archive.read("errors.txt").startswith(b"bad.png: ")
        assert pixels(archive.read("same-colour-2.jpg")).shape == (32, 48, 3)
    assert os.listdir(config.data_dir / "incoming") == []

    service.photos.upload(OWNER, jpeg(), "fifth.jpg", batch=batch)
    with pytest.raises(UploadTooLarge, match="at most 5"):
        service.photos.upload(OWNER, jpeg(), "sixth.jpg", batch=batch)
    service.batches.delete(OWNER, batch)
    assert os.listdir(config.data_dir / "photos") == []
    with pytest.raises(NotFound):
        service.batches.view(OWNER, batch)


def test_a_zip_that_nobody_reads_to_its_end_leaves_nothing(
    service: Service, config: Config
) -> None:
    batch = service.batches.new(OWNER).id
    for _ in range(2):
        finished(service, OWNER, service.photos.upload(OWNER, jpeg(), "x", batch=batch).record.id)
    pieces = service.batches.zip(OWNER, batch, DEFAULTS, Output())
    next(pieces)
    assert len(os.listdir(config.data_dir / "incoming")) == 1
    pieces.close()  # type: ignore[attr-defined]
    assert os.listdir(config.data_dir / "incoming") == []


def test_settings_for_a_whole_batch(service: Service, config: Config) -> None:
    batch = service.batches.new(OWNER).id
    for _ in range(3):
        service.photos.upload(OWNER, jpeg(), "x.jpg", batch=batch)
    large = Settings(working_size=384)
    assert service.batches.view(OWNER, batch, large).counts == {"missing": 3}
    service.batches.request(OWNER, batch, large)
    wait_until(lambda: service.batches.view(OWNER, batch, large).counts == {"ready": 3})


def test_samples(service: Service) -> None:
    samples = service.photos.samples()
    assert "astronaut" in {sample.name for sample in samples}
    assert all(sample.label and sample.credit for sample in samples)
    view = service.photos.upload_sample(OWNER, samples[0].name)
    assert finished(service, OWNER, view.record.id).state == "ready"
    for name in ("nobody", "../samples/astronaut", "README"):
        with pytest.raises(NotFound):
            service.photos.upload_sample(OWNER, name)


def test_health_and_metrics(service: Service) -> None:
    health = service.health()
    assert set(health) == {"disk", "queue", "worker", "model"}
    assert all(well for well, _ in health.values())
    id = service.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    finished(service, OWNER, id)
    service.photos.preview(OWNER, id, DEFAULTS).make()
    wait_until(lambda: b'predictions_total{outcome="ready"} 1.0' in service.metrics()[0])
    body, content_type = service.metrics()
    assert content_type.startswith("text/plain")
    for line in (
        b'colorizer_uploads_total{outcome="stored"} 1.0',
        b"colorizer_predict_seconds_count 1.0",
        b'colorizer_render_seconds_count{kind="preview"} 1.0',
        b"colorizer_queue_length 0.0",
        b"process_resident_memory_bytes",
    ):
        assert line in body


def test_a_model_that_cannot_be_loaded_is_said(config: Config) -> None:
    def load(model: str) -> FakeNetwork:
        raise damaged()

    service = Service(config, load=load)
    service.start_worker()
    wait_until(lambda: "damaged" in service.health()["model"][1])
    assert not service.health()["model"][0]
    id = service.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    assert finished(service, OWNER, id).state == "failed"
    service.close()


def test_nothing_is_lost_when_the_server_stops(config: Config, network: FakeNetwork) -> None:
    first = Service(config, load=lambda model: network)
    ids = [first.photos.upload(OWNER, jpeg(), "x.jpg").record.id for _ in range(3)]
    first.close()
    second = Service(config, load=lambda model: network)
    second.start_worker()
    for id in ids:
        assert finished(second, OWNER, id).state == "ready"
    second.close()


def test_a_prediction_that_is_damaged_is_made_anew(service: Service, config: Config) -> None:
    id = service.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    finished(service, OWNER, id)
    (file,) = (config.data_dir / "photos" / id).glob("*.prediction")
    file.write_bytes(b"")
    service.photos._pictures._kept.clear()
    with pytest.raises(NotReady):
        service.photos.preview(OWNER, id, DEFAULTS).make()
    service._queue.sweep()
    assert finished(service, OWNER, id).state == "ready"
    assert service.photos.preview(OWNER, id, DEFAULTS).make().data


def test_pictures_are_told_from_another_without_rendering(service: Service) -> None:
    id = service.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    finished(service, OWNER, id)
    layers = [service.photos.uncertainty(OWNER, id, settings) for settings in (DEFAULTS, VIVID)]
    assert layers[0].etag == layers[1].etag  # it depends on the prediction alone
    names = {service.photos.preview(OWNER, id, settings).etag for settings in (DEFAULTS, VIVID)}
    names |= {layers[0].etag, service.photos.grey_preview(OWNER, id).etag}
    assert len(names) == 4
    assert b'render_seconds_count{kind="' not in service.metrics()[0]


def test_results_leave_room_on_the_disk(service: Service) -> None:
    batch = service.batches.new(OWNER).id
    id = service.photos.upload(OWNER, jpeg(), "x.jpg", batch=batch).record.id
    finished(service, OWNER, id)
    service._storage.min_free = 1 << 60
    with pytest.raises(StorageFull, match="almost full"):
        service.photos.result(OWNER, id, DEFAULTS, Output()).make()
    data = b"".join(service.batches.zip(OWNER, batch, DEFAULTS, Output()))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"almost full" in archive.read("errors.txt")


def test_who_waits_too_long_for_a_large_picture_is_told_so(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = service.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    finished(service, OWNER, id)
    monkeypatch.setattr("app.work.rendering.PATIENCE", 0.01)
    with service._budget.reserve(10**12), pytest.raises(TooBusy):
        service.photos.result(OWNER, id, DEFAULTS, Output()).make()
    assert service.photos.result(OWNER, id, DEFAULTS, Output()).make().path.exists()


def test_only_so_many_archives_are_sent_at_a_time(
    config: Config, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.work.batches._ARCHIVES_AT_ONCE", 1)
    service = Service(config, load=lambda model: network)
    service.start_worker()
    batch = service.batches.new(OWNER).id
    id = service.photos.upload(OWNER, jpeg(), "x.jpg", batch=batch).record.id
    finished(service, OWNER, id)
    first = service.batches.zip(OWNER, batch, DEFAULTS, Output())
    with pytest.raises(TooBusy):
        service.batches.zip(OWNER, batch, DEFAULTS, Output())
    del first  # nobody read any of it
    assert b"".join(service.batches.zip(OWNER, batch, DEFAULTS, Output()))
    assert b"".join(service.batches.zip(OWNER, batch, DEFAULTS, Output()))
    service.close()


def test_a_large_batch_is_asked_for_bit_by_bit(idle: Service, config: Config) -> None:
    batch = idle.batches.new(OWNER).id
    for _ in range(3):
        idle.photos.upload(OWNER, jpeg(), "x.jpg", batch=batch)
    large = Settings(working_size=384)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.work.batches._AT_ONCE", 2)
        assert idle.batches.request(OWNER, batch, large).counts == {"queued": 2, "missing": 1}
        assert idle.batches.request(OWNER, batch, large).counts == {"queued": 3}


def test_all_pages_share_one_file_on_the_disk(idle: Service) -> None:
    batch = idle.batches.upload_all(OWNER, io.BytesIO(pages(3)), "scan.tif")
    originals = [idle.photos.original(OWNER, view.record.id).make().path for view in batch.photos]
    assert len({path.stat().st_ino for path in originals}) == 1
    idle.photos.delete(OWNER, batch.photos[0].record.id)
    assert originals[1].read_bytes() == pages(3)


def test_pages_that_share_a_file_use_its_room_once(idle: Service) -> None:
    before = idle._storage.usage.bytes()
    idle.batches.upload_all(OWNER, io.BytesIO(pages(3)), "scan.tif")
    assert idle._storage.usage.bytes() == before + len(pages(3))


def test_of_pages_of_which_one_is_refused_none_is_kept(idle: Service) -> None:
    batch = idle.batches.new(OWNER).id
    idle.photos.upload(OWNER, jpeg(), "x.jpg", batch=batch)
    with pytest.raises(ImageTooLarge):
        idle.batches.upload_all(OWNER, io.BytesIO(pages(4, 1200)), "scan.tif", batch=batch)
    assert [view.record.name for view in idle.batches.view(OWNER, batch).photos] == ["x.jpg"]
    id = idle.photos.upload(OWNER, io.BytesIO(pages(4, 1200)), "scan.tif", batch=batch).record.id
    with pytest.raises(ImageTooLarge):
        idle.batches.upload_pages(OWNER, id)
    names = [view.record.name for view in idle.batches.view(OWNER, batch).photos]
    assert names == ["x.jpg", "scan.tif"]


def test_pages_of_a_file_with_a_long_name_are_not_added_twice(idle: Service) -> None:
    name = "n" * 116 + ".tif"
    batch = idle.batches.new(OWNER).id
    id = idle.photos.upload(OWNER, io.BytesIO(pages(3)), name, batch=batch).record.id
    for _ in range(2):
        idle.batches.upload_pages(OWNER, id)
    found = [view.record for view in idle.batches.view(OWNER, batch).photos]
    assert [record.name[-9:] for record in found] == ["nnnnn.tif", " (page 2)", " (page 3)"]


def test_where_there_are_no_links_pages_are_copied(
    idle: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", none)
    batch = idle.batches.upload_all(OWNER, io.BytesIO(pages(2)), "scan.tif")
    assert [view.record.page for view in batch.photos] == [1, 2]


def test_pages_that_cannot_all_wait_are_refused(config: Config, network: FakeNetwork) -> None:
    service = Service(config.model_copy(update={"queue_limit": 3}), load=lambda model: network)
    id = service.photos.upload(OWNER, io.BytesIO(pages(3)), "scan.tif").record.id
    with pytest.raises(QueueFull):
        service.batches.upload_pages(OWNER, id)
    folder = config.data_dir
    assert os.listdir(folder / "photos") == [id]
    assert os.listdir(folder / "batches") == []
    service.close()


def test_pages_that_could_never_all_wait_are_refused_for_good(
    config: Config, network: FakeNetwork
) -> None:
    service = Service(config.model_copy(update={"queue_limit": 3}), load=lambda model: network)
    with pytest.raises(UploadTooLarge, match="At most 3 photographs may wait"):
        service.batches.upload_all(OWNER, io.BytesIO(pages(5)), "scan.tif")
    assert os.listdir(config.data_dir / "photos") == []
    service.close()


def test_what_joins_a_batch_goes_when_the_batch_does(idle: Service) -> None:
    batch = idle.batches.new(OWNER)
    photo = idle.photos.upload(OWNER, jpeg(), "late.jpg", batch=batch.id).record
    assert photo.expires == batch.expires
    assert idle.photos.upload(OWNER, jpeg(), "alone.jpg").record.expires > batch.expires


def test_of_many_at_once_only_as_many_come_as_a_batch_holds(
    idle: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, take = idle.batches.new(OWNER).id, idle._intake._take
    together, refused = threading.Barrier(8), []

    def take_together(*given: Any) -> int:
        together.wait(60)
        return take(*given)

    def upload() -> None:
        try:
            idle.photos.upload(OWNER, jpeg(), "x.jpg", batch=batch)
        except UploadTooLarge as error:
            refused.append(str(error))

    monkeypatch.setattr(idle._intake, "_take", take_together)
    threads = [threading.Thread(target=upload) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(idle.batches.view(OWNER, batch).photos) == idle.config.max_batch == 5
    assert refused == ["A batch holds at most 5 photographs."] * 3


def test_a_reference_that_is_asked_too_early_gives_its_own_palette_later(
    service: Service, network: FakeNetwork
) -> None:
    grey = service.photos.upload(OWNER, jpeg(), "grey.jpg").record.id
    finished(service, OWNER, grey)
    network.gate.clear()
    busy = service.photos.upload(OWNER, jpeg(50, 40), "busy.jpg").record.id
    wait_until(lambda: service.photos.view(OWNER, busy).state == "working")
    lender = service.photos.upload(OWNER, io.BytesIO(in_colour()), "lender.png").record.id
    guide = Guide(reference=lender, reference_amount=1.0)
    with pytest.raises(LenderNotReady, match=r"lender\.png, whose colours .* none yet") as early:
        service.photos.preview(OWNER, grey, DEFAULTS, guide).make()
    assert early.value.retry_after == 1
    network.gate.set()
    finished(service, OWNER, lender)
    shown = service.photos.preview(OWNER, grey, DEFAULTS, guide).make().data
    other = Service(service.config, load=lambda model: network)  # to which nothing is known
    assert other.photos.preview(OWNER, grey, DEFAULTS, guide).make().data == shown
    other.close()


def test_colours_that_a_reference_lacks_are_worked_out(service: Service) -> None:
    """Of another working size than that of its own page."""
    large = Settings(working_size=512)
    ids = [service.photos.upload(OWNER, jpeg(), name).record.id for name in ("a.jpg", "b.jpg")]
    service.photos.request(OWNER, ids[0], large)
    for id, settings in ((ids[0], large), (ids[1], DEFAULTS)):
        finished(service, OWNER, id, settings)
    assert service.photos.view(OWNER, ids[1], large).state == "missing"
    asked = service.photos.result(OWNER, ids[0], large, Output(), Guide(reference=ids[1]))
    with pytest.raises(LenderNotReady):
        asked.make()
    assert finished(service, OWNER, ids[1], large).state == "ready"
    assert asked.make().path.exists()


def test_a_reference_that_failed_gives_no_colours(service: Service, network: FakeNetwork) -> None:
    grey = service.photos.upload(OWNER, jpeg(), "grey.jpg").record.id
    finished(service, OWNER, grey)
    network.error = RuntimeError("no")
    lender = service.photos.upload(OWNER, jpeg(50, 40), "lender.jpg").record.id
    assert finished(service, OWNER, lender).state == "failed"
    with pytest.raises(InvalidGuidance, match=r"lender\.jpg has no colours to be taken\."):
        service.photos.preview(OWNER, grey, DEFAULTS, Guide(reference=lender)).make()


def test_a_result_does_not_wait_for_its_own_reference(
    config: Config, network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.work.guiding.PATIENCE", 0.1)
    small = config.model_copy(update={"megapixels_at_once": 1})
    service = Service(small, load=lambda model: network)
    service.start_worker()
    grey = service.photos.upload(OWNER, jpeg(900, 800), "grey.jpg").record.id
    lender = service.photos.upload(OWNER, io.BytesIO(in_colour(70)), "lender.png").record.id
    for id in (grey, lender):
        assert finished(service, OWNER, id).state == "ready"
    guide = Guide(reference=lender)
    assert service.photos.result(OWNER, grey, DEFAULTS, Output(), guide).make().path.exists()
    service.close()


def test_an_unknown_treatment_of_colours_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="repaint, skip, keep"):
        Treatment(colour="never")  # type: ignore[arg-type]


def test_a_photograph_of_a_full_batch_can_be_taken_anew(idle: Service) -> None:
    batch = idle.batches.new(OWNER).id
    places = range(idle.config.max_batch)
    ids = [
        idle.photos.upload(
            OWNER, jpeg(), f"{place}.jpg", batch=batch, treatment=Treatment(place=place)
        ).record.id
        for place in places
    ]
    other = idle.photos.upload_anew(OWNER, ids[2], colour="keep", salvage=True).record
    found = [view.record for view in idle.batches.view(OWNER, batch).photos]
    assert [record.name for record in found] == [f"{place}.jpg" for place in places]
    assert (found[2], other.colour, other.salvage) == (other, "keep", True)
    with pytest.raises(NotFound):
        idle.photos.view(OWNER, ids[2])
    with pytest.raises(NotFound):
        idle.photos.upload_anew("session:two", other.id, salvage=False)
