"""Films, from an upload to coloured versions, and everything that may go wrong on the way."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest

from app.config import Config
from app.errors import (
    FilmsOff,
    FilmTooLong,
    LenderNotReady,
    NotFound,
    NotReady,
    StorageFull,
    TooManyVersions,
    UploadTooLarge,
)
from app.service import Service
from app.storage.films import Films
from app.storage.folder import Storage
from app.storage.orders import FilmGuide, Order
from app.work import films as desk
from app.work.films import moment
from colorizer.errors import CorruptFilm, InvalidGuidance, InvalidSetting, UnsupportedFilm
from colorizer.guidance import Hint
from colorizer.settings import Settings
from colorizer.video import FilmHint

from ..clips import HEIGHT, WIDTH, FakeFilming, clip
from ..conftest import OWNER, finished, jpeg, wait_until
from ..fakes import FakeNetwork

VIVID = Order(Settings(saturation=1.5))


@pytest.fixture(autouse=True)
def filming(monkeypatch: pytest.MonkeyPatch) -> FakeFilming:
    """What colours films in this module."""
    fake = FakeFilming()
    monkeypatch.setattr("colorizer.video.colorize", fake)
    monkeypatch.setattr("app.work.filming._TELL_EVERY", 0.0)
    return fake


def state(service: Service, id: str, order: Order = VIVID) -> str:
    return service.films.version(OWNER, id, order.key).state


def files_of(service: Service, id: str) -> list[str]:
    folder = service.config.data_dir / "films" / id
    return sorted(path.name for path in folder.rglob("*"))


def test_from_upload_to_a_coloured_film(service: Service, filming: FakeFilming) -> None:
    data = clip().getvalue()
    view = service.films.upload(OWNER, io.BytesIO(data), "../old\u202e film.mp4")
    record, id = view.record, view.record.id
    assert (record.name, record.codec, record.mimetype) == ("old film.mp4", "h264", "video/mp4")
    assert (record.width, record.height, record.frames, record.rate) == (WIDTH, HEIGHT, 10, 10)
    assert record.seconds == pytest.approx(1.0)
    assert record.expires - record.created == timedelta(hours=24)
    assert view.versions == []

    assert len(view.stills) == 9  # after the middle of the last tenth there is none
    seconds, still = view.stills[2]
    assert seconds == pytest.approx(0.3)
    assert (still.record.name, still.has_preview) == ("old film, 0.3 s", True)
    assert finished(service, OWNER, still.record.id).state == "ready"
    assert service.photos.preview(OWNER, still.record.id, VIVID.settings).make().data

    version = service.films.ask(OWNER, id, VIVID)
    assert version.state in ("queued", "working", "ready")
    wait_until(lambda: state(service, id) == "ready")
    version = service.films.version(OWNER, id, VIVID.key)
    assert version.is_playable
    assert version.finished is not None
    assert version.finished.frames == 10
    assert version.finished.warnings == ("The subtitles could not be kept.",)
    assert filming.calls[0]["settings"] == VIVID.settings
    assert filming.calls[0]["output"].bits == 8
    file = service.films.file(OWNER, id, VIVID.key).make()
    assert (file.name, file.mimetype) == ("old film-colour.mp4", "video/mp4")
    assert file.path.stat().st_size == version.finished.bytes
    assert service.films.original(OWNER, id).make().path.read_bytes() == data

    assert service.films.ask(OWNER, id, VIVID).state == "ready"
    assert len(filming.calls) == 1  # it was there
    archive = Order(VIVID.settings, "ffv1", deinterlace=True)
    service.films.ask(OWNER, id, archive)
    wait_until(lambda: state(service, id, archive) == "ready")
    assert not service.films.version(OWNER, id, archive.key).is_playable
    assert filming.calls[1]["deinterlace"]
    assert [v.key for v in service.films.view(OWNER, id).versions] == [VIVID.key, archive.key]


def test_what_is_beside_the_picture_stays_grey_or_does_not(
    service: Service, filming: FakeFilming
) -> None:
    id = service.films.upload(OWNER, clip(bars=12), "old film.mp4").record.id
    view = service.films.view(OWNER, id)
    assert view.has_bars
    for _, still in view.stills:
        assert not still.record.whole
        assert finished(service, OWNER, still.record.id).state == "ready"
    whole = Order(VIVID.settings, whole=True)
    assert whole.key != VIVID.key
    assert Order.loaded(whole.dumped()) == whole
    for order in (VIVID, whole):
        service.films.ask(OWNER, id, order)
        wait_until(lambda order=order: state(service, id, order) == "ready")  # type: ignore[misc]
    assert [call["whole"] for call in filming.calls] == [False, True]
    assert b"whole" not in VIVID.dumped()  # it is called as it was before
    plain = service.films.upload(OWNER, clip(), "film.mp4").record.id
    assert not service.films.view(OWNER, plain).has_bars


def test_photographs_go_on_while_a_film_is_coloured(service: Service, filming: FakeFilming) -> None:
    id = service.films.upload(OWNER, clip(), "film.mp4").record.id
    filming.gate.clear()
    service.films.ask(OWNER, id, VIVID)
    wait_until(lambda: state(service, id) == "working")
    photo = service.photos.upload(OWNER, jpeg(), "x.jpg").record.id
    assert finished(service, OWNER, photo).state == "ready"
    wait_until(lambda: service.films.version(OWNER, id, VIVID.key).steps.frames == 5)  # type: ignore[union-attr]
    version = service.films.version(OWNER, id, VIVID.key)
    assert version.state == "working"
    assert version.steps is not None
    assert (version.steps.share, version.steps.rate, version.steps.seconds_left) == (0.5, 4.0, 1.25)
    other = Order(Settings(saturation=0.5))
    assert service.films.ask(OWNER, id, other).position == 2
    with pytest.raises(NotReady):
        service.films.file(OWNER, id, VIVID.key).make()


def test_a_film_goes_on_after_a_restart(
    config: Config, network: FakeNetwork, filming: FakeFilming
) -> None:
    first = Service(config, load=lambda model: network)
    first.start_worker()
    id = first.films.upload(OWNER, clip(), "film.mp4").record.id
    filming.gate.clear()
    first.films.ask(OWNER, id, VIVID)
    films = Films(Storage(config.data_dir))
    wait_until(lambda: films.steps(id, VIVID.key).frames == 5)
    assert first.close()
    assert state(first, id) == "queued"

    filming.gate.set()
    second = Service(config, load=lambda model: network)
    second.start_worker()
    wait_until(lambda: state(second, id) == "ready")
    second.close()
    assert filming.begun == [0, 5]


def test_what_is_known_of_a_film_survives_a_restart(
    config: Config, network: FakeNetwork, filming: FakeFilming
) -> None:
    first = Service(config, load=lambda model: network)
    first.start_worker()
    id = first.films.upload(OWNER, clip(), "film.mp4").record.id
    photo = first.photos.upload(OWNER, jpeg(), "aunt.jpg").record.id
    finished(first, OWNER, photo)
    filming.gate.clear()
    hints = (FilmHint(1 / 3, Hint(0.25, 0.5, "navy")), FilmHint(0.9, Hint(1, 0, (12, -30), 0.5)))
    version = first.films.ask(OWNER, id, VIVID, FilmGuide(hints, photo, 0.5))
    key = version.key
    wait_until(lambda: first.films.version(OWNER, id, key).state == "working")
    assert first.close()

    filming.gate.set()
    second = Service(config, load=lambda model: network)
    second.start_worker()
    wait_until(lambda: second.films.version(OWNER, id, key).state == "ready")
    known = second.films.version(OWNER, id, key).order
    assert known.key == key
    assert [hint.text for hint in known.guide.hints] == [
        "0.333333@0.25,0.5,navy",
        "0.9@1,0,12:-30,0.5",
    ]
    assert (known.guide.reference, known.guide.reference_amount) == (photo, 0.5)
    assert second.films.ask(OWNER, id, VIVID, known.guide).state == "ready"
    second.close()
    first_call, second_call = filming.calls
    assert first_call["guidance"] == second_call["guidance"] == known.guidance
    assert known.guidance.reference is not None
    assert sum(known.guidance.reference.palette) == pytest.approx(1, abs=0.01)


def test_a_reference_must_have_colours_and_be_ones_own(idle: Service) -> None:
    id = idle.films.upload(OWNER, clip(), "film.mp4").record.id
    grey = idle.photos.upload(OWNER, jpeg(), "aunt.jpg").record.id
    with pytest.raises(LenderNotReady, match=r"aunt\.jpg, whose colours are to be taken, has none"):
        idle.films.ask(OWNER, id, VIVID, FilmGuide(reference=grey))
    theirs = idle.photos.upload("session:two", jpeg(), "x.jpg").record.id
    with pytest.raises(NotFound):
        idle.films.ask(OWNER, id, VIVID, FilmGuide(reference=theirs))
    assert idle.films.view(OWNER, id).versions == []


def test_what_could_not_be_read_again_is_not_ordered(
    idle: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = idle.films.upload(OWNER, clip(), "film.mp4").record.id
    monkeypatch.setattr(FilmHint, "text", "0.5@0.5,0.5,rgb(1,2,3),1,2,3")
    with pytest.raises(InvalidGuidance, match="cannot be kept as it is"):
        idle.films.ask(OWNER, id, VIVID, FilmGuide((FilmHint(0.5, Hint(0, 0, "red")),)))
    assert idle.films.view(OWNER, id).versions == []


def test_an_order_is_called_as_its_file_is(service: Service, config: Config) -> None:
    """One that was written before a parameter was added, or whose numbers were longer."""
    id = service.films.upload(OWNER, clip(), "film.mp4").record.id
    values = json.loads(VIVID.dumped())
    del values["settings"]["second_look"]
    key = "0123456789abcdef"
    (config.data_dir / "films" / id / f"{key}.wanted").write_text(json.dumps(values))
    wait_until(lambda: service.films.version(OWNER, id, key).state == "ready")
    assert service.films.file(OWNER, id, key).make().path.exists()
    near_one = FilmGuide((FilmHint(0.5, Hint(0.5, 0.5, "red", 1.0000001)),))
    key = service.films.ask(OWNER, id, VIVID, near_one).key
    wait_until(lambda: service.films.version(OWNER, id, key).state == "ready")
    assert service.films.file(OWNER, id, key).make().path.exists()


def test_what_another_process_has_finished_is_not_made_again(
    idle: Service, filming: FakeFilming
) -> None:
    id = idle.films.upload(OWNER, clip(), "film.mp4").record.id
    idle.films.ask(OWNER, id, VIVID)
    for _ in range(2):  # the second has looked for work before the first began
        assert idle._filming._take(id, VIVID.key)
    assert len(filming.calls) == 1
    assert state(idle, id) == "ready"


def test_a_hint_is_within_the_film(idle: Service) -> None:
    id = idle.films.upload(OWNER, clip(), "film.mp4").record.id
    for seconds in (0, 1):
        idle.films.ask(OWNER, id, VIVID, FilmGuide((FilmHint(seconds, Hint(0, 0, "red")),)))
    with pytest.raises(InvalidGuidance, match=r"lasts 1 s; a hint at 1\.1 s is after its end\."):
        idle.films.ask(OWNER, id, VIVID, FilmGuide((FilmHint(1.1, Hint(0, 0, "red")),)))


def test_a_moment_shows_the_hints_that_are_given_at_it() -> None:
    guide = FilmGuide(
        (FilmHint(0.3, Hint(0, 0, "red")), FilmHint(0.4, Hint(1, 1, "navy"))), "x" * 22, 0.5
    )
    shown = guide.at(0.3000004)
    assert [hint.colour for hint in shown.hints] == ["red"]
    assert (shown.reference, shown.reference_amount) == ("x" * 22, 0.5)
    assert FilmGuide((FilmHint(0, Hint(0, 0, "red")),)).at(-0.04).hints


def test_a_film_that_kills_the_server_is_given_up(
    config: Config, network: FakeNetwork, filming: FakeFilming
) -> None:
    idle = Service(config, load=lambda model: network)
    id = idle.films.upload(OWNER, clip(), "film.mp4").record.id
    idle.films.ask(OWNER, id, VIVID)
    idle.close()
    claim = config.data_dir / "films" / id / f"{VIVID.key}.claim"
    claim.write_bytes(b"...")  # as many attempts were killed
    service = Service(config, load=lambda model: network)
    service.start_worker()
    wait_until(lambda: state(service, id) == "failed")
    assert filming.calls == []
    filming.gate.set()
    service.films.ask(OWNER, id, VIVID)  # the person wants it all the same
    wait_until(lambda: state(service, id) == "ready")
    service.close()


def test_progress_forgives_earlier_attempts(config: Config) -> None:
    films = Films(Storage(config.data_dir))
    folder = config.data_dir / "films" / ("a" * 22)
    folder.mkdir()
    (folder / f"{VIVID.key}.wanted").touch()
    for expected in (1, 2):
        with films.claim("a" * 22, VIVID.key) as attempt:
            assert attempt == expected
    films.forget_attempts("a" * 22, VIVID.key)
    with films.claim("a" * 22, VIVID.key) as attempt:
        assert attempt == 2


def test_a_version_that_is_removed_is_stopped_and_leaves_nothing(
    service: Service, filming: FakeFilming
) -> None:
    id = service.films.upload(OWNER, clip(), "film.mp4").record.id
    before = files_of(service, id)
    filming.gate.clear()
    service.films.ask(OWNER, id, VIVID)
    wait_until(lambda: state(service, id) == "working")
    service.films.remove(OWNER, id, VIVID.key)
    with pytest.raises(NotFound):
        service.films.version(OWNER, id, VIVID.key)
    # the folder for what is made is there if the work had begun
    wait_until(lambda: files_of(service, id) in (before, sorted([*before, "made"])))

    filming.gate.set()
    service.films.ask(OWNER, id, VIVID)
    wait_until(lambda: state(service, id) == "ready")
    service.films.remove(OWNER, id, VIVID.key)
    wait_until(lambda: files_of(service, id) == sorted([*before, "made"]))


def test_what_a_process_left_that_died_is_removed(config: Config, network: FakeNetwork) -> None:
    service = Service(config, load=lambda model: network)
    id = service.films.upload(OWNER, clip(), "film.mp4").record.id
    made = config.data_dir / "films" / id / "made"
    (made / f".{VIVID.key}.mp4.parts").mkdir(parents=True)
    (made / f"{VIVID.key}.mp4").touch()
    service.start_worker()
    wait_until(lambda: not list(made.iterdir()))
    service.close()


@pytest.mark.parametrize("text", ["", "[]", '{"frames": 1}', '{"mood": 1}'])
def test_what_cannot_be_read_is_made_anew(
    service: Service, filming: FakeFilming, text: str
) -> None:
    id = service.films.upload(OWNER, clip(), "film.mp4").record.id
    service.films.ask(OWNER, id, VIVID)
    wait_until(lambda: state(service, id) == "ready")
    done = service.config.data_dir / "films" / id / f"{VIVID.key}.done"
    done.write_text(text)
    wait_until(lambda: state(service, id) == "ready" and len(filming.calls) == 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("settings", {"mood": 1}),
        ("settings", {"saturation": -5}),
        ("words", {"mood": []}),
        ("codec", "h299"),
        ("mood", "calm"),
    ],
)
def test_an_order_of_a_later_version_is_left_alone(
    service: Service,
    filming: FakeFilming,
    caplog: pytest.LogCaptureFixture,
    name: str,
    value: object,
) -> None:
    id = service.films.upload(OWNER, clip(), "film.mp4").record.id
    folder = service.config.data_dir / "films" / id
    order = json.dumps(json.loads(VIVID.dumped()) | {name: value})
    done, queued = "d" * 16, "e" * 16
    (folder / "made").mkdir()
    (folder / "made" / f"{done}.mp4").touch()
    (folder / f"{done}.done").write_text("{}")
    for key in (done, queued):
        (folder / f"{key}.wanted").write_text(order)
    before = files_of(service, id)
    assert service.films.view(OWNER, id).versions == []
    service.films.ask(OWNER, id, VIVID)
    wait_until(lambda: state(service, id) == "ready")
    assert len(filming.calls) == 1
    service._filming._films.tidy()
    assert set(files_of(service, id)) >= set(before)
    lines = [line for line in caplog.records if f"{queued}.wanted" in line.message]
    assert [line.exc_info for line in lines] == [None]
    assert "deleted meanwhile" not in caplog.text


def test_a_version_of_an_earlier_release_keeps_its_name(
    service: Service, filming: FakeFilming
) -> None:
    """Its order has not all settings of today, so it would be called otherwise."""
    id, key = service.films.upload(OWNER, clip(), "film.mp4").record.id, "a" * 16
    values = json.loads(VIVID.dumped())
    del values["settings"]["temperature"]
    (service.config.data_dir / "films" / id / f"{key}.wanted").write_text(json.dumps(values))
    wait_until(lambda: service.films.version(OWNER, id, key).state == "ready")
    assert service.films.file(OWNER, id, key).make().path.is_file()


def test_deleting_a_film_deletes_all(service: Service, filming: FakeFilming) -> None:
    view = service.films.upload(OWNER, clip(), "film.mp4")
    id = view.record.id
    filming.gate.clear()
    service.films.ask(OWNER, id, VIVID)
    wait_until(lambda: state(service, id) == "working")
    service.films.delete(OWNER, id)
    with pytest.raises(NotFound):
        service.films.view(OWNER, id)
    for kind in ("films", "photos"):
        assert not list((service.config.data_dir / kind).iterdir())
    filming.gate.set()
    wait_until(lambda: not list((service.config.data_dir / "films").iterdir()))


def test_films_expire(config: Config, network: FakeNetwork) -> None:
    brief = config.model_copy(update={"time_to_live_hours": 2 / 3600})
    service = Service(brief, load=lambda model: network)
    id = service.films.upload(OWNER, clip(), "film.mp4").record.id
    time.sleep(2.1)
    with pytest.raises(NotFound):
        service.films.view(OWNER, id)
    assert Storage(config.data_dir).tidy() == 10
    service.close()
    assert not list((config.data_dir / "films").iterdir())


def test_another_owner_finds_nothing(service: Service) -> None:
    id = service.films.upload(OWNER, clip(), "film.mp4").record.id
    service.films.ask(OWNER, id, VIVID)
    films, other = service.films, "session:two"
    attempts: tuple[Callable[[], object], ...] = (
        lambda: films.view(other, id),
        lambda: films.ask(other, id, VIVID),
        lambda: films.version(other, id, VIVID.key),
        lambda: films.remove(other, id, VIVID.key),
        lambda: films.file(other, id, VIVID.key),
        lambda: films.original(other, id),
        lambda: films.delete(other, id),
        lambda: films.view(OWNER, "x" * 22),
        lambda: films.version(OWNER, id, "../../film.json"),
    )
    for attempt in attempts:
        with pytest.raises(NotFound):
            attempt()


def test_what_cannot_be_coloured_says_why(service: Service, filming: FakeFilming) -> None:
    id = service.films.upload(OWNER, clip(), "film.mp4").record.id
    filming.broken = True
    service.films.ask(OWNER, id, VIVID)
    wait_until(lambda: state(service, id) == "failed")
    problem = service.films.version(OWNER, id, VIVID.key).problem
    assert problem is not None
    assert problem.detail == "The film is damaged."
    assert "made" in files_of(service, id)
    assert not list((service.config.data_dir / "films" / id / "made").iterdir())
    filming.broken = False
    service.films.ask(OWNER, id, VIVID)
    wait_until(lambda: state(service, id) == "ready")
    counted = b'colorizer_films_total{outcome="ready"} 1.0'
    wait_until(lambda: counted in service.metrics()[0])  # after its state was noted
    assert b'colorizer_films_total{outcome="CorruptFilm"} 1.0' in service.metrics()[0]


def test_a_film_ends_where_the_disk_does(
    service: Service, filming: FakeFilming, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = service.films.upload(OWNER, clip(), "film.mp4").record.id
    filming.gate.clear()
    service.films.ask(OWNER, id, VIVID)
    wait_until(lambda: state(service, id) == "working")
    monkeypatch.setattr(Storage, "free", lambda self: -1)
    wait_until(lambda: state(service, id) == "failed")
    assert not list((service.config.data_dir / "films" / id / "made").iterdir())
    with pytest.raises(StorageFull):
        service.films.ask(OWNER, id, VIVID)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"Dear diary", UnsupportedFilm),
        (jpeg().getvalue(), UnsupportedFilm),
        (clip().getvalue()[:200], CorruptFilm),
        (b"", CorruptFilm),
        (clip(3).getvalue(), FilmTooLong),
        (b"x" * 1_000_001, UploadTooLarge),
    ],
    ids=["text", "photograph", "cut off", "empty", "long", "large"],
)
def test_what_is_not_taken(
    config: Config, network: FakeNetwork, data: bytes, error: type[Exception]
) -> None:
    small = config.model_copy(update={"max_film_seconds": 2.0, "max_film_mb": 1})
    service = Service(small, load=lambda model: network)
    with pytest.raises(error, match=r"\.$"):
        service.films.upload(OWNER, io.BytesIO(data), "film.mp4")
    for kind in ("films", "photos", "incoming"):
        assert not list((config.data_dir / kind).iterdir())
    service.close()


def test_films_end_at_the_limit_whatever_their_header_says(
    service: Service, filming: FakeFilming
) -> None:
    id = service.films.upload(OWNER, clip(), "film.mp4").record.id
    service.films.ask(OWNER, id, VIVID)
    wait_until(lambda: state(service, id) == "ready")
    assert filming.calls[-1]["end"] == service.config.max_film_seconds


def test_a_film_has_so_many_versions_at_most(idle: Service) -> None:
    id = idle.films.upload(OWNER, clip(), "film.mp4").record.id
    orders = [Order(Settings(warmth=number)) for number in range(9)]
    for order in orders[:8]:
        idle.films.ask(OWNER, id, order)
    with pytest.raises(TooManyVersions):
        idle.films.ask(OWNER, id, orders[8])
    idle.films.remove(OWNER, id, orders[0].key)
    assert idle.films.ask(OWNER, id, orders[8]).position == 8
    with pytest.raises(InvalidSetting):
        idle.films.ask(OWNER, id, Order(Settings(model="none")))


@pytest.mark.parametrize("changes", [{"max_film_seconds": 0}, {"max_film_mb": 0}])
def test_films_can_be_switched_off(
    config: Config, network: FakeNetwork, changes: dict[str, float]
) -> None:
    service = Service(config.model_copy(update=changes), load=lambda model: network)
    service.start_worker()
    with pytest.raises(FilmsOff, match="photographs only"):
        service.films.upload(OWNER, clip(), "film.mp4")
    assert service.close()


def test_films_need_packages(idle: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "find_spec", lambda name: None)
    with pytest.raises(FilmsOff, match="packages av and opencv"):
        idle.films.upload(OWNER, clip(), "film.mp4")


def test_a_package_that_is_being_imported_is_there(
    idle: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = ModuleType("cv2")
    half.__spec__ = None
    monkeypatch.setitem(sys.modules, "cv2", half)
    assert idle.films.off is None


def test_films_need_the_data_folder(
    idle: Service, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = config.model_copy(update={"storage_url": "s3://bucket"})
    monkeypatch.setattr(idle.films, "_config", elsewhere)
    assert idle.films.off == "Films need the data folder; this server has an object store instead."


def test_films_count_as_stored(config: Config, network: FakeNetwork) -> None:
    full = Service(config.model_copy(update={"max_data_gb": 1e-6}), load=lambda model: network)
    (Path(config.data_dir) / "films" / "some").write_bytes(b"x" * 1000)
    with pytest.raises(StorageFull):
        full.films.upload(OWNER, clip(), "film.mp4")
    full.close()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(4.24, "4.2 s"), (0, "0 s"), (65.4, "1 min 5 s"), (600, "10 min"), (3725, "1 h 2 min")],
)
def test_moments(seconds: float, text: str) -> None:
    assert moment(seconds) == text
