"""Engines that come and go leave the process able to take a signal."""

import sys

import pytest

from ..conftest import Run

_COME_AND_GO = """
import faulthandler, gc, os, signal
from colorizer import Colorizer

faulthandler.enable()
signal.signal(signal.SIGUSR1, lambda *_: print("taken"))
engines = [Colorizer.load(engine="openvino").engine for _ in range(3)]
while engines:
    del engines[0]
    gc.collect()
    os.kill(os.getpid(), signal.SIGUSR1)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_signal_after_the_first_of_several_has_gone(python: Run) -> None:
    """One OpenVINO for each would leave a stack for signals that is not there any more."""
    assert python("-c", _COME_AND_GO).stdout.split() == ["taken"] * 3
