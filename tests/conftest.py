"""What all tests share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# A busy machine is slow; that is not what these tests are about.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own variables must not change what is tested."""
    for name in os.environ:
        if name.startswith("COLORIZER_") and name != "COLORIZER_SHARED":
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with the photographs that are not part of the repository."""
    folder = Path(os.environ.get("COLORIZER_SHARED", ROOT / ".." / "shared")).resolve()
    if not folder.is_dir():
        pytest.skip("the shared photographs are not here (COLORIZER_SHARED)")
    return folder


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def python(tmp_path: Path) -> Run:
    """Run Python in a process of its own, in an empty folder, with the working tree's library."""

    def run(
        *arguments: str, path: Path = ROOT, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(path), "PYTHONWARNINGS": "error"}
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=check, timeout=120,
        )  # fmt: skip

    return run
