"""A picture whose palette another one is to take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import InvalidGuidance
from .checks import listed, number, short

if TYPE_CHECKING:
    from ..photo import Photo
    from ..prediction import Prediction
    from ..settings import Settings

#: how much of a reference's palette is taken if nobody says
AMOUNT = 0.7
_BINS = 313
_SHORT_SIDE = 256


@dataclass(frozen=True)
class Reference:
    """A picture whose palette another one is to take.

    Attributes:
        palette: share of each of the 313 bins, :func:`colorizer.color.palette.palette_of`.
        amount: 0..1.
        name: what people call it; goes into the note of the result.

    Raises:
        InvalidGuidance: if one of them is not right.
    """

    palette: tuple[float, ...]
    amount: float = AMOUNT
    name: str = ""

    def __post_init__(self) -> None:
        message = f"The palette of a reference is {_BINS} shares that sum to 1."
        if not isinstance(self.name, str):
            raise InvalidGuidance(f"The name of a reference is text, not {short(self.name)}.")
        shares = [
            number(share, "A share of a reference's palette")
            for share in listed(self.palette, message)
        ]
        if len(shares) != _BINS or min(shares) < 0 or not 0.9 < sum(shares) < 1.1:
            raise InvalidGuidance(message)
        object.__setattr__(self, "palette", tuple(shares))
        object.__setattr__(self, "amount", amount_of(self.amount))

    @classmethod
    def of(cls, photo: Photo, amount: float = AMOUNT, name: str = "") -> Reference:
        """The palette of a photograph in colour, (H, W, 3).

        Raises:
            InvalidGuidance: if it is a grey one.
        """
        from ..color.lab import srgb_to_lab
        from ..photo.icc import to_srgb

        if photo.is_grey:
            raise InvalidGuidance(f"{name or 'The reference'} has no colours to take.")
        step = max(min(photo.height, photo.width) // _SHORT_SIDE, 1)
        pixels = photo.pixels[::step, ::step]
        in_srgb = to_srgb(pixels, photo.icc, "rgb")
        pixels = pixels if in_srgb is None else in_srgb
        top = 255 if pixels.dtype.itemsize == 1 else 65535
        ab = srgb_to_lab((pixels / top).astype("float32"))[..., 1:]
        return cls(_palette(ab), amount, name)

    @classmethod
    def of_result(
        cls, prediction: Prediction, settings: Settings, amount: float = AMOUNT, name: str = ""
    ) -> Reference:
        """The palette that a grey photograph's result has with these settings."""
        from ..prediction import LOGIT_STRIDE
        from ..working import working_ab
        from .guidance import Guidance

        places = working_ab(prediction, settings, Guidance())[:, ::LOGIT_STRIDE, ::LOGIT_STRIDE]
        return cls(_palette(places.transpose(1, 2, 0)), amount, name)


def amount_of(value: Any) -> float:
    """How much of a reference is taken, 0..1.

    Raises:
        InvalidGuidance: if it is not that.
    """
    amount = number(value, "The amount of a reference")
    if not 0 <= amount <= 1:
        raise InvalidGuidance(f"The amount of a reference must be between 0 and 1, not {amount:g}.")
    return amount


def _palette(ab: Any) -> tuple[float, ...]:
    """Of a*, b* (..., 2), rounded as it is written."""
    from ..color.palette import palette_of

    return tuple(palette_of(ab).round(7).tolist())
