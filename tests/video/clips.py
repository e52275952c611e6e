"""Clips of moving shapes, and a network that answers by lightness, for the tests of films."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image

from colorizer import pipeline
from colorizer.color.bins import ab_bins
from colorizer.color.upsample import mean_of_blocks
from colorizer.photo import Photo, Provenance
from colorizer.pipeline import shrink_lightness
from colorizer.prediction import Prediction, padded, working_shape
from colorizer.settings import Settings
from colorizer.video import Result, colorize

Array = NDArray[Any]

#: sides of the usual clip, px
WIDTH, HEIGHT = 160, 96
RATE = 25


def shapes(number: int, scene: int = 0, width: int = WIDTH, height: int = HEIGHT) -> Array:
    """Frame of a scene, (h, w) uint8: a textured ground, and a bright square that moves over it."""
    draw = np.random.default_rng(scene)
    coarse = draw.integers(40, 110, (height // 8 + 2, width // 8 + 2))
    ground = np.kron(coarse, np.ones((8, 8)))[:height, :width]
    side = height // 3
    x = 10 + 2 * number % max(width - side - 20, 1)
    y = height // 3 + scene % 7
    frame = ground.copy()
    square = draw.integers(170, 220, (side // 4 + 1, side // 4 + 1))
    frame[y : y + side, x : x + side] = np.kron(square, np.ones((4, 4)))[:side, :side]
    return frame.astype(np.uint8)


def fill(picture: Any, index: int, values: Array) -> None:
    """Put samples into a plane of a new frame."""
    plane = picture.planes[index]
    dtype = values.dtype
    samples: Array = np.frombuffer(memoryview(plane), dtype)
    samples = samples.reshape(-1, plane.line_size // dtype.itemsize)
    samples[: plane.height, : plane.width] = values


def write_clip(
    path: Path,
    frames: Iterable[Array],
    *,
    codec: str = "ffv1",
    pixel_format: str = "yuv420p",
    times: Sequence[int] | None = None,
    time_base: Fraction = Fraction(1, 1000),
    options: dict[str, str] | None = None,
    sound: bool = False,
    rotation: int = 0,
    aspect: Fraction | None = None,
    fields: str = "",
    colour_range: int = 1,
    matrix: int = 2,
    metadata: dict[str, str] | None = None,
    chapters: Any = None,
    container: str | None = None,
) -> Path:
    """A film with these luma planes and no colour; a tone beside them if ``sound`` is wanted.

    ``times``: of each frame in the time base; every 40 ms if it is None.
    """
    frames = list(frames)
    height, width = frames[0].shape
    with av.open(str(path), "w", format=container) as film:
        film.metadata.update(metadata or {})
        stream: Any = film.add_stream(codec, rate=RATE, options=options or {})
        context = stream.codec_context
        context.width, context.height, context.pix_fmt = width, height, pixel_format
        context.time_base = time_base
        context.color_range, context.colorspace = colour_range, matrix
        if aspect is not None:
            context.sample_aspect_ratio = aspect
        if fields:
            context.options = {**(options or {}), "flags": "+ildct+ilme"}
        if rotation:
            stream.set_display_rotation(rotation)
        if chapters:
            film.set_chapters(chapters)
        tone: Any = film.add_stream("aac", rate=48000, layout="mono") if sound else None
        graph = _graph(width, height, pixel_format, time_base, fields) if fields else None
        depth = 1 << (8 * frames[0].dtype.itemsize - 1)
        for number, luma in enumerate(frames):
            picture = av.VideoFrame(width, height, pixel_format)
            fill(picture, 0, luma)
            for index in range(1, len(picture.planes)):
                neutral = 512 if "10le" in pixel_format else depth
                shape = picture.planes[index].height, picture.planes[index].width
                fill(picture, index, np.full(shape, neutral, luma.dtype))
            picture.color_range, picture.colorspace = colour_range, matrix
            picture.pts = number * 40 if times is None else times[number]
            picture.time_base = time_base
            if graph is not None:
                pts = picture.pts
                graph.push(picture)
                picture = graph.pull()
                picture.pts = pts
            film.mux(stream.encode(picture))
        film.mux(stream.encode(None))
        if tone is not None:
            _add_tone(film, tone, len(frames) / RATE)
    return path


def _graph(width: int, height: int, pixel_format: str, base: Fraction, fields: str) -> Any:
    from av.filter import Graph

    graph: Any = Graph()
    graph.link_nodes(
        graph.add_buffer(width=width, height=height, format=pixel_format, time_base=base),
        graph.add("setfield", fields),
        graph.add("buffersink"),
    ).configure()
    return graph


def _add_tone(film: Any, tone: Any, seconds: float) -> None:
    for start in range(0, int(seconds * 48000), 1024):
        wave = np.sin(np.arange(start, start + 1024) * 0.05).astype(np.float32)[None] / 4
        frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        film.mux(tone.encode(frame))
    film.mux(tone.encode(None))


def by_lightness(lightness: Array) -> Array:
    """The ab that the network below knows: what is bright is red, what is dark is blue; (…, 2)."""
    return np.where(lightness[..., None] > 60, [45.0, 30.0], [5.0, -35.0])


class KnowingColorizer:
    """A colorizer whose network knows colours by lightness, and may waver from frame to frame.

    Args:
        wavering: Lab units by which each answer as a whole is off at random.
    """

    name = "knowing"

    def __init__(self, wavering: float = 0.0, on_predict: Callable[[], None] | None = None) -> None:
        self.weights = SimpleNamespace(
            sha256="0" * 64, name="knowing", network="knowing", features_id="", folder=None
        )
        self.wavering = wavering
        self.on_predict = on_predict
        self.calls = 0
        self._draw = np.random.default_rng(5)

    def predict(self, photo: Photo, *, working_size: int | None = None, hints: Any = ()) -> Any:
        """As :meth:`colorizer.Colorizer.predict`, at 128 px."""
        if self.on_predict is not None:
            self.on_predict()
        self.calls += 1
        shape = working_shape(photo.height, photo.width, 128)
        lightness = shrink_lightness(photo, *shape)
        (places,) = mean_of_blocks(padded(lightness)[None], 4)
        wanted = by_lightness(places) + self._draw.normal(0, 1, 2) * self.wavering
        distance = ((wanted[..., None, :] - ab_bins(np.float64)) ** 2).sum(-1)
        logits = (-distance / (2 * 6.0**2)).transpose(2, 0, 1).astype(np.float16)
        return Prediction(
            logits,
            lightness,
            photo.height,
            photo.width,
            "knowing",
            "0" * 64,
            128,
            1.0,
            np.ones(313, np.float32),
        )

    def colorize(self, photo: Photo, settings: Settings, guidance: Any) -> Photo:
        """As :meth:`colorizer.Colorizer.colorize`."""
        return pipeline.render(photo, self.predict(photo), settings, guidance)

    def provenance(self, settings: Settings, guidance: Any = None) -> Provenance:
        """A note."""
        return Provenance("knowing", "0" * 64, settings.as_dict(), "1.2.3")


def rgb_frames(path: Path) -> list[Array]:
    """All frames of a film as players show them, (H, W, 3) uint8."""
    with av.open(str(path)) as film:
        return [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]


def planes_of(path: Path) -> list[list[Array]]:
    """Y', Cb and Cr of all frames."""
    found = []
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            deep = max(component.bits for component in frame.format.components) > 8
            dtype = np.dtype(np.uint16 if deep else np.uint8)
            planes = []
            for plane in frame.planes:
                samples: Array = np.frombuffer(memoryview(plane), dtype)
                samples = samples.reshape(-1, plane.line_size // dtype.itemsize)
                planes.append(samples[: plane.height, : plane.width].copy())
            found.append(planes)
    return found


def render(source: Path, target: Path, colorizer: Any = None, **options: Any) -> Result:
    """Colour a film."""
    model: Any = colorizer or KnowingColorizer()
    return colorize(source, target, model, **options)


def deep(number: int, scene: int = 1) -> Array:
    """Of 16 bits, with something in the lower ones."""
    noise = np.random.default_rng(number).integers(0, 257, (HEIGHT, WIDTH))
    return (shapes(number, scene=scene).astype(np.uint16) * 256 + noise).astype(np.uint16)


def write_frames(
    folder: Path, frames: Sequence[Array], pattern: str = "scan_{:04d}.png", first: int = 1
) -> Path:
    """A folder of pictures, called by their numbers."""
    folder.mkdir()
    for number, pixels in enumerate(frames, first):
        file = folder / pattern.format(number)
        if file.suffix == ".tif":
            tifffile.imwrite(file, pixels, photometric="minisblack")
        else:
            Image.fromarray(pixels).save(file)
    return folder


def names(folder: Path) -> list[str]:
    """Of what is in a folder."""
    return sorted(file.name for file in folder.iterdir())
