"""Loops over pixels or bits, compiled by numba at their first call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit


def compiled(function: Callable[..., Any], **options: Any) -> Callable[..., Any]:
    """A function compiled to run beside other threads; kept on the disk where there is a place.

    Args:
        options: further ones of ``numba.njit``.
    """
    try:
        return njit(cache=True, nogil=True, **options)(function)  # type: ignore[no-any-return]
    except RuntimeError:  # there is no place to keep it
        return njit(nogil=True, **options)(function)  # type: ignore[no-any-return]
