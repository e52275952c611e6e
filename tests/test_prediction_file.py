"""Predictions in files."""

from __future__ import annotations

import copy
import io
import json
import pickle
import zlib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colorizer.errors import ColorizerError, CorruptPrediction
from colorizer.photo.mount import Box
from colorizer.prediction import Prediction, logits_shape, look_shape
from colorizer.prediction_file import MAGIC, load, save


def prediction(height: int = 21, width: int = 30, **changes: Any) -> Prediction:
    """Noise at a working size of (height, width)."""
    rng = np.random.default_rng(height * width)
    made = Prediction(
        logits=rng.normal(0, 5, (313, *logits_shape(height, width))).astype(np.float16),
        lightness=rng.uniform(0, 100, (height, width)).astype(np.float32),
        height=2 * height,
        width=2 * width,
        model="fake",
        weights_sha256="0" * 64,
        working_size=256,
        native_temperature=0.75,
        rebalancing_weights=rng.uniform(0.5, 4, 313).astype(np.float32),
    )
    return replace(made, **changes)


def saved(value: Prediction) -> bytes:
    file = io.BytesIO()
    save(value, file)
    return file.getvalue()


def same(one: Prediction, other: Prediction) -> None:
    for field in fields(Prediction):
        a, b = getattr(one, field.name), getattr(other, field.name)
        assert type(a) is type(b)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)
        else:
            assert a == b


@settings(max_examples=30)
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.text(max_size=20),
    st.integers(128, 1024),
    st.floats(1e-3, 100),
)
def test_what_is_saved_is_loaded(
    height: int, width: int, model: str, size: int, warmth: float
) -> None:
    value = prediction(height, width, model=model, working_size=size, native_temperature=warmth)
    same(load(saved(value)), value)


def test_where_its_picture_is_on_the_mount_is_kept() -> None:
    value = prediction(picture=Box(0.125, 0.0, 1.0, 0.7))
    same(load(saved(value)), value)
    for sides in ((0.5, 0.0, 0.5, 1.0), (-0.1, 0.0, 1.0, 1.0), (0.0, 0.0, 1.0, float("nan"))):
        with pytest.raises(CorruptPrediction):
            load(saved(prediction(picture=Box(*sides))))


def test_a_path_or_an_open_file_will_do(tmp_path: Path) -> None:
    value, path = prediction(), tmp_path / "a.prediction"
    path.write_bytes(saved(value))
    same(load(path), value)
    same(load(str(path)), value)
    with path.open("rb") as file:
        same(load(file), value)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "b.prediction")


def test_it_is_compressed() -> None:
    value = prediction(256, 256)
    assert len(saved(value)) < 0.9 * (value.logits.nbytes + value.lightness.nbytes)


@pytest.mark.parametrize("data", [b"", b"colorizer", MAGIC, b"\xff\xd8\xff\xe0" * 100], ids=repr)
def test_foreign_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(CorruptPrediction, match="damaged"):
        load(data)
    assert issubclass(CorruptPrediction, ColorizerError)


def test_a_truncated_file_is_refused_wherever_it_ends() -> None:
    data = saved(prediction(8, 8))
    for end in (*range(0, 400, 7), *range(400, len(data), 997), len(data) - 1):
        with pytest.raises(CorruptPrediction):
            load(data[:end])
    with pytest.raises(CorruptPrediction):
        load(data + b"\0")


@given(st.data())
def test_a_changed_byte_is_noticed(data: Any) -> None:
    damaged = bytearray(saved(prediction(4, 4)))
    damaged[data.draw(st.integers(0, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CorruptPrediction):
        load(bytes(damaged))


HEADER = len(MAGIC) + 4


def header_of(data: bytes) -> tuple[dict[str, Any], int]:
    end = HEADER + int.from_bytes(data[len(MAGIC) : HEADER], "little")
    return json.loads(data[HEADER:end]), end


def with_header(header: Any, body: bytes | None = None) -> bytes:
    """A file with another header, and a checksum that is right."""
    data = saved(prediction())
    _, end = header_of(data)
    body = data[end:-4] if body is None else body
    text = json.dumps(header).encode()
    data = MAGIC + len(text).to_bytes(4, "little") + text + body
    return data + zlib.crc32(data).to_bytes(4, "little")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("version", 1),
        ("version", 6),
        ("picture", [0.0, 0.0, 1.0]),
        ("picture", [0, 0, 1, 1]),
        ("picture", "all"),
        ("version", "3"),
        ("version", None),
        ("bytes", [1, 2]),
        ("bytes", [1, 2, 3]),
        ("bytes", [-1, 5]),
        ("bytes", 7),
        ("height", 0),
        ("height", 2.5),
        ("width", "30"),
        ("width", True),
        ("model", 3),
        ("weights_sha256", None),
        ("working_size", 64),
        ("working_size", "256"),
        ("native_temperature", 0.0),
        ("native_temperature", float("nan")),
        ("native_temperature", float("inf")),
        ("native_temperature", "hot"),
        ("working_shape", [21, 31]),
        ("working_shape", [0, 0]),
        ("working_shape", [10**6, 10**6]),
        ("working_shape", [21]),
    ],
)
def test_every_number_of_the_header_is_checked(name: str, value: Any) -> None:
    header, _ = header_of(saved(prediction()))
    same(load(with_header(header)), prediction())
    with pytest.raises(CorruptPrediction):
        load(with_header(header | {name: value}))


def looked_at(height: int = 21, width: int = 30) -> Prediction:
    """With a second look."""
    look = np.random.default_rng(1).normal(size=look_shape(height, width)).astype(np.float16)
    return prediction(height, width, look=look)


def test_a_second_look_is_kept() -> None:
    same(load(saved(looked_at())), looked_at())


def with_features(height: int = 21, width: int = 30) -> Prediction:
    """With what words look at."""
    value = looked_at(height, width)
    _, *half = look_shape(height, width)
    features = np.random.default_rng(2).integers(-127, 128, (5, *half), np.int8)
    return replace(value, features=features, features_id="0123456789abcdef")


def test_features_are_kept() -> None:
    same(load(saved(with_features())), with_features())


def test_it_can_be_sent_to_another_process_once_it_was_rendered() -> None:
    value = with_features()
    assert value.field.smooth(np.ones((1, *value.logits.shape[1:]), np.float32)).all()
    same(pickle.loads(pickle.dumps(value)), value)
    same(copy.deepcopy(value), value)


def test_features_must_fit() -> None:
    value = with_features()
    assert value.features is not None
    with pytest.raises(ValueError, match="do not fit"):
        saved(replace(value, features=value.features[:, 1:]))


@pytest.mark.parametrize("version", [2, 3, 4])
def test_files_of_versions_before_are_read(version: int) -> None:
    value = {2: prediction, 3: looked_at, 4: with_features}[version]()
    header, end = header_of(saved(value))
    new = ("features", "picture") if version < 4 else ("picture",)
    old = {k: v for k, v in header.items() if not k.startswith(new)}
    same(load(with_header(old | {"version": version}, saved(value)[end:-4])), value)


def test_a_second_look_must_fit_and_be_finite() -> None:
    value = looked_at()
    assert value.look is not None
    with pytest.raises(ValueError, match="does not fit"):
        saved(replace(value, look=value.look[:, 1:]))
    broken = value.look.copy()
    broken[3, 0, 0] = np.nan
    with pytest.raises(CorruptPrediction):
        load(saved(replace(value, look=broken)))


def test_a_header_may_not_lack_anything_nor_be_something_else() -> None:
    header, _ = header_of(saved(prediction()))
    for name in header:
        with pytest.raises(CorruptPrediction):
            load(with_header({k: v for k, v in header.items() if k != name}))
    others: list[Any] = [[], None, 7, "text"]
    for other in others:
        with pytest.raises(CorruptPrediction):
            load(with_header(other))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_arrays_must_be_finite(value: float) -> None:
    bad = prediction()
    bad.logits[7, 1, 1] = value
    with pytest.raises(CorruptPrediction):
        load(saved(bad))
    bad = prediction()
    bad.lightness[1, 1] = value
    with pytest.raises(CorruptPrediction):
        load(saved(bad))


def test_lightness_must_be_lightness() -> None:
    bad = prediction()
    bad.lightness[1, 1] = 200.0
    with pytest.raises(CorruptPrediction):
        load(saved(bad))


def test_arrays_that_do_not_fit_together_are_not_saved() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        saved(prediction(lightness=np.zeros((99, 99), np.float32)))
