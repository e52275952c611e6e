"""PyTorch, which not every installation has: a CPU colours photographs without it."""

from __future__ import annotations

from importlib.util import find_spec

from .errors import PackageMissing


def has_torch() -> bool:
    """Whether torch is installed; it is not imported."""
    return find_spec("torch") is not None


def need_torch(what: str) -> None:
    """Make sure that torch is installed, for ``what``: the beginning of the error's sentence.

    Raises:
        PackageMissing: if it is not.
    """
    if not has_torch():
        raise PackageMissing(
            f"{what} needs torch, which is not installed: pip install 'colorizer[torch]'."
        )
