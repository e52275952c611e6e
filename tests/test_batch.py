"""Many photographs, from files to files."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from colorizer import batch, photo
from colorizer.batch import Result, find_inputs, plan, run
from colorizer.errors import CorruptImage, OutputError, WeightsMissing
from colorizer.pages import every_page
from colorizer.settings import Settings

from .fake_colorizer import FakeColorizer
from .pictures import channels, picture


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for i in range(6):
        picture(tmp_path / "in" / ("sub" if i % 2 else "") / f"{i}.png")
    return tmp_path / "in"


def colorize(
    photos: Path, colorizer: FakeColorizer | None = None, **options: Any
) -> tuple[list[Result], Path]:
    out = photos.parent / "out"
    fake: Any = colorizer or FakeColorizer()
    tasks = plan(find_inputs([photos], out=out), out)
    return list(run(tasks, lambda: fake, options.pop("settings", None), **options)), out


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("jobs", [None, 1, 3, 50])
def test_every_photograph_is_colorized_into_the_same_structure(
    photos: Path, jobs: int | None
) -> None:
    colorizer = FakeColorizer(0.01)
    results, out = colorize(photos, colorizer, jobs=jobs)
    assert [result.status for result in results] == ["done"] * 6
    assert not colorizer.crowded
    assert all(result.error is None and result.seconds >= 0.01 for result in results)
    assert files(out) == ["0.png", "2.png", "4.png", "sub/1.png", "sub/3.png", "sub/5.png"]
    assert {channels(out / name) for name in files(out)} == {3}


def test_what_a_run_that_was_killed_left_is_removed(photos: Path) -> None:
    out = photos.parent / "out"
    out.mkdir()
    (out / ".0.png.0123456789ab.part").write_bytes(b"half")
    (out / ".mine.png.0123456789ab.part").write_bytes(b"half of another's")
    colorize(photos)
    assert files(out)[:2] == [".mine.png.0123456789ab.part", "0.png"]


def test_the_settings_reach_both_halves(photos: Path) -> None:
    colorizer = FakeColorizer()
    settings = Settings(working_size=512, tint=3)
    colorize(photos, colorizer, settings=settings)
    assert set(colorizer.working_sizes) == {512}
    assert set(colorizer.settings) == {settings}


def test_what_is_there_is_skipped_and_the_model_not_even_loaded(photos: Path) -> None:
    _, out = colorize(photos)
    (out / "2.png").write_bytes(b"mine")

    def never() -> Any:
        raise AssertionError("loaded")

    tasks = plan(find_inputs([photos]), out)
    results = list(run(tasks, never))
    assert [result.status for result in results] == ["skipped"] * 6
    assert (out / "2.png").read_bytes() == b"mine"
    results, _ = colorize(photos, overwrite=True)
    assert [result.status for result in results] == ["done"] * 6
    assert channels(out / "2.png") == 3


def test_only_what_is_missing_is_done(photos: Path) -> None:
    _, out = colorize(photos)
    (out / "sub" / "3.png").unlink()
    results, _ = colorize(photos)
    done = [r.task.output.name for r in results if r.status == "done"]
    assert done == ["3.png"]


def test_one_bad_photograph_does_not_stop_the_others(photos: Path) -> None:
    (photos / "2.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")
    results, out = colorize(photos)
    (bad,) = [result for result in results if result.status == "failed"]
    assert bad.task.input == photos / "2.png"
    assert isinstance(bad.error, CorruptImage)
    assert len(files(out)) == 5


@pytest.mark.parametrize("problem", [RuntimeError("out of luck"), MemoryError()])
def test_neither_does_an_unforeseen_problem(photos: Path, problem: Exception) -> None:
    class Flaky(FakeColorizer):
        def render(self, photo: Any, *others: Any) -> Any:
            if len(self.settings) == 2:
                self.settings.append(others[1])
                raise problem
            return super().render(photo, *others)

    results, out = colorize(photos, Flaky(), jobs=1)
    assert [result.status for result in results].count("done") == 5
    (bad,) = [result for result in results if result.status == "failed"]
    assert str(bad.error)
    assert len(files(out)) == 5


def test_a_folder_that_cannot_be_made_is_an_output_error(photos: Path) -> None:
    out = photos.parent / "out"
    out.mkdir()
    (out / "sub").write_bytes(b"a file where a folder should be")
    results, _ = colorize(photos)
    errors = [result.error for result in results if result.status == "failed"]
    assert len(errors) == 3
    assert all(isinstance(error, OutputError) for error in errors)


def test_without_a_model_nothing_is_done(photos: Path) -> None:
    def missing() -> Any:
        raise WeightsMissing("There are no weights.")

    tasks = plan(find_inputs([photos]), photos.parent / "out")
    with pytest.raises(WeightsMissing):
        list(run(tasks, missing))


def test_the_note_says_how_the_colours_came_about(photos: Path) -> None:
    _, out = colorize(photos, settings=Settings(saturation=1.5))
    note = photo.provenance_of(out / "0.png")
    assert note is not None
    assert note.model == "fake"
    assert note.settings["saturation"] == 1.5
    _, out = colorize(photos, provenance=False, overwrite=True)
    assert photo.provenance_of(out / "0.png") is None


def test_options_reach_the_reader_and_the_writer(photos: Path) -> None:
    results, _ = colorize(photos, read_options={"max_pixels": 10})
    assert {type(result.error).__name__ for result in results} == {"ImageTooLarge"}
    _, out = colorize(photos, write_options={"bit_depth": 16})
    assert photo.read(out / "0.png").bit_depth == 16


class Crowd:
    """Counts who is inside, and waits a moment there for others to come."""

    def __init__(self, expected: int) -> None:
        self.expected = expected
        self.inside = self.most = 0
        self._changed = threading.Condition()

    def enter(self) -> None:
        with self._changed:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.most >= self.expected, timeout=10)
        time.sleep(0.02)  # time for one too many

    def leave(self) -> None:
        with self._changed:
            self.inside -= 1


def test_few_are_in_flight_and_fewer_are_read(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers, flight = Crowd(batch.READERS), Crowd(4)
    real_read, real_write = photo.read, photo.write

    def read(*args: Any, **kwargs: Any) -> Any:
        readers.enter()
        readers.leave()
        return real_read(*args, **kwargs)

    def write(*args: Any, **kwargs: Any) -> None:
        flight.enter()
        real_write(*args, **kwargs)
        flight.leave()

    monkeypatch.setattr(photo, "read", read)
    monkeypatch.setattr(photo, "write", write)
    results, _ = colorize(photos, jobs=4)
    assert len(results) == 6
    assert readers.most == batch.READERS
    assert flight.most == 4


def test_large_photographs_are_alone(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Crowded(FakeColorizer):
        def __init__(self, expected: int) -> None:
            super().__init__()
            self.crowd = Crowd(expected)

        def render(self, photo: Any, *others: Any) -> Any:
            self.crowd.enter()
            self.crowd.leave()
            return super().render(photo, *others)

    colorizer = Crowded(2)
    colorize(photos, colorizer, jobs=2)
    assert colorizer.crowd.most == 2
    # room for exactly one, and for less than one
    for room in (24 * 16 * batch.BYTES_A_PIXEL, 10):
        monkeypatch.setattr(batch, "MEMORY", room)
        colorizer = Crowded(1)
        results, _ = colorize(photos, colorizer, jobs=4, overwrite=True)
        assert [result.status for result in results] == ["done"] * 6
        assert colorizer.crowd.most == 1


def test_memory_is_taken_before_a_photograph_is_decoded(
    photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are in flight, no more are in memory than there is room for."""
    held: list[int] = []
    most = 0
    real_read = photo.read
    lock = threading.Lock()

    def read(source: Any, **options: Any) -> Any:
        nonlocal most
        with lock:
            held.append(1)
            most = max(most, len(held))
        time.sleep(0.02)
        return real_read(source, **options)

    class Releasing(FakeColorizer):
        def render(self, photo: Any, *others: Any) -> Any:
            with lock:
                held.pop()
            return super().render(photo, *others)

    monkeypatch.setattr(photo, "read", read)
    monkeypatch.setattr(batch, "MEMORY", 24 * 16 * batch.BYTES_A_PIXEL)
    results, _ = colorize(photos, Releasing(), jobs=6)
    assert [result.status for result in results] == ["done"] * 6
    assert most == 1


def test_what_becomes_8_bits_is_rendered_with_8_bits(tmp_path: Path) -> None:
    """A 16-bit scan that becomes a JPEG does not need twice the memory."""
    depths = []

    class Watching(FakeColorizer):
        def render(self, photo: Any, *others: Any) -> Any:
            depths.append(photo.bit_depth)
            return super().render(photo, *others)

    grey = np.arange(24 * 16, dtype=np.uint16).reshape(16, 24) * 170
    photo.write(photo.Photo(grey, bit_depth=16), tmp_path / "a.tif")
    fake: Any = Watching()
    for format in ("jpeg", "png"):
        tasks = plan(find_inputs([tmp_path / "a.tif"]), tmp_path / "out", format=format)
        assert [result.status for result in run(tasks, lambda: fake)] == ["done"]
    assert depths == [8, 16]


def test_results_come_as_they_are_finished(photos: Path) -> None:
    out = photos.parent / "out"
    fake: Any = FakeColorizer()
    results = run(plan(find_inputs([photos]), out), lambda: fake, jobs=1)
    first = next(results)
    assert first.task.output.is_file()
    assert len(files(out)) < 6
    results.close()


def test_a_batch_that_is_given_up_leaves_whole_files_only(photos: Path) -> None:
    out = photos.parent / "out"
    fake: Any = FakeColorizer(0.05)
    results = run(plan(find_inputs([photos]), out), lambda: fake, jobs=2)
    next(results)
    before = threading.active_count()
    results.close()
    assert threading.active_count() <= before - 2
    left = files(out)
    assert 1 <= len(left) <= 3
    assert all(channels(out / name) == 3 for name in left)
    time.sleep(0.1)
    assert files(out) == left


def test_there_is_at_least_one_processor() -> None:
    assert batch.processors() >= 1


def tiff_of(file: Path, pages: int, bits: int = 8) -> Path:
    """A TIFF of several pages, each brighter than the one before."""
    import tifffile

    file.parent.mkdir(parents=True, exist_ok=True)
    with tifffile.TiffWriter(file) as writer:
        for page in range(pages):
            grey = np.full((16, 24), 20 * page + 20, np.uint8 if bits == 8 else np.uint16)
            writer.write(grey, metadata=None, photometric="minisblack")
    return file


def brightness(file: Path) -> float:
    return float(photo.read(file).lightness().mean())


def test_that_there_are_more_pages_is_said(tmp_path: Path) -> None:
    tiff_of(tmp_path / "in" / "a.tif", 3)
    ((result,), out) = colorize(tmp_path / "in")
    assert result.warnings == ("a.tif has 3 pages, of which the first was taken.",)
    first = brightness(out / "a.png")
    ((result,), _) = colorize(tmp_path / "in", overwrite=True, read_options={"page": 2})
    assert result.warnings == ()
    assert brightness(out / "a.png") > first


def test_every_page_has_a_result(tmp_path: Path) -> None:
    tiff_of(tmp_path / "in" / "a.tif", 11)
    picture(tmp_path / "in" / "b.png")
    (tmp_path / "in" / "c.png").write_bytes(b"no picture")
    out = tmp_path / "out"
    fake: Any = FakeColorizer()
    tasks = every_page(plan(find_inputs([tmp_path / "in"]), out))
    results = list(run(tasks, lambda: fake))
    names = [f"a-page{page:02}.png" for page in range(1, 12)]
    assert files(out) == [*names, "b.png"]
    assert [r.task.input.name for r in results if r.status == "failed"] == ["c.png"]
    assert all(result.warnings == () for result in results)
    light = [brightness(out / name) for name in names[:5]]
    assert light == sorted(set(light))


def test_pages_whose_results_would_have_the_same_name_are_told_apart(tmp_path: Path) -> None:
    tiff_of(tmp_path / "in" / "a.tif", 2)
    picture(tmp_path / "in" / "a-page2.png")
    tasks = every_page(plan(find_inputs([tmp_path / "in"]), tmp_path / "out"))
    names = {task.output.name: task.input.name for task in tasks}
    assert len(names) == 3
    assert names["a-page1.png"] == "a.tif"
    assert names["a-page2.png"] == "a-page2.png"


def test_damage_is_said(tmp_path: Path) -> None:
    file = picture(tmp_path / "in" / "a.jpg", 200, 160)
    data = bytearray(file.read_bytes())
    middle = (data.index(b"\xff\xda") + len(data)) // 2
    data[middle : middle + 40] = bytes(40)
    file.write_bytes(data)
    ((result,), _) = colorize(tmp_path / "in")
    assert result.status == "done"
    assert result.warnings == ("a.jpg is damaged: parts of the picture are wrong.",)


def test_bits_that_the_result_cannot_hold_are_said(tmp_path: Path) -> None:
    """As of a PNG whose name ends in .jpg: the name decides on the format of the result."""
    deep = picture(tmp_path / "deep.png", bits=16)
    (tmp_path / "in").mkdir()
    deep.rename(tmp_path / "in" / "a.jpg")
    ((result,), _) = colorize(tmp_path / "in")
    assert result.warnings == ("a.jpg has 16 bits per channel, of which jpeg keeps 8.",)
    ((result,), _) = colorize(tmp_path / "in", overwrite=True, write_options={"bit_depth": 8})
    assert result.warnings == ()
