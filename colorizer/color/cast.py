"""Measuring and removing an unwanted overall cast: the sepia effect.

A network that is unsure answers with the average of all colours, which is a brownish yellow; grey
walls, skies and clothes then take that tint. The drift shows in what is nearly neutral, while truly
coloured things carry it only as a small part of their own colour. So it is measured on the nearly
neutral pixels, against what such pixels have in true colour photographs, and taken away there,
fading out with chroma; strong colours are not bleached.
"""

from __future__ import annotations

from typing import Any

from .arrays import array_namespace

#: chroma (Lab units) up to which a pixel counts as nearly neutral, for measuring
NEUTRAL_CHROMA = 12.0
#: chroma scale over which the correction fades out
FADE_CHROMA = 30.0
#: (a*, b*) of the nearly neutral pixels of true photographs: daylight leaves them a little warm.
#: benchmarks/natural_cast.py measures (0.3, 2.9) on the validation set; these are a bit nearer to
#: neutral.
NATURAL = (0.0, 2.5)


def neutral_mean(ab: Any, neutral_chroma: float = NEUTRAL_CHROMA) -> tuple[float, float, float]:
    """Mean colour and share of the nearly neutral pixels.

    Every pixel has the weight w = exp(-C^2 / (2 neutral_chroma^2)).

    Args:
        ab: (2, h, w) a*, b*.
        neutral_chroma: width of the weight, in Lab units.

    Returns:
        a and b, each sum w ab / sum w, and the mean of w (0..1). All 0 if no pixel has weight.
    """
    xp = array_namespace(ab)
    weight = xp.exp(-_squared_chroma(ab) / (2 * neutral_chroma**2))
    total = float(xp.sum(weight))
    if total <= 0:
        return 0.0, 0.0, 0.0
    return (
        float(xp.sum(weight * ab[0, ...])) / total,
        float(xp.sum(weight * ab[1, ...])) / total,
        total / (ab.shape[-1] * ab.shape[-2]),
    )


def measure_cast(ab: Any, neutral_chroma: float = NEUTRAL_CHROMA) -> tuple[float, float]:
    """The drift of the nearly neutral pixels from :data:`NATURAL`.

    Their mean (:func:`neutral_mean`) less the natural one, shrunk towards 0 by their share, so that
    a picture full of colour gets no correction.

    Args:
        ab: (2, h, w) a*, b*.
        neutral_chroma: width of the weight, in Lab units.

    Returns:
        (a, b) of the drift, Lab units.
    """
    a, b, share = neutral_mean(ab, neutral_chroma)
    return share * (a - NATURAL[0]), share * (b - NATURAL[1])


def remove_cast(
    ab: Any,
    amount: float,
    drift: tuple[float, float] | None = None,
    fade_chroma: float = FADE_CHROMA,
) -> Any:
    """Take ``amount`` (0..1) of the measured drift away, less where the chroma is high.

    ab' = ab - amount * drift * exp(-C^2 / (2 fade_chroma^2))

    Args:
        ab: (2, h, w) a*, b*.
        amount: 0 changes nothing, 1 takes all of the measured drift away.
        drift: as of :func:`measure_cast`; None measures it here.
        fade_chroma: Lab units.

    Returns:
        (2, h, w) of the same kind.
    """
    if amount == 0:
        return ab
    xp = array_namespace(ab)
    drift_a, drift_b = measure_cast(ab) if drift is None else drift
    fade = amount * xp.exp(-_squared_chroma(ab) / (2 * fade_chroma**2))
    return xp.stack([ab[0, ...] - drift_a * fade, ab[1, ...] - drift_b * fade])


def _squared_chroma(ab: Any) -> Any:
    return ab[0, ...] * ab[0, ...] + ab[1, ...] * ab[1, ...]
