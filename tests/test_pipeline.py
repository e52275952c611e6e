"""The pipeline with an engine whose colours are known, and once with the real one."""

import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from colorizer import Guidance, Hint, Reference, networks
from colorizer.color.bins import BIN_COUNT, decode, nearest_bin
from colorizer.color.hues import HUES
from colorizer.color.lab import srgb_to_lab
from colorizer.color.second_look import OUTPUTS, PLANES
from colorizer.color.upsample import enlarge
from colorizer.engines import Answer
from colorizer.errors import InvalidSetting, PredictionMismatch
from colorizer.photo import Photo, write
from colorizer.photo.mount import Box
from colorizer.pipeline import Colorizer, provenance, render, shrink_lightness
from colorizer.prediction import Prediction, logits_shape, look_shape, working_shape
from colorizer.settings import Settings
from colorizer.working import native_ab

PLAIN = Settings(saturation=1.0, cast_removal=0.0, temperature=0.0, edge_refinement=0.0)


class FakeEngine:
    """Answers with one colour, or with noise; remembers the shapes it was asked for."""

    name, device, precision = "fake", "cpu", "float32"

    def __init__(self, ab: tuple[float, float] | None = None) -> None:
        self.ab = ab
        self.shapes: list[tuple[int, ...]] = []
        self.hints: np.ndarray | None = None

    def answer(self, lightness: np.ndarray, hints: np.ndarray | None = None) -> Answer:
        self.hints = hints
        return Answer(self.logits(lightness))

    def refine(self, planes: np.ndarray) -> np.ndarray:
        raise AssertionError("there is no refiner")

    def logits(self, lightness: np.ndarray) -> np.ndarray:
        self.shapes.append(lightness.shape)
        count, height, width = lightness.shape
        shape = (count, 313, height // 4, width // 4)
        if self.ab is None:
            return np.random.default_rng(0).normal(0, 4, shape).astype(np.float32)
        result = np.zeros(shape, np.float32)
        result[:, int(nearest_bin(np.array(self.ab, np.float32)))] = 20.0
        return result


def colorizer(ab: tuple[float, float] | None = None, network: str = "eccv16") -> Colorizer:
    weights: Any = SimpleNamespace(
        name="fake",
        network=network,
        sha256="0" * 64,
        native_temperature=1.0,
        rebalancing_weights=np.ones(BIN_COUNT, np.float32),
        features_id="fake",
        folder=None,
    )
    return Colorizer(weights, engine=FakeEngine(ab))


def grey(height: int, width: int, dtype: Any = np.uint8, bit_depth: int = 8) -> Photo:
    top = np.iinfo(dtype).max
    pixels = np.random.default_rng(height * width).integers(0, top + 1, (height, width))
    return Photo(pixels.astype(dtype), bit_depth=bit_depth)


def lightness_error(result: Photo, photo: Photo) -> float:
    top = np.iinfo(result.pixels.dtype).max
    lab = srgb_to_lab(result.pixels.astype(np.float64) / top)
    return float(np.abs(lab[..., 0] - photo.lightness()).max())


@pytest.mark.parametrize(
    ("dtype", "depth", "bound"),
    [(np.uint8, 8, 0.6), (np.uint16, 8, 0.6), (np.uint16, 16, 0.02)],
)
@pytest.mark.parametrize("ab", [(60.0, 60.0), (-80.0, 70.0), (20.0, -100.0), None])
def test_lightness_is_kept(dtype: Any, depth: int, bound: float, ab: Any) -> None:
    """Also where the asked-for colour is far outside the gamut."""
    photo = grey(90, 130, dtype, depth)
    result = colorizer(ab).colorize(photo, Settings(saturation=2.0, warmth=10.0, tint=-5.0))
    assert result.pixels.dtype == (np.uint16 if depth == 16 else np.uint8)
    assert lightness_error(result, photo) <= bound


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 70), st.integers(1, 70))
def test_any_size_works(height: int, width: int) -> None:
    assert colorizer().colorize(grey(height, width)).pixels.shape == (height, width, 3)


@pytest.mark.parametrize("shape", [(1, 3000), (3000, 2), (1000, 37)])
def test_extreme_shapes_work_and_stay_bounded(shape: tuple[int, int]) -> None:
    maker = colorizer()
    assert maker.colorize(grey(*shape)).pixels.shape == (*shape, 3)
    engine = maker.engine
    assert isinstance(engine, FakeEngine)
    assert max(engine.shapes[0]) <= 6 * 256 + 8


def test_the_network_sees_multiples_of_8_and_the_asked_short_side() -> None:
    maker = colorizer()
    maker.predict(grey(100, 143), working_size=200)
    engine = maker.engine
    assert isinstance(engine, FakeEngine)
    assert engine.shapes == [(1, 200, 288)]
    assert working_shape(100, 143, 200) == (200, 286)


@pytest.mark.parametrize("size", [100, 127, 1025, 200.5])
def test_a_working_size_out_of_range_is_refused(size: Any) -> None:
    with pytest.raises(InvalidSetting):
        colorizer().predict(grey(20, 20), working_size=size)


def test_a_colour_photo_is_refused() -> None:
    maker, photo = colorizer(), grey(20, 20)
    coloured = Photo(np.zeros((20, 20, 3), np.uint8))
    with pytest.raises(InvalidSetting):
        maker.predict(coloured)
    with pytest.raises(InvalidSetting):
        maker.render(coloured, maker.predict(photo))


def mid_grey() -> Photo:
    return Photo(np.full((64, 64), 118, np.uint8))


def mean_ab(photo: Photo) -> tuple[float, float]:
    lab = srgb_to_lab(photo.pixels / 255.0)
    return float(lab[..., 1].mean()), float(lab[..., 2].mean())


def test_the_asked_for_colour_comes_out() -> None:
    assert mean_ab(colorizer((20.0, 30.0)).colorize(mid_grey(), PLAIN)) == pytest.approx(
        (20.0, 30.0), abs=0.5
    )


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"strength": 0.0}, (0.0, 0.0)),
        ({"saturation": 0.0}, (0.0, 0.0)),
        ({"saturation": 0.5}, (10.0, 10.0)),
        ({"strength": 0.5}, (10.0, 10.0)),
        ({"warmth": 12.0}, (20.0, 32.0)),
        ({"tint": -12.0}, (8.0, 20.0)),
        ({"warmth": 10.0, "strength": 0.5}, (10.0, 15.0)),
    ],
)
def test_what_the_render_parameters_do(
    change: dict[str, float], expected: tuple[float, float]
) -> None:
    maker = colorizer((20.0, 20.0))
    photo = mid_grey()
    result = maker.render(photo, maker.predict(photo), PLAIN.with_changes(change))
    assert mean_ab(result) == pytest.approx(expected, abs=0.5)


def test_strength_zero_is_the_original() -> None:
    photo = grey(50, 60)
    result = colorizer().colorize(photo, Settings(strength=0.0))
    np.testing.assert_array_equal(result.pixels, photo.pixels[..., None].repeat(3, -1))


def test_rendering_does_not_run_the_network() -> None:
    maker, photo = colorizer(), mid_grey()
    prediction = maker.predict(photo)
    for temperature in (0.0, 0.38, 1.0):
        maker.render(photo, prediction, Settings(temperature=temperature))
    engine = maker.engine
    assert isinstance(engine, FakeEngine)
    assert len(engine.shapes) == 1


def test_a_preview_renders_from_the_same_prediction() -> None:
    maker = colorizer((20.0, 20.0))
    prediction = maker.predict(mid_grey())
    preview = Photo(np.full((32, 32), 118, np.uint8))
    assert mean_ab(maker.render(preview, prediction, PLAIN)) == pytest.approx((20, 20), abs=0.5)


def test_alpha_and_metadata_come_along() -> None:
    photo = replace(grey(20, 30), alpha=np.arange(600, dtype=np.uint8).reshape(20, 30))
    result = colorizer().colorize(photo)
    assert result.metadata == photo.metadata
    np.testing.assert_array_equal(result.alpha, photo.alpha)


@pytest.mark.parametrize("shape", [(700, 900), (2100, 1501), (64, 2000)])
def test_shrinking_keeps_places_and_means(shape: tuple[int, int]) -> None:
    """A ramp stays a ramp: no shift, also through block averaging."""
    height, width = shape
    ramp = np.broadcast_to(np.linspace(10, 245, width), shape).round().astype(np.uint8)
    small = shrink_lightness(Photo(ramp), *working_shape(height, width, 256))
    expected = Photo(ramp).lightness()[0]
    middles = (np.arange(small.shape[1]) + 0.5) * width / small.shape[1] - 0.5
    sampled = np.interp(middles, np.arange(width), expected)
    # less than one block is left out at the right border, hence the bound
    assert np.abs(small[small.shape[0] // 2] - sampled).max() < 0.8


def test_the_provenance_names_model_weights_and_settings() -> None:
    note = colorizer().provenance(Settings(warmth=3.0))
    assert (note.model, note.weights_sha256) == ("fake", "0" * 64)
    assert note.settings["warmth"] == 3.0
    assert note.settings["model"] == "fake"


def test_a_prediction_suffices_to_render() -> None:
    """No weights, no engine; the native temperature travels with it."""
    maker = colorizer()
    maker.weights.native_temperature = 0.5  # type: ignore[misc]
    photo = grey(60, 90)
    prediction = maker.predict(photo, working_size=128)
    wanted = Settings(temperature=0.7, coherence=0)
    expected = maker.render(photo, prediction, wanted).pixels
    np.testing.assert_array_equal(render(photo, prediction, wanted).pixels, expected)
    warmer = replace(prediction, native_temperature=1.0)
    assert not np.array_equal(render(photo, warmer, wanted).pixels, expected)
    doubled = Settings(temperature=0.35, coherence=0)
    np.testing.assert_array_equal(render(photo, warmer, doubled).pixels, expected)
    assert prediction.logits.shape[1:] == logits_shape(*prediction.lightness.shape)


def test_rare_colours_can_be_favoured_less() -> None:
    """A bin that the training made likelier by its weight loses that with rebalancing 0."""
    maker = colorizer((60.0, 40.0))
    photo = grey(40, 40)
    prediction = maker.predict(photo, working_size=128)
    weights = np.ones(BIN_COUNT, np.float32)
    weights[int(nearest_bin(np.array((60.0, 40.0), np.float32)))] = np.exp(40)
    rare = replace(prediction, rebalancing_weights=weights)

    def chroma(of: Prediction, rebalancing: float) -> float:
        picture = render(photo, of, Settings(temperature=1, rebalancing=rebalancing))
        lab = srgb_to_lab(picture.pixels.astype(np.float32) / 255)
        return float(np.hypot(lab[..., 1], lab[..., 2]).mean())

    assert chroma(rare.bare(), 1.0) == chroma(prediction, 1.0) == chroma(prediction, 0.0)
    assert chroma(prediction, 1.0) > 10
    assert chroma(rare, 0.0) < chroma(prediction, 1.0) / 2


def patchiness(photo: Photo) -> float:
    lab = srgb_to_lab(photo.pixels.astype(np.float32) / 255)
    return float(lab[..., 1:].std(axis=(0, 1)).sum())


def test_coherence_goes_from_place_by_place_to_one_thing() -> None:
    maker, photo = colorizer(), mid_grey()
    prediction = maker.predict(photo, working_size=128)
    plain = Settings(cast_removal=0.0, edge_refinement=0.0, temperature=0.3)
    found = [
        patchiness(render(photo, prediction, plain.with_changes({"coherence": c})))
        for c in (0.0, 0.5, 1.0)
    ]
    assert found[0] > 1.5 * found[1]
    assert found[1] > 1.5 * found[2]


def test_its_size_counts_what_is_derived_from_it() -> None:
    """Whoever keeps predictions in memory goes by it."""
    maker = colorizer()
    maker.engine = LookingEngine((30.0, 40.0))
    prediction = maker.predict(mid_grey(), working_size=128)
    assert prediction.likeness is not None
    found, field = prediction.statistics, prediction.field
    arrays = [found.hues, found.expected, found.variance, found.classes, found.favoured.hues]
    arrays += [prediction.usual.hues, prediction.usual.expected]
    arrays += [found.favoured.expected, found.share, field.confidence, field.right, field.down]
    stored = prediction.logits.nbytes + prediction.lightness.nbytes + prediction.likeness.nbytes
    assert prediction.nbytes > stored + sum(array.nbytes for array in arrays)


def test_a_second_look_changes_colours_as_far_as_is_asked_for() -> None:
    maker, photo = colorizer((30.0, 40.0)), mid_grey()
    prediction = maker.predict(photo, working_size=128)
    look = np.zeros(look_shape(128, 128), np.float16)
    look[:HUES] = -30  # it believes in nothing
    seen = replace(prediction, look=look)

    def chroma(of: Prediction, **changes: float) -> float:
        a, b = native_ab(of, PLAIN.with_changes({"temperature": 0.7, **changes}))
        return float(np.hypot(a, b).mean())

    plain = chroma(prediction)
    assert plain > 40
    assert chroma(seen) == pytest.approx(0, abs=0.01)
    assert chroma(seen, second_look=0.5) == pytest.approx(plain / 2, abs=0.01)
    assert chroma(seen, second_look=0) == plain
    assert chroma(seen, coherence=0) == chroma(prediction, coherence=0)
    assert chroma(seen.bare()) == chroma(prediction.bare())


class LookingEngine(FakeEngine):
    """Has a refiner that believes in nothing on the left."""

    def answer(self, lightness: np.ndarray, hints: np.ndarray | None = None) -> Answer:
        count, height, width = lightness.shape
        features = np.zeros((count, 3, height // 8, width // 8), np.float32)
        return Answer(self.logits(lightness), features)

    def refine(self, planes: np.ndarray) -> np.ndarray:
        self.shapes.append(planes.shape)
        look = np.zeros((1, OUTPUTS, *planes.shape[2:]), np.float32)
        look[:, :HUES, :, : planes.shape[3] // 2] = -30
        return look


def test_the_refiner_is_asked_once_and_padded_for() -> None:
    maker = colorizer((30.0, 40.0))
    maker.engine = LookingEngine((30.0, 40.0))
    photo = grey(136, 200)
    prediction = maker.predict(photo, working_size=136)
    assert prediction.look is not None
    assert prediction.look.dtype == np.float16
    assert prediction.look.shape == look_shape(136, 200) == (OUTPUTS, 17, 25)
    assert maker.engine.shapes[1:] == [(1, PLANES + 3, 20, 28)]
    a, b = native_ab(prediction, PLAIN)
    assert np.hypot(a, b)[:, :80].max() < 1
    assert np.hypot(a, b)[:, -60:].min() > 40


def test_what_looks_alike_is_known_where_there_are_features() -> None:
    maker = colorizer((0.0, 10.0))
    maker.engine = LookingEngine((0.0, 10.0))
    prediction = maker.predict(grey(136, 200), working_size=136)
    assert prediction.likeness is not None
    before = replace(prediction, features=None)  # as earlier versions stored it
    assert before.likeness is None
    even, drifting = (
        native_ab(p, PLAIN)[1][:, [20, -20]].mean(axis=0) for p in (prediction, before)
    )
    assert np.ptp(drifting) > 8  # half of it was not believed in
    assert np.ptp(even) < 0.7 * np.ptp(drifting)
    alone = PLAIN.with_changes({"coherence": 0})
    np.testing.assert_array_equal(native_ab(prediction, alone), native_ab(before, alone))


def test_without_coherence_the_paper_decodes() -> None:
    """Coherence 0 is the annealed mean of each place and nothing else."""
    maker, photo = colorizer(), mid_grey()
    prediction = maker.predict(photo, working_size=128)
    alone = Settings(coherence=0, cast_removal=0.0, temperature=0.4)
    expected = enlarge(decode(prediction.logits, 0.4), 128, 128)
    np.testing.assert_allclose(native_ab(prediction, alone), expected, atol=1e-4)


@pytest.mark.parametrize("shape", [(1024, 1024), (300, 1800)])
def test_the_largest_working_size_stays_bounded(shape: tuple[int, int]) -> None:
    maker, photo = colorizer((20.0, 20.0)), Photo(np.full(shape, 118, np.uint8))
    prediction = maker.predict(photo, working_size=min(shape))
    assert prediction.field.shape == prediction.logits.shape[1:]
    assert mean_ab(maker.render(photo, prediction, PLAIN)) == pytest.approx((20, 20), abs=0.5)


def test_the_provenance_of_a_prediction_is_what_happened() -> None:
    prediction = colorizer().predict(grey(20, 20), working_size=160)
    note = provenance(prediction, Settings(model="other", working_size=512, tint=2.0))
    assert (note.model, note.weights_sha256) == ("fake", "0" * 64)
    expected = Settings(model="fake", working_size=160, tint=2.0)
    assert note.settings == expected.as_dict()


def test_a_hint_colours_its_thing_and_nothing_far_away() -> None:
    pixels = np.full((64, 96), 90, np.uint8)
    pixels[:, 48:] = 200
    photo = Photo(pixels)
    prediction = colorizer((-20.0, 20.0)).predict(photo)
    usual = Settings()
    plain = render(photo, prediction, usual).pixels
    guided = render(photo, prediction, usual, Guidance((Hint(0.25, 0.5, (30, 20)),))).pixels
    a, b = srgb_to_lab(guided.astype(np.float32) / 255)[32, 24, 1:]
    assert (a, b) == pytest.approx((30, 20), abs=2)
    np.testing.assert_array_equal(guided[:, 60:], plain[:, 60:])
    np.testing.assert_array_equal(render(photo, prediction, usual, Guidance()).pixels, plain)


HINTED = Guidance((Hint(1, 1, (20, -10)), Hint(0, 0, "keep grey")))


def shown(network: str, guidance: Guidance | None) -> np.ndarray | None:
    """The hints that a network is asked with for a photograph that must be padded."""
    maker = colorizer(network=network)
    maker.colorize(grey(133, 200), Settings(working_size=133), guidance)
    assert isinstance(maker.engine, FakeEngine)
    return maker.engine.hints


def test_a_network_that_takes_hints_is_shown_them() -> None:
    assert colorizer(network="siggraph17").takes_hints
    planes = shown("siggraph17", HINTED)
    assert planes is not None
    assert planes.shape == (1, 3, 136, 200)
    np.testing.assert_array_equal(planes[0, :, 132, 199], [20, -10, 1])
    np.testing.assert_array_equal(planes[0, :, 0, 0], [0, 0, 1])
    assert not planes[:, :, 133:].any()


@pytest.mark.parametrize(
    ("network", "guidance"), [("eccv16", HINTED), ("siggraph17", Guidance()), ("siggraph17", None)]
)
def test_no_hints_are_shown_where_there_are_none_or_none_are_taken(
    network: str, guidance: Guidance | None
) -> None:
    assert shown(network, guidance) is None


def test_a_file_of_siggraph17_colours_with_hints(tmp_path: Path) -> None:
    """From a file such as was released, which has no counters, through the engine."""
    torch.manual_seed(0)
    state = networks.build("siggraph17").state_dict()
    released = {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    torch.save(released, tmp_path / "theirs.pth")
    maker = Colorizer.load(str(tmp_path / "theirs.pth"), device="cpu")
    assert (maker.name, maker.engine.name, maker.takes_hints) == ("theirs", "torch", True)
    guidance = Guidance((Hint(0.5, 0.5, (30, 40)),))
    small = Settings(working_size=128, cast_removal=0.0)
    result = maker.colorize(mid_grey(), small, guidance)
    middle = result.pixels[result.height // 2, result.width // 2]
    a, b = srgb_to_lab(middle.astype(np.float32)[None, None] / 255)[0, 0, 1:]
    assert (a, b) == pytest.approx((30, 40), abs=3)
    plain, hinted = (
        maker.predict(mid_grey(), working_size=128, hints=hints) for hints in ((), guidance.hints)
    )
    assert not np.array_equal(plain.logits, hinted.logits)


def test_a_reference_gives_its_palette() -> None:
    prediction = colorizer().predict(grey(64, 96))
    reds = np.zeros(313)
    reds[int(nearest_bin(np.array([[60, 40]], np.float32))[0])] = 1
    plain = native_ab(prediction, PLAIN).mean((1, 2))
    taken = [
        native_ab(prediction, PLAIN, Reference(tuple(reds), amount)).mean((1, 2))
        for amount in (0.0, 0.5, 1.0)
    ]
    np.testing.assert_allclose(taken[0], plain, atol=1e-4)
    assert plain[0] < taken[1][0] < taken[2][0]


def test_the_note_tells_of_hints_but_not_of_a_whole_palette() -> None:
    guidance = Guidance((Hint(0.5, 0.5, "navy"),), Reference((1 / 313,) * 313, name="b.jpg"))
    prediction = colorizer().predict(grey(64, 96))
    noted = provenance(prediction, Settings(), guidance).settings["guidance"]
    assert noted["hints"][0]["colour"] == "navy"
    assert noted["reference"] == {"name": "b.jpg", "amount": 0.7}
    assert "guidance" not in provenance(prediction, Settings(), Guidance()).settings


def test_colorize_takes_what_read_takes(tmp_path: Path) -> None:
    model, picture = colorizer((40.0, 20.0)), grey(48, 64).pixels
    file = tmp_path / "a.png"
    write(Photo(picture), file)
    expected = model.colorize(Photo(picture)).pixels
    sources: list[Any] = [picture, str(file), file, file.read_bytes(), Image.fromarray(picture)]
    for source in (*sources, io.BytesIO(file.read_bytes())):
        np.testing.assert_array_equal(model.colorize(source).pixels, expected)
    wrong: Any = [[0, 1]]
    with pytest.raises(TypeError, match="type list cannot be read"):
        model.colorize(wrong)


@pytest.mark.parametrize("size", [(48, 64), (100, 133), (24, 32), (480, 640), (1, 1)])
def test_a_preview_of_any_size_fits_its_prediction(size: tuple[int, int]) -> None:
    prediction = colorizer().predict(grey(480, 640))
    assert render(grey(*size), prediction).pixels.shape == (*size, 3)


@pytest.mark.parametrize("size", [(64, 48), (480, 640), (48, 80), (100, 64)])
def test_a_prediction_of_another_shape_is_refused(size: tuple[int, int]) -> None:
    prediction = colorizer().predict(grey(48, 64))
    if size == (480, 640):
        prediction = replace(prediction, height=64)
    with pytest.raises(PredictionMismatch, match="another shape than this one"):
        render(grey(*size), prediction)


MOUNT = Box(0.25, 0.125, 0.75, 0.875)


def on_mount(depth: int = 8) -> tuple[Photo, Photo]:
    """A photograph on a mount, and its picture alone."""
    photo = grey(160, 240, np.uint16 if depth == 16 else np.uint8, depth)
    pixels = np.ascontiguousarray(photo.pixels[40:120, 30:210])
    return replace(photo, picture=MOUNT), Photo(pixels, bit_depth=depth)


@pytest.mark.parametrize("depth", [8, 16])
def test_on_a_mount_the_picture_alone_is_seen_and_coloured(depth: int) -> None:
    photo, alone = on_mount(depth)
    maker = colorizer()
    prediction = maker.predict(photo)
    assert np.array_equal(prediction.logits, maker.predict(alone).logits)
    assert (prediction.height, prediction.width) == (160, 240)
    result = maker.render(photo, prediction, Settings(warmth=20.0)).pixels
    inner = maker.colorize(alone, Settings(warmth=20.0)).pixels
    assert np.array_equal(result[40:120, 30:210], inner)
    mount = np.ones((160, 240), bool)
    mount[40:120, 30:210] = False
    assert np.array_equal(result[mount], np.repeat(photo.pixels[mount][:, None], 3, axis=1))


def test_a_preview_has_its_mount_in_the_same_place() -> None:
    photo, _ = on_mount()
    prediction = colorizer((40.0, 40.0)).predict(photo)
    small = replace(grey(80, 120), picture=None)
    colour = np.ptp(render(small, prediction, PLAIN).pixels.astype(int), axis=-1)
    assert colour[:20].max() == colour[:, :15].max() == 0
    assert colour[20:60, 15:105].mean() > 20


def test_hints_on_a_mount_and_in_its_picture() -> None:
    photo, alone = on_mount()
    maker = colorizer((0.0, 0.0))
    prediction = maker.predict(photo)
    inside = Guidance((Hint(0.5, 0.5, (60.0, 40.0)),))
    result = maker.render(photo, prediction, PLAIN, inside).pixels
    expected = maker.render(alone, maker.predict(alone), PLAIN, inside).pixels
    assert np.array_equal(result[40:120, 30:210], expected)
    assert np.ptp(result[:40].astype(int), axis=-1).max() == 0
    beside = Guidance((Hint(0.05, 0.5, (60.0, 40.0)), Hint(0.5, 0.95, (5.0, 20.0))))
    result = maker.render(photo, prediction, PLAIN, beside).pixels
    assert np.ptp(result[40:120, 30:210].astype(int), axis=-1).max() <= 1
    light = (photo.pixels > 60) & (photo.pixels < 190)
    lab = srgb_to_lab(result / np.float32(255))
    light[40:120, 30:210] = False
    assert np.abs(lab[light][:, 1:] - (5.0, 20.0)).max() < 2
