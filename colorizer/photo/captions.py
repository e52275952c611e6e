"""What each container of a result lacks of what the other containers of the source say.

What is there stays, word for word, also where two containers disagree. A field that is empty is
filled from the others, in the order in which the Metadata Working Group reads them (Guidelines for
Handling Image Metadata 2.0, chapter 3: EXIF; IPTC-IIM if it is newer than the XMP; XMP; IPTC-IIM).
XMP is filled from what might have no other place in the result before it is from EXIF, which
always has one. IPTC-IIM is kept but never made (ibid., 3.3).
"""

from __future__ import annotations

from typing import NamedTuple

from . import exif, photoshop, png_text, xmp
from .metadata import Metadata
from .png_text import Text
from .properties import COMMENT, CREATOR, DESCRIPTION, RIGHTS, TITLE, Captions

_WITH_COMMENTS = {"jpeg", "png"}


class Missing(NamedTuple):
    """Captions to add to EXIF and XMP; the text chunks and the comments to write."""

    exif: Captions
    xmp: Captions
    texts: tuple[Text, ...]
    comments: tuple[str, ...]


def missing(metadata: Metadata, format: str) -> Missing:
    """What to add for a result of this format ("png", "jpeg", "webp" or "tiff")."""
    of_exif = exif.captions(metadata.exif)
    of_xmp = xmp.captions(metadata.xmp, (TITLE, DESCRIPTION, CREATOR, RIGHTS))
    of_iptc = photoshop.captions(metadata.photoshop)
    of_texts = png_text.captions(metadata.texts)
    newest = of_iptc if photoshop.is_newer_than_xmp(metadata.photoshop) else {}
    comments = (*metadata.comments, *png_text.comments(metadata.texts))
    is_to_be_mapped = comments and format not in _WITH_COMMENTS
    remark = {COMMENT: ("\n".join(comments),)} if is_to_be_mapped else {}
    read = _first(of_exif, newest, of_xmp, of_iptc, of_texts)
    return Missing(
        exif={**read, **remark},
        xmp={**_first(of_iptc, of_texts, of_exif), **remark},
        texts=png_text.completed(metadata.texts, read, metadata.comments),
        comments=comments,
    )


def _first(*sources: Captions) -> Captions:
    """Each caption from the first source that has it."""
    result: Captions = {}
    for source in reversed(sources):
        result = {**result, **source}
    return result
