"""What this machine has, found out without importing torch."""

from __future__ import annotations

import ctypes
import os
import sys

from ..threads import processors

#: a graphics driver that torch's "cuda" may stand for: NVIDIA's library, AMD's device
_NVIDIA_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_AMD_DEVICE = "/dev/kfd"


def may_have_cuda() -> bool:
    """Whether there is a graphics driver, so that it pays to import torch and ask."""
    if sys.platform == "darwin":
        return False
    if os.path.exists(_AMD_DEVICE):
        return True
    try:
        ctypes.CDLL(_NVIDIA_LIBRARY)
    except OSError:
        return False
    return True


def cpu_threads() -> int:
    """Threads of a network on the CPU: OMP_NUM_THREADS, or one per processor of this process."""
    count = processors()
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return min(int(wanted), count) if wanted.isdecimal() and int(wanted) else count
