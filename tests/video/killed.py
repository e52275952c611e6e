"""``colorizer video`` in a process of its own that stands still in the middle, to be killed there.

Its pieces are small; see :func:`small_pieces`. The arguments are those of the command.
"""

from __future__ import annotations

import sys
import time
from unittest.mock import patch

from colorizer import cli
from colorizer.commands import video
from colorizer.video import into_film, stretches

from .clips import KnowingColorizer

#: looks of the network before it stands still
LOOKS = 7


def small_pieces() -> None:
    """Stretches of 9 frames, segments of 15 or more: there are some of a shot of 28."""
    stretches.MOST_FRAMES = 9
    into_film.SEGMENT = 0.6


def main() -> None:
    """The command, until the network is to look once more."""

    def stand_still() -> None:
        if colorizer.calls == LOOKS:
            time.sleep(600)

    small_pieces()
    colorizer = KnowingColorizer(on_predict=stand_still)
    with patch.object(video, "load_colorizer", lambda *_: colorizer):
        cli.main(["video", *sys.argv[1:]])


if __name__ == "__main__":
    main()
