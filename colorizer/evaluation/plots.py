"""The page's plots, drawn by matplotlib, each for a light and for a dark page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .gallery import LIMIT, Counts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: colour of text and lines by the page's ground; the plots' own ground is transparent
INKS = {"light": "#222222", "dark": "#dddddd"}
GREY_LINE, RESULT_LINE = "#8a8a8a", "#2a8f8a"
_ACROSS = 4


def colour_planes(counts: Mapping[str, Counts]) -> dict[str, bytes]:
    """How often each ab colour occurs, a panel for each of ``counts``, one logarithmic scale.

    Args:
        counts: title of the panel to (n, n), see :class:`.gallery.Gallery`.

    Returns:
        "light" and "dark" to a WebP picture.
    """

    def draw(figure: Figure) -> None:
        from matplotlib.colors import LogNorm

        totals = {name: plane.sum() for name, plane in counts.items()}
        norm = LogNorm(1e-6, max(plane.max() / totals[name] for name, plane in counts.items()))
        across = min(_ACROSS, len(counts))
        axes = figure.subplots(-(-len(counts) // across), across, squeeze=False).ravel().tolist()
        for axis in axes:
            axis.set_visible(False)
        for axis, (name, plane) in zip(axes, counts.items(), strict=False):
            axis.set_visible(True)
            share = np.ma.masked_equal(plane / totals[name], 0.0)
            extent = (-LIMIT, LIMIT, -LIMIT, LIMIT)
            # rows are a*, which belongs on the horizontal axis
            image = axis.imshow(share.T, norm=norm, extent=extent, origin="lower", cmap="viridis")
            axis.axhline(0, linewidth=0.5, color="#888888")
            axis.axvline(0, linewidth=0.5, color="#888888")
            axis.set_title(name.replace(",", ",\n"), parse_math=False)
            axis.set(xlabel="a*", ylabel="b*", xticks=(-100, 0, 100), yticks=(-100, 0, 100))
        figure.colorbar(image, ax=axes, label="share of pixels", shrink=0.8)

    rows = -(-len(counts) // _ACROSS)
    return _both(draw, (2.9 * min(_ACROSS, len(counts)) + 0.9, 2.9 * rows))


def gains(grey: NDArray[np.float64], result: NDArray[np.float64]) -> dict[str, bytes]:
    """How the PSNR of photographs is distributed, and what the result gains over grey.

    Args:
        grey, result: PSNR of each photograph, dB, (n,).

    Returns:
        "light" and "dark" to a WebP picture.
    """

    def draw(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        bins = int(np.clip(2 * np.sqrt(len(grey)), 5, 40))
        edges = np.histogram_bin_edges(np.concatenate([grey, result]), bins)
        left.hist(grey, edges, histtype="stepfilled", color=GREY_LINE, alpha=0.6, label="grey")
        left.hist(result, edges, histtype="step", color=RESULT_LINE, linewidth=2, label="result")
        left.set(xlabel="PSNR, dB", ylabel="photographs", title="PSNR")
        left.legend(frameon=False)
        gain = result - grey
        right.hist(gain, bins, color=RESULT_LINE)
        right.axvline(0, linestyle="--", linewidth=1, color=GREY_LINE)
        right.set(xlabel="PSNR of the result minus that of grey, dB", title="gain over grey")
        for axis in (left, right):
            axis.yaxis.get_major_locator().set_params(integer=True)

    return _both(draw, (10.0, 3.4))


def _both(draw: Callable[[Figure], None], size: tuple[float, float]) -> dict[str, bytes]:
    import matplotlib
    from matplotlib.figure import Figure

    pictures = {}
    for ground, ink in INKS.items():
        with matplotlib.rc_context(
            {
                "font.size": 9,
                "text.color": ink,
                "axes.labelcolor": ink,
                "axes.titlecolor": ink,
                "axes.edgecolor": ink,
                "xtick.color": ink,
                "ytick.color": ink,
            }
        ):
            figure = Figure(size, layout="constrained")
            draw(figure)
            buffer = BytesIO()
            figure.savefig(
                buffer, format="webp", dpi=150, transparent=True, pil_kwargs={"lossless": True}
            )
        pictures[ground] = buffer.getvalue()
    return pictures
