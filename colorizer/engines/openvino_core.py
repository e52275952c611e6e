"""OpenVINO itself: one for the process, for as long as the process lives.

Its CPU plugin gives the thread that loads it a stack for signal handlers, and puts the one of
before back when it is unloaded. Of two plugins that are unloaded in the order in which they were
loaded, the second puts back the first one's, which is gone: the next signal, Ctrl-C or the end of a
child, ends the process with a segmentation fault. So there is one, and it stays.
"""

from __future__ import annotations

import threading
from functools import cache

import openvino

_one_at_a_time = threading.Lock()


def core() -> openvino.Core:
    """The process's own, from any thread."""
    with _one_at_a_time:  # a cache alone may call twice at once
        return _core()


@cache
def _core() -> openvino.Core:
    return openvino.Core()
