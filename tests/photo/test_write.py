"""Writing: exact pixels, depth, alpha, profiles, and files that appear whole or not at all."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from colorizer.errors import InvalidSetting, OutputError
from colorizer.photo import WRITABLE_FORMATS, Metadata, Photo, read, write

from .pictures import noise, same, smooth


def encoded(photo: Photo, **options: Any) -> bytes:
    buffer = io.BytesIO()
    write(photo, buffer, **options)
    return buffer.getvalue()


def decoded(data: bytes, kind: str) -> np.ndarray:
    """Read back by a route other than our own."""
    import imagecodecs

    if kind == "tiff":
        return tifffile.imread(io.BytesIO(data))
    return (
        imagecodecs.png_decode(data) if kind == "png" else np.asarray(Image.open(io.BytesIO(data)))
    )


@pytest.mark.parametrize("kind", ["png", "tiff"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("alpha", [False, True])
def test_lossless_formats_are_exact(kind: str, dtype: type, colour: bool, alpha: bool) -> None:
    pixels = noise(*((300, 40, 3) if colour else (300, 40)), dtype=dtype)
    opacity = noise(300, 40, dtype=dtype, seed=1) if alpha else None
    bits = np.dtype(dtype).itemsize * 8
    data = encoded(Photo(pixels, opacity, bits), format=kind)
    expected = pixels if opacity is None else np.dstack([pixels, opacity])
    assert decoded(data, kind).dtype == dtype
    assert np.array_equal(decoded(data, kind), expected)
    again = read(data)
    assert again.bit_depth == bits
    if not colour:
        assert np.array_equal(again.pixels, pixels)
    if alpha:
        assert same(again.alpha, opacity)


def test_tiff_is_readable_by_pillow_too() -> None:
    rgb = noise(300, 40, 3)
    data = encoded(Photo(rgb), format="tiff")
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), rgb)


def test_tiff_in_several_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colorizer.photo.encoders.tiff._STRIP_BYTES", 1000)
    grey = noise(100, 33, dtype=np.uint16)
    data = encoded(Photo(grey, bit_depth=16), format="tiff")
    with tifffile.TiffFile(io.BytesIO(data)) as source:
        assert len(source.pages[0].dataoffsets) == 7
        assert np.array_equal(source.pages[0].asarray(), grey)


def test_eight_bits_are_rounded_from_sixteen() -> None:
    pixels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    data = encoded(Photo(pixels, bit_depth=8), format="png")
    assert np.array_equal(decoded(data, "png"), np.rint(pixels / 257))


def test_bit_depth_can_be_chosen() -> None:
    grey = noise()
    assert np.array_equal(
        decoded(encoded(Photo(grey), format="png", bit_depth=16), "png"), grey.astype(int) * 257
    )
    wide = Photo(noise(dtype=np.uint16), bit_depth=16)
    assert decoded(encoded(wide, format="tiff", bit_depth=8), "tiff").dtype == np.uint8
    assert decoded(encoded(wide, format="jpeg"), "jpeg").dtype == np.uint8
    with pytest.raises(OutputError, match="8 bits only"):
        encoded(wide, format="jpeg", bit_depth=16)
    with pytest.raises(InvalidSetting):
        encoded(wide, format="png", bit_depth=12)


def test_jpeg_is_4_4_4_and_quality_counts() -> None:
    rgb = noise(64, 64, 3)
    image: Any = Image.open(io.BytesIO(encoded(Photo(rgb), format="jpeg")))
    assert [layer[1:3] for layer in image.layer] == [(1, 1)] * 3
    fine = np.asarray(Image.open(io.BytesIO(encoded(Photo(rgb), format="jpeg", quality=100))))
    assert np.abs(fine.astype(int) - rgb).mean() < 1.5
    sizes = [len(encoded(Photo(rgb), format="jpeg", quality=q)) for q in (30, 60, 95)]
    assert sizes == sorted(sizes)
    for quality in (0, 101):
        with pytest.raises(InvalidSetting):
            encoded(Photo(rgb), format="jpeg", quality=quality)


def test_jpeg_lays_alpha_on_white() -> None:
    pixels = np.zeros((16, 16, 3), np.uint8)
    alpha = np.zeros((16, 16), np.uint8)
    alpha[:, 8:] = 255
    result = decoded(encoded(Photo(pixels, alpha), format="jpeg", quality=100), "jpeg")
    assert (result[:, :8].min(), result[:, 8:].max()) == (255, 0)


@pytest.mark.parametrize("shape", [(1, 1, 3), (300, 37, 3), (299, 40), (333, 50, 3), (8, 900)])
@pytest.mark.parametrize("strip", [1, 1 << 13])
def test_jpeg_in_strips_has_the_pixels_of_one_in_one_go(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], strip: int
) -> None:
    """Also with so many strips that the numbers of the restart markers start again."""
    monkeypatch.setattr("colorizer.photo.encoders.jpeg._STRIP_PIXELS", strip)
    pixels = noise(*shape)
    data = encoded(Photo(pixels), format="jpeg", quality=85)
    whole = io.BytesIO()
    Image.fromarray(pixels).save(whole, "JPEG", quality=85, subsampling=0)
    assert np.array_equal(decoded(data, "jpeg"), np.asarray(Image.open(whole)))
    assert np.array_equal(read(data).pixels, read(whole.getvalue()).pixels)


def test_jpeg_with_alpha_in_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    photo = Photo(noise(90, 33, 3), noise(90, 33, seed=1))
    whole = decoded(encoded(photo, format="jpeg"), "jpeg")
    monkeypatch.setattr("colorizer.photo.encoders.jpeg._STRIP_PIXELS", 1)
    assert np.array_equal(decoded(encoded(photo, format="jpeg"), "jpeg"), whole)


def test_webp_lossless_and_lossy() -> None:
    rgb, alpha = noise(20, 30, 3), noise(20, 30)
    exact = decoded(encoded(Photo(rgb, alpha), format="webp", lossless=True), "webp")
    assert np.array_equal(exact, np.dstack([rgb, alpha]))
    gentle = smooth(3, 64, 64)
    lossy = decoded(encoded(Photo(gentle), format="webp", quality=95), "webp")
    assert 0 < np.abs(lossy.astype(int) - gentle).mean() < 4


@pytest.mark.parametrize("kind", WRITABLE_FORMATS)
@pytest.mark.parametrize("colour", [False, True])
def test_an_srgb_profile_is_embedded(kind: str, colour: bool) -> None:
    pixels = noise(8, 8, 3) if colour else noise(8, 8)
    image = Image.open(io.BytesIO(encoded(Photo(pixels), format=kind)))
    profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    assert profile.profile.xcolor_space.strip() == ("RGB" if colour else "GRAY")


@pytest.mark.parametrize("kind", WRITABLE_FORMATS)
def test_writing_is_reproducible(kind: str) -> None:
    photo = Photo(noise(8, 8, 3))
    assert encoded(photo, format=kind) == encoded(photo, format=kind)


@pytest.mark.parametrize(
    ("name", "magic"),
    [("a.png", b"\x89PNG"), ("a.JPG", b"\xff\xd8"), ("a.jpeg", b"\xff\xd8"), ("a.webp", b"RIFF"),
     ("a.tif", b"II*\0"), ("a.TIFF", b"II*\0")],
)  # fmt: skip
def test_the_suffix_chooses_the_format(tmp_path: Path, name: str, magic: bytes) -> None:
    write(Photo(noise()), tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(magic)
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("name", ["a", "a.bmp", "a.heic", "png"])
def test_unknown_formats(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="choose png, jpeg, webp, tiff"):
        write(Photo(noise()), tmp_path / name)
    assert not os.listdir(tmp_path)
    with pytest.raises(OutputError):
        write(Photo(noise()), io.BytesIO())
    with pytest.raises(OutputError):
        write(Photo(noise()), io.BytesIO(), format="exr")


@pytest.mark.parametrize(("kind", "side"), [("jpeg", 65_501), ("webp", 16_384)])
def test_sides_that_a_format_cannot_hold(tmp_path: Path, kind: str, side: int) -> None:
    with pytest.raises(OutputError, match="choose PNG or TIFF"):
        write(Photo(np.zeros((1, side), np.uint8)), tmp_path / "x", format=kind)
    assert not os.listdir(tmp_path)


def test_failures_leave_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match="No space left"):
        write(Photo(noise()), path)
    assert os.listdir(tmp_path) == ["a.png"]
    assert path.read_bytes() == b"old"


def test_an_interruption_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("imagecodecs.png_encode", stop)
    with pytest.raises(KeyboardInterrupt):
        write(Photo(noise()), tmp_path / "a.png")
    assert not os.listdir(tmp_path)


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="does not exist"):
        write(Photo(noise()), tmp_path / "no" / "a.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        write(Photo(noise()), tmp_path / "folder.png")
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        write(Photo(noise()), tmp_path / "file" / "a.png")
    with pytest.raises(OutputError, match="device"):
        write(Photo(noise()), "/dev/null", format="png")
    assert not stat.S_ISREG(os.stat("/dev/null").st_mode)


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_file_modes_and_links(tmp_path: Path) -> None:
    real = tmp_path / "real.png"
    write(Photo(noise()), real)
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(real.stat().st_mode) == 0o666 & ~umask
    real.chmod(0o600)
    link = tmp_path / "link.png"
    link.symlink_to(real)
    write(Photo(noise(3, 3)), link)
    assert link.is_symlink()
    assert read(real).pixels.shape == (3, 3)
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_a_failing_stream() -> None:
    class Broken(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError("gone")

    with pytest.raises(OutputError, match="gone"):
        write(Photo(noise()), Broken(), format="png")


@pytest.mark.parametrize("kind", WRITABLE_FORMATS)
def test_resolution(kind: str) -> None:
    photo = Photo(noise(), metadata=Metadata(dpi=(300.0, 144.0)))
    data = encoded(photo, format=kind)
    assert read(data).metadata.dpi == pytest.approx((300, 144), rel=1e-4)
    assert read(encoded(Photo(noise()), format=kind)).metadata.dpi is None
