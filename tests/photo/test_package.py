"""The package as a whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

import colorizer.photo as package


def test_importing_costs_nothing() -> None:
    code = (
        "import sys, colorizer.photo as p; p.WRITABLE_FORMATS;"
        "names = ('numpy', 'PIL', 'torch', 'tifffile', 'imagecodecs');"
        "print([m for m in names if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_reading_needs_no_torch() -> None:
    code = (
        "import sys, io; from colorizer.photo import read, write, Photo; import numpy as np;"
        "b = io.BytesIO(); write(Photo(np.zeros((2, 2), np.uint8)), b, format='tiff');"
        "read(b.getvalue()); print('torch' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"


def test_public_names_exist() -> None:
    for name in package.__all__:
        assert getattr(package, name) is not None
        assert name in dir(package)
    with pytest.raises(AttributeError):
        _ = package.nonsense
