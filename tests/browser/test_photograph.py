"""One photograph: upload, adjust, look closer, download, delete."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, expect

from .conftest import SAMPLE, NewVisitor, Visitor

_PIXELS = """
    img => { const c = document.createElement("canvas");
             c.width = img.naturalWidth; c.height = img.naturalHeight;
             c.getContext("2d").drawImage(img, 0, 0);
             return c.toDataURL("image/png").split(",")[1]; }
"""


def picture(page: Page, selector: str) -> NDArray[np.float32]:
    """What an <img> of the page shows: (H, W, 3), 0..255."""
    data = page.eval_on_selector(selector, _PIXELS)
    with Image.open(io.BytesIO(base64.b64decode(data))) as image:
        return np.asarray(image.convert("RGB"), np.float32)


def chroma(pixels: NDArray[np.float32]) -> float:
    """How far the pixels are from grey, on average."""
    return float((pixels.max(axis=-1) - pixels.min(axis=-1)).mean())


def test_upload_adjust_download(visitor: Visitor, tmp_path: Path) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    coloured = picture(page, "#after")
    assert chroma(picture(page, "#before")) < 1
    assert chroma(coloured) > 5

    old = page.get_attribute("#after", "src")
    page.get_by_label("Saturation", exact=True).fill("0")
    expect(page.locator("#after")).not_to_have_attribute("src", str(old))
    assert chroma(picture(page, "#after")) < 1, "a saturation of 0 is grey"
    assert "saturation=0" in page.url, "the address holds the settings"

    page.get_by_role("link", name="Vivid", exact=True).click()
    expect(page.locator("#saturation-value")).not_to_contain_text("0 ×")
    page.wait_for_function("() => !document.querySelector('#reset-all').hidden")
    with Image.open(SAMPLE) as original:
        size = original.size
    for format in ("png", "jpeg", "webp"):
        page.get_by_label("Format").select_option(format)
        with page.expect_download() as download:
            page.locator("#download button[type=submit]").click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
        with Image.open(file) as result:
            assert (result.format, result.size) == (format.upper(), size)
            assert chroma(np.asarray(result.convert("RGB"), np.float32)) > 5


def test_reset_brings_the_default_back(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    warmth = page.get_by_label("Warmth", exact=True)
    warmth.fill("20")
    page.locator("[data-reset=warmth]").click()
    assert warmth.input_value() == "0"
    assert "warmth" not in page.url


def test_a_setting_of_the_network_runs_it_again(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    page.get_by_text("Advanced").click()
    old = page.get_attribute("#after", "src")
    page.get_by_label("Working size", exact=True).fill("128")
    expect(page.locator("#main[data-state=ready]")).to_be_visible()
    expect(page.locator("#after")).not_to_have_attribute("src", str(old))
    assert "working_size=128" in page.url


def test_where_it_was_unsure_and_what_it_could_be(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    page.get_by_role("button", name="Where was it unsure?").click()
    expect(page.locator("#overlay")).to_be_visible()
    page.wait_for_function("() => document.querySelector('#overlay').naturalWidth > 0")
    page.get_by_role("button", name="Where was it unsure?").click()
    expect(page.locator("#overlay")).to_be_hidden()

    page.get_by_role("button", name="What could this be?").click()
    expect(page.locator("#colours-list li").first).to_contain_text("%")
    page.locator("#crosshair").press("ArrowLeft")
    expect(page.locator("#colours-list li").first).to_contain_text("%")


def test_zoom_with_buttons(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    box = page.locator("#after").bounding_box()
    page.get_by_role("button", name="Zoom in").click()
    page.wait_for_timeout(400)
    larger = page.locator("#after").bounding_box()
    assert box is not None
    assert larger is not None
    assert larger["width"] > 1.2 * box["width"]
    page.get_by_role("button", name="Fit the whole picture").click()
    page.wait_for_timeout(400)
    fitted = page.locator("#after").bounding_box()
    assert fitted is not None
    assert fitted["width"] == pytest.approx(box["width"], abs=2)


def test_drag_and_drop(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/")
    data = base64.b64encode(SAMPLE.read_bytes()).decode()
    transfer = page.evaluate_handle(
        """data => { const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
                     const transfer = new DataTransfer();
                     transfer.items.add(new File([bytes], "dropped.jpg", {type: "image/jpeg"}));
                     return transfer; }""",
        data,
    )
    page.dispatch_event("body", "dragenter", {"dataTransfer": transfer})
    expect(page.locator("#curtain")).to_be_visible()
    page.dispatch_event("body", "drop", {"dataTransfer": transfer})
    visitor.wait_for_colours()
    expect(page.get_by_role("heading", name="dropped.jpg")).to_be_visible()


def test_a_sample_with_one_click(visitor: Visitor) -> None:
    visitor.page.goto("/")
    visitor.page.locator(".sample-list button").first.click()
    visitor.wait_for_colours()


def test_delete_now(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    place = page.url
    page.get_by_text("Delete now").click()
    page.get_by_role("button", name="Yes, delete").click()
    page.wait_for_url(lambda url: "/photographs/" not in url)
    assert visitor.context.request.get(place).status == 404


def test_another_person_does_not_see_it(visitor: Visitor, new_visitor: NewVisitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    other = new_visitor()
    answer = other.page.goto(visitor.page.url)
    assert answer is not None
    assert answer.status == 404
    expect(other.page.get_by_role("heading", level=1)).to_be_visible()


def test_what_is_no_picture_is_refused_with_its_reason(
    new_visitor: NewVisitor, tmp_path: Path
) -> None:
    file = tmp_path / "letter.jpg"
    file.write_text("Dear Sir or Madam")
    visitor = new_visitor()
    visitor.page.goto("/")
    visitor.page.set_input_files("#files", file)
    expect(visitor.page.locator("#uploads-list")).to_contain_text("not a picture")


def test_a_damaged_picture_fails_with_its_reason(visitor: Visitor, tmp_path: Path) -> None:
    file = tmp_path / "half.jpg"
    file.write_bytes(SAMPLE.read_bytes()[:8000])
    visitor.upload(file)
    expect(visitor.page.locator("#failed")).to_be_visible()
    expect(visitor.page.locator("#failed-detail")).not_to_be_empty()
