from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from colorizer.cli import main
from colorizer.color.bins import BIN_COUNT
from colorizer.errors import WeightsMissing

from .conftest import Fake, grey_fake

Photographs = tuple[list[Any], Path]
SMALL = ("--short-side", "40")


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Puts a grey colorizer in the place of the real pipeline; returns what was loaded, how."""
    calls: list[Any] = []

    class Colorizer(Fake):
        prior: Any = np.linspace(0.1, 1.0, BIN_COUNT)

        @classmethod
        def load(cls, model: str = "", *, device: str = "auto", engine: str = "auto") -> Fake:
            calls.append((model, device, engine))
            if model == "lost":
                raise WeightsMissing("The weights lie nowhere.")
            fake: Any = grey_fake()
            fake.name, fake.device = model, "cpu"
            fake.engine = SimpleNamespace(name="torch", precision="float32")
            fake.weights = SimpleNamespace(network="net", sha256="ab" * 32, prior=cls.prior)
            return fake  # type: ignore[no-any-return]

    module = ModuleType("colorizer.pipeline")
    module.Colorizer = Colorizer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "colorizer.pipeline", module)
    return SimpleNamespace(calls=calls, Colorizer=Colorizer)


def run(*arguments: Any) -> Result:
    return CliRunner().invoke(main, ["evaluate", *map(str, arguments)])


def test_table_and_json(loaded: Any, photographs: Photographs, tmp_path: Path) -> None:
    _, folder = photographs
    (folder / "broken.png").write_bytes(b"no")
    file = tmp_path / "numbers.json"
    result = run(
        folder, *SMALL, "--setting", "temperature=1.0", "--setting", "tint=2", "--json", file,
        "--model", "mine", "--device", "cpu", "--engine", "torch",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert loaded.calls == [("mine", "cpu", "torch")]
    assert "temperature=1.0" in result.stdout
    assert "PSNR dB" in result.stdout
    assert "broken.png" in result.stderr
    assert "broken.png" not in result.stdout
    report = json.loads(file.read_text())
    assert list(report) == ["photos", "skipped", "protocol", "rows", "intervals"]
    assert (report["photos"], report["skipped"]) == (3, 1)
    assert list(report["rows"]) == ["grey", "default", "temperature=1.0", "tint=2"]
    protocol = report["protocol"]
    assert protocol["model"] == "mine"
    assert protocol["weights_sha256"] == "ab" * 32
    assert protocol["photographs"] == [folder.name]
    assert protocol["prior"] == {"source": "own", "sha256": None}
    assert protocol["crop"] == "central 40x40"
    assert protocol["settings"]["tint=2"]["tint"] == 2.0
    assert "model" not in protocol["settings"]["tint=2"]  # it may be a path of this machine


def test_comparison_with_another_model(
    loaded: Any, photographs: Photographs, tmp_path: Path
) -> None:
    _, folder = photographs
    file, other = tmp_path / "numbers.json", tmp_path / "other.safetensors"
    result = run(
        folder, *SMALL, "--json", file, "--model", "mine", "--compare", "tint=2", other
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert loaded.calls == [("mine", "auto", "auto"), (str(other), "auto", "auto")]
    assert "B better" in result.stdout
    assert "A: tint=2\nB: other.safetensors\n" in result.stdout
    report = json.loads(file.read_text())
    assert list(report["rows"]) == ["grey", "default", "tint=2", "other.safetensors"]
    assert list(report["protocol"]["other_models"]) == ["other.safetensors"]
    comparison = report["comparison"]
    assert (comparison["a"], comparison["b"]) == ("tint=2", "other.safetensors")
    assert comparison["metrics"]["psnr"] == {"mean": 0.0, "interval": [0.0, 0.0], "better": 0.0}


def test_degraded_input(loaded: Any, photographs: Photographs, tmp_path: Path) -> None:
    _, folder = photographs
    file = tmp_path / "numbers.json"
    result = run(folder, *SMALL, "--json", file, "--degrade", 0.7)
    assert result.exit_code == 0, result.output
    assert "made old" in result.stdout
    assert "0.7" in json.loads(file.read_text())["protocol"]["degrade"]


def test_the_page(loaded: Any, photographs: Photographs, tmp_path: Path) -> None:
    _, folder = photographs
    page = tmp_path / "new" / "page"
    result = run(folder, *SMALL, "--report", page, "--compare", "grey", "default")
    assert result.exit_code == 0, result.output
    assert str(page / "index.html") in result.stdout
    text = (page / "index.html").read_text(encoding="utf-8")
    assert 'id="comparison"' in text
    assert str(tmp_path) not in text


def test_the_bare_network_is_a_row(loaded: Any, photographs: Photographs, tmp_path: Path) -> None:
    _, folder = photographs
    file = tmp_path / "numbers.json"
    result = run(folder, *SMALL, "--json", file, "--bare", 0.38, "--bare", 1)
    assert result.exit_code == 0, result.output
    protocol = json.loads(file.read_text())["protocol"]
    assert list(protocol["settings"]) == ["default", "bare, T = 0.38", "bare, T = 1"]
    row = protocol["settings"]["bare, T = 0.38"]
    assert (row["temperature"], row["cast_removal"], row["edge_refinement"]) == (0.38, 0, 0)


def test_the_page_may_leave_the_photographs_out(
    loaded: Any, photographs: Photographs, tmp_path: Path
) -> None:
    _, folder = photographs
    page = tmp_path / "page"
    assert run(folder, *SMALL, "--report", page, "--without-photographs").exit_code == 0
    assert "<h2>Photographs</h2>" not in (page / "index.html").read_text(encoding="utf-8")
    assert not list(page.glob("best-*"))
    kept = page / "best-of-all.webp"
    for file in (kept, page / "best-1.webp", page / "median-2.webp", page / "worst-8.webp"):
        file.write_bytes(b"of an earlier page")
    assert run(folder, *SMALL, "--report", page, "--without-photographs").exit_code == 0
    assert [file for name in ("best", "median", "worst") for file in page.glob(f"{name}-*")] == [
        kept
    ]
    result = run(folder, *SMALL, "--without-photographs")
    assert result.exit_code == 2
    assert "--report" in result.stderr


def test_a_page_that_cannot_be_written_is_told_first(
    loaded: Any, photographs: Photographs, tmp_path: Path
) -> None:
    _, folder = photographs
    file = tmp_path / "file"
    file.write_text("no folder")
    result = run(folder, *SMALL, "--report", file / "page")
    assert result.exit_code == 1
    assert "cannot be made" in result.stderr
    assert loaded.calls == []


def test_lpips_without_its_package(
    loaded: Any, photographs: Photographs, monkeypatch: pytest.MonkeyPatch
) -> None:
    from colorizer.evaluation import perceptual

    _, folder = photographs
    monkeypatch.setattr(perceptual, "find_spec", lambda _: None)
    result = run(folder, *SMALL, "--lpips")
    assert result.exit_code == 1
    assert "pip install 'colorizer[lpips]'" in result.stderr
    assert result.stdout == ""


def test_priors(loaded: Any, photographs: Photographs, tmp_path: Path) -> None:
    _, folder = photographs
    np.save(tmp_path / "prior.npy", loaded.Colorizer.prior)
    numbers = {}
    for prior in ("own", "model", tmp_path / "prior.npy"):
        file = tmp_path / "n.json"
        assert run(folder, *SMALL, "--json", file, "--prior", prior).exit_code == 0
        report = json.loads(file.read_text())
        numbers[report["protocol"]["prior"]["source"]] = (
            report["rows"]["grey"]["auc_rebalanced"],
            report["protocol"]["prior"]["sha256"],
        )
    assert list(numbers) == ["own", "model", "file"]
    assert numbers["model"] == numbers["file"] != numbers["own"]


def test_a_model_without_prior(loaded: Any, photographs: Photographs) -> None:
    _, folder = photographs
    loaded.Colorizer.prior = None
    assert run(folder, *SMALL).exit_code == 0
    result = run(folder, *SMALL, "--prior", "model")
    assert result.exit_code == 2
    assert "no colour prior" in result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--setting", "temperature=7"), "between 0 and 1"),
        (("--setting", "temperature"), "name=value"),
        (("--setting", "model=other"), "same for all rows"),
        (("--crop", "41"), "crop"),
        (("--compare", "tint=99", "grey"), "between -30 and 30"),
        (("--compare", "default", "default"), "Two different rows"),
        (("--degrade", "2"), "0<=x<=1"),
        (("--prior", "nowhere.npy"), "nowhere.npy"),
        (("--limit", "0"), "limit"),
    ],
)
def test_misuse(
    loaded: Any, photographs: Photographs, options: tuple[str, ...], words: str
) -> None:
    _, folder = photographs
    result = run(folder, *SMALL, *options)
    assert result.exit_code == 2
    assert words in result.stderr
    assert loaded.calls == []  # told before the network was loaded


def test_a_prior_that_is_none(loaded: Any, photographs: Photographs, tmp_path: Path) -> None:
    _, folder = photographs
    file = tmp_path / "prior.npy"
    np.save(file, np.ones(5))
    result = run(folder, *SMALL, "--prior", file)
    assert result.exit_code == 2
    assert "313" in result.stderr
    file.write_bytes(b"no numbers")
    assert run(folder, *SMALL, "--prior", file).exit_code == 2


def test_failures(loaded: Any, photographs: Photographs, tmp_path: Path) -> None:
    _, folder = photographs
    missing = run(folder, *SMALL, "--model", "lost")
    assert missing.exit_code == 1
    assert "The weights lie nowhere." in missing.stderr
    loaded.calls.clear()
    result = run(folder, *SMALL, "--json", tmp_path / "no" / "folder.json")
    assert result.exit_code == 1
    assert "does not exist" in result.stderr
    assert loaded.calls == []
    (tmp_path / "empty").mkdir()
    result = run(tmp_path / "empty", *SMALL)
    assert result.exit_code == 1
    assert "No usable photograph" in result.stderr
    assert run(tmp_path / "nowhere").exit_code == 2


def test_names_that_are_no_utf_8(loaded: Any, photographs: Photographs, tmp_path: Path) -> None:
    _, folder = photographs
    odd = folder.rename(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    (odd / "0.png").rename(os.fsdecode(os.fsencode(odd) + b"/caf\xe9.png"))
    file, page = tmp_path / "numbers.json", tmp_path / "page"
    file.write_text("older")
    arguments = ["evaluate", odd, *SMALL, "--compare", "default", odd / "a.safetensors"]
    arguments += ["--json", file, "--report", page]
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    assert json.loads(file.read_bytes().decode())["protocol"]["photographs"] == [r"caf\udce9"]
    assert r"caf\udce9.png" in (page / "index.html").read_text(encoding="utf-8")


def test_numbers_go_to_a_pipe_too(loaded: Any, photographs: Photographs, tmp_path: Path) -> None:
    _, folder = photographs
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        text = pool.submit(pipe.read_text)
        assert run(folder, *SMALL, "--json", pipe).exit_code == 0
        assert json.loads(text.result())["photos"]
    assert pipe.is_fifo()
