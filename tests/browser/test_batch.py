"""Many photographs, and the ZIP."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import expect

from ..conftest import ROOT
from .conftest import SAMPLE, Visitor


def test_many_photographs_and_their_zip(visitor: Visitor, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(SAMPLE.read_bytes()[:8000])
    visitor.upload(SAMPLE, ROOT / "samples" / "chelsea.jpg", broken)
    page = visitor.page
    expect(page.locator("#batch-status")).to_contain_text("2 of 3 in colour, 1 failed")
    expect(page.locator(".tile[data-state=failed] .tile-state")).not_to_be_empty()
    expect(page.locator(".tile[data-state=ready]")).to_have_count(2)

    page.get_by_label("Saturation", exact=True).fill("0.5")
    expect(page.locator(".tile[data-state=ready] img").first).to_have_attribute(
        "src", re.compile(r"saturation=0\.5")
    )
    page.get_by_label("Format").select_option("webp")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download one ZIP").click()
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.testzip() is None
        pictures = [name for name in archive.namelist() if name.endswith(".webp")]
        assert len(pictures) == 2
        assert "broken" in archive.read("errors.txt").decode()
        with Image.open(io.BytesIO(archive.read(pictures[0]))) as image:
            assert image.format == "WEBP"
