"""Which photographs are meant, and where each result goes."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from colorizer.errors import InvalidSetting
from colorizer.folders import LeftOut
from colorizer.photo import SUFFIX_TO_FORMAT, WRITABLE_FORMATS
from colorizer.plan import Input, find_inputs, plan


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    return folder


def found(inputs: list[Input]) -> list[str]:
    return [item.relative.as_posix() for item in inputs]


def outputs(*sources: Path, out: Path, format: str | None = None) -> list[str]:
    tasks = plan(find_inputs(sources, out=out), out, format=format)
    return [task.output.relative_to(out).as_posix() for task in tasks]


def test_a_folder_gives_its_pictures_in_order_with_their_structure(tmp_path: Path) -> None:
    touch(tmp_path, "b.jpg", "a.TIF", "notes.txt", "sub/c.png", "sub/deep/d.heic", "z")
    assert found(find_inputs([tmp_path])) == ["a.TIF", "b.jpg", "sub/c.png", "sub/deep/d.heic"]
    assert found(find_inputs([tmp_path], recursive=False)) == ["a.TIF", "b.jpg"]


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "._a.jpg", ".thumbnails/a.jpg")
    assert found(find_inputs([tmp_path])) == ["a.jpg"]


def test_a_named_file_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    touch(tmp_path, "scan", ".hidden.jpg")
    assert found(find_inputs([tmp_path / "scan", tmp_path / ".hidden.jpg"])) == [
        "scan",
        ".hidden.jpg",
    ]


def test_several_folders_keep_their_names(tmp_path: Path) -> None:
    touch(tmp_path, "one/a.jpg", "two/sub/a.jpg", "b.jpg")
    sources = [tmp_path / "one", tmp_path / "two", tmp_path / "b.jpg"]
    assert found(find_inputs(sources)) == ["one/a.jpg", "two/sub/a.jpg", "b.jpg"]


def test_a_photograph_that_is_meant_twice_is_taken_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "one/a.jpg")
    monkeypatch.chdir(tmp_path)
    assert found(find_inputs([Path("one"), Path("one/a.jpg"), tmp_path / "one"])) == ["one/a.jpg"]


def test_results_inside_the_folder_are_not_taken_again(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "colour/a.jpg", "colour/sub/b.jpg", "colour-photos/c.jpg")
    assert found(find_inputs([tmp_path], out=tmp_path / "colour")) == [
        "a.jpg",
        "colour-photos/c.jpg",
    ]


def test_a_folder_below_the_results_is_taken(tmp_path: Path) -> None:
    touch(tmp_path, "photos/a.jpg")
    assert found(find_inputs([tmp_path / "photos"], out=tmp_path)) == ["a.jpg"]


def test_a_folder_cannot_be_its_own_result(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "sub/b.jpg")
    with pytest.raises(InvalidSetting, match="cannot be both"):
        find_inputs([tmp_path], out=tmp_path / "sub" / "..")


def test_nothing_found_is_an_error(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt", "sub/a.jpg")
    with pytest.raises(InvalidSetting, match="no photographs in"):
        find_inputs([tmp_path], recursive=False)
    with pytest.raises(InvalidSetting, match="no file or folder"):
        find_inputs([tmp_path / "missing"])


def test_links_to_folders_do_not_go_round_in_circles(tmp_path: Path) -> None:
    touch(tmp_path, "sub/a.jpg")
    (tmp_path / "sub" / "up").symlink_to(tmp_path)
    assert found(find_inputs([tmp_path])) == ["sub/a.jpg"]


def left_out(*sources: Path, out: Path | None = None) -> tuple[list[str], list[LeftOut]]:
    told: list[LeftOut] = []
    return found(find_inputs(sources, out=out, leave_out=told.append)), told


def test_links_to_folders_are_said_where_they_lead_outside(tmp_path: Path) -> None:
    touch(tmp_path, "in/sub/a.jpg", "elsewhere/b.jpg", "out/c.jpg")
    for name, target in (("in", "in"), ("more", "elsewhere"), ("up", "."), ("res", "out")):
        (tmp_path / "in" / "sub" / name).symlink_to(tmp_path / target)
    names, told = left_out(tmp_path / "in", out=tmp_path / "out")
    assert names == ["sub/a.jpg"]
    assert {item.path.name for item in told} == {"more", "up"}
    assert not any(item.failed for item in told)
    assert "is a link to a folder and was not followed" in told[0].reason
    assert left_out(tmp_path / "in" / "sub" / "more") == (["b.jpg"], [])


def test_a_link_to_a_photograph_is_a_photograph(tmp_path: Path) -> None:
    touch(tmp_path, "elsewhere/b.jpg", "in/a.jpg")
    (tmp_path / "in" / "c.jpg").symlink_to(tmp_path / "elsewhere" / "b.jpg")
    assert left_out(tmp_path / "in") == (["a.jpg", "c.jpg"], [])


def test_pipes_sockets_and_devices_are_said_and_not_taken(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    os.mkfifo(tmp_path / "no-picture")
    (tmp_path / "device.png").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s.png"))
        names, told = left_out(tmp_path)
    assert names == ["a.jpg"]
    assert {item.path.name: item.reason.split(" is ")[1] for item in told} == {
        "pipe.jpg": "a pipe, not a file.",
        "device.png": "a device, not a file.",
        "s.png": "a socket, not a file.",
    }
    assert not any(item.failed for item in told)
    with pytest.raises(InvalidSetting, match="is a pipe, not a photograph"):
        find_inputs([tmp_path / "pipe.jpg"])


def test_folders_that_cannot_be_read_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "in/a.jpg", "in/locked/b.jpg", "locked/b.jpg")
    real = os.scandir

    def scandir(path: str | os.PathLike[str] = ".") -> object:
        if Path(path).name == "locked":  # who runs as root may read everything
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    names, told = left_out(tmp_path / "in")
    assert names == ["a.jpg"]
    assert told == [
        LeftOut(
            tmp_path / "in" / "locked",
            f"The folder {tmp_path / 'in' / 'locked'} cannot be read: Permission denied.",
            failed=True,
        )
    ]
    names, told = left_out(tmp_path / "locked")  # nothing else: no complaint besides
    assert (names, len(told)) == ([], 1)


def test_by_default_the_log_says_what_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    touch(tmp_path, "a.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    find_inputs([tmp_path])
    assert "pipe.jpg is a pipe" in caplog.text


def test_jpeg_stays_jpeg_and_all_else_becomes_png(tmp_path: Path) -> None:
    photos = touch(tmp_path / "in", "a.JPG", "b.jpeg", "c.tif", "d.webp", "e.heic", "sub/f.pgm")
    assert outputs(photos, out=tmp_path / "out") == [
        "a.JPG",
        "b.jpeg",
        "c.png",
        "d.png",
        "e.png",
        "sub/f.png",
    ]


@pytest.mark.parametrize("format", WRITABLE_FORMATS)
def test_a_chosen_format_gives_each_its_suffix(tmp_path: Path, format: str) -> None:
    photos = touch(tmp_path / "in", "a.jpg", "b.bmp", "c.tiff")
    tasks = plan(find_inputs([photos]), tmp_path / "out", format=format)
    assert {task.format for task in tasks} == {format}
    assert {SUFFIX_TO_FORMAT[task.output.suffix] for task in tasks} == {format}


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    photos = touch(tmp_path / "in", "a.jpg")
    with pytest.raises(InvalidSetting, match="one of png, jpeg, webp, tiff"):
        plan(find_inputs([photos]), tmp_path / "out", format="gif")


def test_names_without_a_known_suffix_are_kept_whole(tmp_path: Path) -> None:
    touch(tmp_path, "scan.001", "scan.002", "plain")
    sources = [tmp_path / name for name in ("scan.001", "scan.002", "plain")]
    assert outputs(*sources, out=tmp_path / "out") == ["scan.001.png", "scan.002.png", "plain.png"]


def test_results_of_one_name_are_made_distinct(tmp_path: Path) -> None:
    photos = touch(tmp_path / "in", "a.tif", "a.png", "A.bmp", "a.jpg", "b.tif", "sub/a.tif")
    assert outputs(photos, out=tmp_path / "out") == [
        "A.bmp.png",
        "a.jpg",
        "a.png.png",
        "a.tif.png",
        "b.png",
        "sub/a.png",
    ]


def test_results_that_cannot_be_made_distinct_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, "x/photos/a.jpg", "y/photos/a.jpg")
    with pytest.raises(InvalidSetting, match="would both be written to"):
        outputs(tmp_path / "x/photos", tmp_path / "y/photos", out=tmp_path / "out")


def test_names_that_still_are_the_same_are_told_apart(tmp_path: Path) -> None:
    photos = touch(tmp_path / "in", "a.tif", "a.bmp", "a.tif.png")
    names = outputs(photos, out=tmp_path / "out")
    assert len({name.casefold() for name in names}) == 3
    assert all(name.startswith("a.") and name.endswith(".png") for name in names)


def test_upper_and_lower_case_are_both_done_and_told_apart_for_good(tmp_path: Path) -> None:
    photos = touch(tmp_path / "in", "IMG.JPG", "img.jpg", "Sub/a.jpg", "sub/a.jpg", "b.jpg")
    tasks = plan(find_inputs([photos]), tmp_path / "out")
    names = {task.input.name + task.input.parent.name: task.output.name for task in tasks}
    assert len({str(task.output).casefold() for task in tasks}) == 5
    assert [task.format for task in tasks] == ["jpeg"] * 5
    assert names["b.jpgin"] == "b.jpg"
    touch(photos, "Img.jpg")  # one more changes nothing for the others
    again = plan(find_inputs([photos]), tmp_path / "out")
    later = {task.input.name + task.input.parent.name: task.output.name for task in again}
    assert {key: later[key] for key in names} == names


def test_names_that_differ_in_normal_form_only_are_told_apart(tmp_path: Path) -> None:
    photos = touch(tmp_path / "in", "caf\u00e9.jpg", "cafe\u0301.jpg")
    assert (
        len(set(outputs(photos, out=tmp_path / "out")) & {"caf\u00e9.jpg", "cafe\u0301.jpg"}) == 0
    )


def test_one_photograph_may_go_to_a_file(tmp_path: Path) -> None:
    photo = touch(tmp_path, "a.jpg") / "a.jpg"
    for name, format in (("b.png", "png"), ("b.JPEG", "jpeg"), ("b.tif", "tiff")):
        (task,) = plan(find_inputs([photo]), tmp_path / name)
        assert (task.output, task.format) == (tmp_path / name, format)


def test_a_folder_may_be_called_like_a_file_if_it_is_there(tmp_path: Path) -> None:
    photo = touch(tmp_path, "a.jpg") / "a.jpg"
    (tmp_path / "out.png").mkdir()
    (task,) = plan(find_inputs([photo]), tmp_path / "out.png")
    assert task.output == tmp_path / "out.png" / "a.jpg"


def test_the_name_of_a_file_decides_its_format(tmp_path: Path) -> None:
    photo = touch(tmp_path, "a.jpg") / "a.jpg"
    with pytest.raises(InvalidSetting, match="ends like a png file, but the format is jpeg"):
        plan(find_inputs([photo]), tmp_path / "b.png", format="jpeg")
    with pytest.raises(InvalidSetting, match="a result ends in"):
        plan(find_inputs([photo]), tmp_path / "b.gif")


@pytest.mark.parametrize("name", ["b.jp2", "b.JXL", "b.gif", "b.psd", "b.heic", "b.dng"])
def test_a_format_that_cannot_be_written_is_no_name_of_a_folder(tmp_path: Path, name: str) -> None:
    folder = touch(tmp_path / "in", "a.jpg", "b.jpg")
    for source in (folder / "a.jpg", folder):
        with pytest.raises(InvalidSetting, match=r"cannot be written: a result ends in \.png, "):
            plan(find_inputs([source]), tmp_path / name)
    (tmp_path / name).mkdir()
    assert plan(find_inputs([folder]), tmp_path / name)[0].output == tmp_path / name / "a.jpg"
    assert plan(find_inputs([folder]), tmp_path / "scans.2024")[0].output.name == "a.jpg"


def test_several_photographs_need_a_folder(tmp_path: Path) -> None:
    touch(tmp_path, "one/a.jpg", "one/b.jpg", "b.jpg", "there")
    for sources, out in (
        ([tmp_path / "one"], "c.png"),
        ([tmp_path / "one" / "a.jpg", tmp_path / "b.jpg"], "c.png"),
        ([tmp_path / "one"], "there"),
    ):
        with pytest.raises(InvalidSetting, match="need a folder"):
            plan(find_inputs(sources), tmp_path / out)


@pytest.mark.parametrize("kind", ["same", "link", "hard link"])
def test_an_original_is_never_replaced(tmp_path: Path, kind: str) -> None:
    photo = touch(tmp_path / "in", "a.jpg") / "a.jpg"
    out = tmp_path / "out"
    out.mkdir()
    if kind == "same":
        out = photo.parent
    elif kind == "link":
        (out / "a.jpg").symlink_to(photo)
    else:
        os.link(photo, out / "a.jpg")
    for target in (out, out / "a.jpg"):
        with pytest.raises(InvalidSetting, match="would replace the original"):
            plan(find_inputs([photo]), target)


def test_not_even_the_original_of_another(tmp_path: Path) -> None:
    touch(tmp_path, "photos/old/a.jpg", "photos/new/a.png")
    with pytest.raises(InvalidSetting, match="would replace the original"):
        outputs(
            tmp_path / "photos/old/a.jpg",
            tmp_path / "photos/new",
            out=tmp_path / "photos",
            format="png",
        )


def test_beside_the_original_under_another_name_is_fine(tmp_path: Path) -> None:
    photo = touch(tmp_path, "a.tif") / "a.tif"
    assert outputs(photo, out=tmp_path) == ["a.png"]
