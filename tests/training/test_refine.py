"""The refiner's training: what it is shown, its gradients, and a whole small run."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from colorizer import weights as library
from colorizer.cli import main
from colorizer.color import second_look
from colorizer.color.hues import Folded
from colorizer.color.lab import lab_to_srgb, srgb_to_lab
from colorizer.errors import (
    DeviceUnavailable,
    InvalidSetting,
    TrainingDataError,
    WeightsCorrupt,
)
from colorizer.evaluation.vgg import VggDistance
from colorizer.networks.refiner import Refiner
from colorizer.networks.vgg16 import vgg16_convolutions
from colorizer.training import answers as answers_module
from colorizer.training.answers import SIDE, Answers, compute_answers, stored
from colorizer.training.checkpoint import save_checkpoint
from colorizer.training.judge import Judge
from colorizer.training.perception import Perception
from colorizer.training.photos import find_photos
from colorizer.training.refine import Refinement, _Prepared
from colorizer.training.refine_config import RefineConfig
from colorizer.training.smoothed import Smoothed, alike, colours, fields, likenesses
from colorizer.training.validate import to_rgb
from colorizer.weights import LoadedWeights
from colorizer.weights.catalogue import refiner_of

from .tiny import write_pictures


@pytest.fixture(scope="module")
def weights() -> LoadedWeights:
    return replace(library.load("eccv16-vgg16"), refiner=None)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pictures(tmp_path_factory.mktemp("pictures"), 4)


@pytest.fixture(scope="module")
def made(
    weights: LoadedWeights, pictures: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Refiner, Path]:
    """The answers to four pictures, one of them broken."""
    (pictures / "broken.png").write_bytes(b"no picture")
    folder = tmp_path_factory.mktemp("answers")
    items = find_photos([pictures])
    return compute_answers(items, folder, weights, degrade=0.5, progress=False), folder


def test_answers_are_kept(made: tuple[Refiner, Path], weights: LoadedWeights) -> None:
    answers = Answers(made[1])
    assert len(answers.ready()) == 4
    assert answers.refined == weights.sha256
    batch = answers.batch(answers.ready()[:2])
    assert batch.truth.shape == (2, 3, SIDE, SIDE)
    torch.testing.assert_close(
        batch.classes.square().sum(dim=1), torch.ones(2, 56, 56), atol=0.03, rtol=0
    )


def test_training_shows_what_a_prediction_shows(
    made: tuple[Refiner, Path], weights: LoadedWeights, pictures: Path
) -> None:
    """Rounding to 8 bits is all that differs."""
    from colorizer.engines import open_engine
    from colorizer.prediction import Prediction

    refiner, folder = made
    batch = Answers(folder).batch([1])
    lightness = batch.lightness[0, 0].numpy()
    engine = open_engine(replace(weights, refiner=stored(refiner)), "cpu", "openvino")
    answer = engine.answer(lightness[None])
    assert answer.features is not None
    prediction = Prediction(
        answer.logits[0].astype(np.float16), lightness, SIDE, SIDE, "", "", SIDE,
        weights.native_temperature, weights.rebalancing_weights,
    )  # fmt: skip
    shown = second_look.inputs(
        prediction.statistics, prediction.usual, lightness, answer.features[0]
    )
    kept = batch.planes()[0].numpy()
    difference = np.abs(shown - kept)[: second_look.PLANES]
    assert difference.mean() < 0.03
    assert np.quantile(difference, 0.99) < 0.3
    features = shown[second_look.PLANES :].ravel(), kept[second_look.PLANES :].ravel()
    assert np.corrcoef(features)[0, 1] > 0.97


def test_colours_are_those_of_the_second_look() -> None:
    generator = torch.Generator().manual_seed(0)
    look = torch.randn((1, second_look.OUTPUTS, 4, 6), generator=generator)
    hues = torch.randn((1, 2, 16, 8, 12), generator=generator)
    folded = Folded(hues[0].numpy(), np.zeros((8, 12), np.float32))
    expected = second_look.applied(look[0].numpy(), folded)
    np.testing.assert_allclose(colours(look, hues)[0].numpy(), expected, atol=1e-4)


def test_the_gradient_through_the_field_is_right(made: tuple[Refiner, Path]) -> None:
    batch = Answers(made[1]).batch([0])
    found = fields(batch)
    generator = torch.Generator().manual_seed(0)
    colour = torch.randn((1, 2, 56, 56), generator=generator, requires_grad=True)
    weight = torch.randn((1, 2, 56, 56), generator=generator)
    total = (Smoothed.apply(colour, found) * weight).sum()
    total.backward()
    assert colour.grad is not None
    step = torch.randn((1, 2, 56, 56), generator=generator)
    with torch.no_grad():  # the field is linear: a step of any length tells
        change = Smoothed.apply(colour + step, found) - Smoothed.apply(colour, found)
    assert float((change * weight).sum()) == pytest.approx(
        float((colour.grad * step).sum()), rel=1e-3
    )


def test_likeness_is_that_of_the_picture_with_gradients(made: tuple[Refiner, Path]) -> None:
    batch = Answers(made[1]).batch([0, 2])
    generator = torch.Generator().manual_seed(0)
    usual = 8 * torch.randn((2, 2, 56, 56), generator=generator)
    found = likenesses(batch, usual)
    colour = torch.randn((2, 2, 56, 56), generator=generator, requires_grad=True)
    ours = alike(colour, found)
    expected = [one.smooth(x) for one, x in zip(found, colour.detach().numpy(), strict=True)]
    np.testing.assert_allclose(ours.detach().numpy(), np.stack(expected), atol=1e-4)
    assert float((ours - colour).detach().abs().max()) > 0.5  # it does something
    ours.square().sum().backward()  # type: ignore[no-untyped-call]
    step = 1e-2 * torch.randn((2, 2, 56, 56), generator=generator)
    with torch.no_grad():
        ahead, back = (alike(colour + s * step, found).square().sum() for s in (1, -1))
    assert colour.grad is not None
    assert float(ahead - back) / 2 == pytest.approx(float((colour.grad * step).sum()), rel=1e-2)


def test_a_training_finishes_colours_as_a_picture_does(
    made: tuple[Refiner, Path], weights: LoadedWeights
) -> None:
    """From the same numbers, what the refiner's loss is of and what is rendered are one."""
    from colorizer.color.coherence import field_of_parts
    from colorizer.color.likeness import likeness
    from colorizer.decoding import looked_at

    answers = Answers(made[1])
    training = Refinement(
        RefineConfig(bf16=False), made[0], answers, answers, vgg16_convolutions(weights)[:1]
    )
    prepared = _Prepared(answers.batch([1]), torch.device("cpu"))
    generator = torch.Generator().manual_seed(3)
    look = torch.randn((1, second_look.OUTPUTS, 28, 28), generator=generator)
    ours = training._results(lambda planes: look, prepared)

    batch = prepared.batch
    lightness = torch.nn.functional.avg_pool2d(batch.lightness, 4)[0, 0].numpy()
    parts = lightness, batch.variance[0].numpy(), batch.classes[0].square().numpy()
    folded = Folded(batch.hues[0].numpy(), np.zeros((56, 56), np.float32))
    seen = second_look.applied(look[0].numpy(), folded)
    places = SimpleNamespace(
        field=field_of_parts(*parts),
        likeness=likeness(seen, *parts, batch.features[0].numpy()),
    )
    finished = looked_at(cast(Any, places), look[0].numpy(), folded)
    np.testing.assert_allclose(ours[0].numpy(), finished, atol=1e-2)


def test_colour_spaces_are_the_library_s() -> None:
    rgb = torch.rand((2, 3, 8, 8), generator=torch.Generator().manual_seed(0))
    lab = torch.from_numpy(srgb_to_lab(rgb.permute(0, 2, 3, 1).numpy()).transpose(0, 3, 1, 2))
    back = to_rgb(lab[:, :1], lab[:, 1:])
    np.testing.assert_allclose(back.numpy(), rgb.numpy(), atol=1e-3)
    strong = lab * torch.tensor([1.0, 3.0, 3.0]).view(1, 3, 1, 1)
    shown = to_rgb(strong[:, :1], strong[:, 1:]).permute(0, 2, 3, 1).numpy()
    np.testing.assert_allclose(shown, lab_to_srgb(strong.permute(0, 2, 3, 1).numpy()), atol=1e-3)


def test_gradients_are_finite_at_black_and_outside_the_gamut() -> None:
    lightness = torch.tensor([0.0, 0.5, 50, 100]).view(4, 1, 1, 1)
    ab = torch.tensor([120.0, -120]).view(1, 2, 1, 1).repeat(4, 1, 1, 1).requires_grad_()
    to_rgb(lightness, ab).sum().backward()  # type: ignore[no-untyped-call]
    assert ab.grad is not None
    assert bool(torch.isfinite(ab.grad).all())


def test_the_distance_is_that_of_the_evaluation(weights: LoadedWeights) -> None:
    rng = np.random.default_rng(0)
    truth, ours = rng.integers(0, 256, (2, 48, 48, 3), np.uint8)
    expected = VggDistance(weights)(truth, ours)
    perceive = Perception(vgg16_convolutions(weights), bf16=False)
    pair = (torch.from_numpy(x.copy()).permute(2, 0, 1)[None] / 255 for x in (ours, truth))
    found = perceive.distance(*(perceive(x) for x in pair))
    assert float(found) == pytest.approx(expected, rel=1e-3)


def test_a_run_learns_resumes_and_is_exported(
    made: tuple[Refiner, Path], weights: LoadedWeights, tmp_path: Path
) -> None:
    answers = Answers(made[1])
    blocks = vgg16_convolutions(weights)[:2]  # enough to learn from, and quick
    config = RefineConfig(
        batch=2, minutes=0.2, learning_rate=5e-3, validate_every=100, window=64, bf16=False,
        rare_weight=0, purple_weight=0, warm_weight=0,
    )  # fmt: skip
    refiner = Refiner()
    refiner.load_state_dict(made[0].state_dict())
    training = Refinement(config, refiner, answers, answers, blocks)
    before = training.validate()
    training.run(tmp_path, progress=False)
    assert training.step > 3
    after = training.validate()
    assert after["vgg"] < before["vgg"]
    again = Refinement(
        replace(config, minutes=training.seconds / 60 + 0.02), Refiner(), answers, answers, blocks
    )
    again.resume(tmp_path / "refiner.pt")
    assert again.step == training.step
    assert again.validate() == pytest.approx(after, rel=1e-3)
    again.run(tmp_path, progress=False)
    assert again.step > training.step
    again.run(tmp_path, progress=False)  # nothing is left to learn
    with (tmp_path / "log.csv").open() as file:
        steps = [int(row["step"]) for row in csv.DictReader(file)]
    assert steps == [training.step, again.step]


def test_a_state_that_is_none_is_refused(
    made: tuple[Refiner, Path], weights: LoadedWeights, tmp_path: Path
) -> None:
    answers = Answers(made[1])
    training = Refinement(
        RefineConfig(), Refiner(), answers, answers, vgg16_convolutions(weights)[:1]
    )
    state = tmp_path / "refiner.pt"
    state.write_bytes(b"PK")
    with pytest.raises(WeightsCorrupt, match="cannot be read"):
        training.resume(state)
    save_checkpoint(state, {"network": {}})
    with pytest.raises(WeightsCorrupt, match="another kind of training"):
        training.resume(state)
    training.save(state)
    saved = torch.load(state, weights_only=True)
    save_checkpoint(state, saved | {"refiner": {}})
    with pytest.raises(WeightsCorrupt, match="not the state of such a training"):
        training.resume(state)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_missing_device_is_told(made: tuple[Refiner, Path], weights: LoadedWeights) -> None:
    answers = Answers(made[1])
    with pytest.raises(DeviceUnavailable, match="not on this machine"):
        Refinement(
            RefineConfig(device="cuda"), Refiner(), answers, answers,
            vgg16_convolutions(weights)[:1],
        )  # fmt: skip


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_step_on_each_device(
    made: tuple[Refiner, Path], weights: LoadedWeights, device: str
) -> None:
    """In bfloat16, with the judge: every part of the loss on the device."""
    if device == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    answers = Answers(made[1])
    refiner = Refiner()
    refiner.load_state_dict(made[0].state_dict())
    config = RefineConfig(batch=2, device=device, window=64)
    training = Refinement(config, refiner, answers, answers, vgg16_convolutions(weights)[:2])
    batches = training._batches()
    for done in (0.1, 0.9):
        assert training._learn(next(batches), done)["vgg"] > 0
    batches.close()
    assert all(p.device.type == device for p in training.averaged().parameters())


def test_a_judge_learns_to_tell(made: tuple[Refiner, Path], weights: LoadedWeights) -> None:
    answers = Answers(made[1])
    config = RefineConfig(batch=2, bf16=False)
    training = Refinement(config, made[0], answers, answers, vgg16_convolutions(weights)[:1])
    prepared = next(training._batches())
    grey = torch.zeros_like(prepared.ab)
    for _ in range(30):
        training._teach_judge(prepared, grey)
    judge: Judge = training.judge
    assert judge(prepared.lightness, prepared.ab).shape == (2, 1, 14, 14)
    assert judge(prepared.lightness, prepared.ab).mean() > judge(prepared.lightness, grey).mean()


def test_what_is_there_is_gone_on_with(
    weights: LoadedWeights, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = find_photos([pictures])
    seen: list[str] = []
    original = answers_module._put

    def interrupted(*arguments: object) -> None:
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append("")
        original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(answers_module, "_put", interrupted)
    with pytest.raises(KeyboardInterrupt):
        compute_answers(items, tmp_path, weights, progress=False)
    assert len(Answers(tmp_path).ready()) == 2
    monkeypatch.setattr(answers_module, "_put", original)
    compute_answers(items, tmp_path, weights, progress=False)
    assert len(Answers(tmp_path).ready()) == 4
    with pytest.raises(InvalidSetting, match="other answers"):
        compute_answers(items[:2], tmp_path, weights, progress=False)


def test_no_photograph_that_can_be_read(weights: LoadedWeights, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    with pytest.raises(TrainingDataError, match="None of the photographs"):
        compute_answers(find_photos([tmp_path]), tmp_path / "out", weights, progress=False)
    with pytest.raises(TrainingDataError, match="no answers"):
        Answers(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "change", [{"batch": 0}, {"minutes": 0}, {"window": 8}, {"least_chroma": 2}, {"ema": 1}]
)
def test_impossible_settings_are_refused(change: dict[str, float]) -> None:
    with pytest.raises(InvalidSetting, match="out of its range"):
        RefineConfig(**change)  # type: ignore[arg-type]


def test_a_folder_that_is_not_there_is_told_first(pictures: Path, tmp_path: Path) -> None:
    arguments = ["train-refiner", "--photos", str(pictures), "--validation", str(pictures)]
    arguments += ["--work", str(tmp_path / "work"), "-o", str(tmp_path / "no" / "r.safetensors")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert f"The folder {tmp_path / 'no'} for the weights does not exist." in result.output
    assert not (tmp_path / "work").exists()


def test_the_command(pictures: Path, tmp_path: Path) -> None:
    target = refiner_of(tmp_path / "mine.safetensors")
    arguments = ["train-refiner", "--photos", str(pictures), "--validation", str(pictures)]
    arguments += ["--validation-limit", "2", "--minutes", "0.02", "--batch", "2"]
    arguments += ["--work", str(tmp_path / "work"), "-o", str(target)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    shipped = library.path("eccv16-vgg16")
    own = tmp_path / "mine.safetensors"
    own.write_bytes(shipped.read_bytes())
    loaded = library.load(own)
    assert loaded.refiner is not None
    facts = json.loads((tmp_path / "work" / "photos" / "answers.json").read_text())
    assert facts["weights"] == loaded.sha256
    more = [*arguments[:-4], "--work", str(tmp_path / "more"), "--model", str(own), "--go-on"]
    result = CliRunner().invoke(main, [*more, "-o", str(target)])
    assert result.exit_code == 0, result.output
    again = library.load(own)
    assert again.refiner is not None
    assert again.refiner.sha256 != loaded.refiner.sha256
    assert again.features_id == loaded.features_id  # the same components: words stay usable
    target.unlink()
    result = CliRunner().invoke(main, [*more, "-o", str(target)])
    assert result.exit_code == 2
    assert "no refiner to go on with" in result.output
