"""One photograph: upload, adjust, look closer, download, delete."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page, Request, Route, expect

from colorizer.settings import PRESETS

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
    page.wait_for_url(re.compile("saturation=0"))  # the address holds the settings

    page.get_by_role("link", name="Vivid", exact=True).click()
    expect(page.locator("#saturation-value")).to_have_text(
        f"{PRESETS['vivid'].changes['saturation']:.0%}".replace("%", " %")
    )
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


def test_a_scan_that_lies_on_its_side_is_turned(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    page.get_by_label("Saturation", exact=True).fill("1.3")
    page.wait_for_url(re.compile("saturation=1.3"))
    lying = picture(page, "#before")
    page.get_by_role("button", name="Turn to the right").dblclick()  # once is meant
    visitor.wait_for_colours()
    upright = picture(page, "#before")
    assert upright.shape == (lying.shape[1], lying.shape[0], 3)
    assert np.abs(upright - np.rot90(lying, -1)).mean() < 3
    assert "saturation=1.3" in page.url
    assert page.get_by_label("Saturation", exact=True).input_value() == "1.3"


def test_reset_brings_the_default_back(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    warmth = page.get_by_label("Warmth", exact=True)
    warmth.fill("20")
    page.locator("[data-reset=warmth]").click()
    assert warmth.input_value() == "0"
    page.wait_for_url(lambda url: "warmth" not in url)


def test_a_setting_of_the_network_runs_it_again(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    page.get_by_text("Advanced").click()
    old = page.get_attribute("#after", "src")
    page.get_by_label("Working size", exact=True).fill("128")
    expect(page.locator("#main[data-state=ready]")).to_be_visible()
    expect(page.locator("#after")).not_to_have_attribute("src", str(old))
    page.wait_for_url(re.compile("working_size=128"))


def test_where_it_was_unsure_and_what_it_could_be(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    page.get_by_role("button", name="Where was it unsure?").click()
    expect(page.locator("#overlay")).to_be_visible()
    page.wait_for_function("() => document.querySelector('#overlay').naturalWidth > 0")
    page.get_by_role("button", name="Where was it unsure?").click()
    expect(page.locator("#overlay")).to_be_hidden()

    expect(page.locator("#legend")).to_be_empty()

    page.get_by_role("button", name="Other likely colours").click()
    expect(page.locator("#colours-list li").first).to_contain_text("%")
    page.locator("#crosshair").press("ArrowLeft")
    expect(page.locator("#colours-list li").first).to_contain_text(re.compile("% ?[a-z]+"))
    expect(page.locator("#colours-list li").first).to_have_attribute("title", re.compile("^#"))


def test_it_is_not_called_sure_where_that_is_not_known(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()  # whose console tells of the refusals
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    unsure = page.get_by_role("button", name="Where was it unsure?")
    legend, overlay = page.locator("#legend"), page.locator("#overlay")

    def refuse(status: int, detail: str) -> None:
        body = json.dumps({"detail": detail})
        page.route("**/uncertainty.png*", lambda route: route.fulfill(
            status=status, content_type="application/problem+json", body=body
        ))  # fmt: skip

    refuse(422, "This cannot be shown.")
    unsure.click()
    expect(legend).to_have_text("This cannot be shown.")
    expect(unsure).to_have_attribute("aria-pressed", "false")
    page.unroute("**/uncertainty.png*")
    refuse(503, "There is too much to do.")
    unsure.click()
    expect(legend).to_have_text("There is too much to do. Trying again…")
    expect(overlay).to_be_hidden()
    page.unroute("**/uncertainty.png*")
    expect(legend).to_contain_text("Clear: it was sure.")
    expect(overlay).to_be_visible()


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


def test_deleting_while_the_picture_is_being_made(visitor: Visitor) -> None:
    """The page asks for nothing that is gone, and does not speak of a failure on its way out."""
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    page.evaluate(
        "const notice = document.getElementById('failed');"
        "addEventListener('pagehide', () => sessionStorage.failed = !notice.hidden)"
    )

    def answer_late(route: Route) -> None:
        answer = route.fetch(max_redirects=0)  # the photograph is gone, its page is not yet
        page.wait_for_timeout(600)
        route.fulfill(response=answer)

    page.route("**/delete", answer_late)
    page.get_by_text("Delete now").click()
    page.get_by_label("Saturation", exact=True).fill("0.5")
    page.get_by_role("button", name="Yes, delete").click()
    page.wait_for_url(lambda url: "/photographs/" not in url)
    assert page.evaluate("sessionStorage.failed") == "false"


def test_who_stops_the_browser_on_its_way_out_goes_on(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    page.route("**/delete", lambda route: route.abort("aborted"))
    page.get_by_text("Delete now").click()
    page.get_by_role("button", name="Yes, delete").click()
    page.get_by_label("Saturation", exact=True).press("Home")
    expect(page.locator("#after")).to_have_attribute("src", re.compile("saturation=0|^blob:"))
    picture_before = page.get_attribute("#after", "src")
    page.get_by_label("Saturation", exact=True).press("End")
    expect(page.locator("#after")).not_to_have_attribute("src", str(picture_before))


def test_another_person_does_not_see_it(visitor: Visitor, new_visitor: NewVisitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    other = new_visitor()
    answer = other.page.goto(visitor.page.url)
    assert answer is not None
    assert answer.status == 404
    expect(other.page.get_by_role("heading", level=1)).to_be_visible()


def test_a_damaged_picture_fails_with_its_reason(visitor: Visitor, tmp_path: Path) -> None:
    file = tmp_path / "half.jpg"
    file.write_bytes(SAMPLE.read_bytes()[:8000])
    visitor.upload(file)
    expect(visitor.page.locator("#failed")).to_be_visible()
    expect(visitor.page.locator("#failed-detail")).not_to_be_empty()


def test_the_picture_follows_while_a_slider_is_dragged(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    slider = page.get_by_label("Saturation", exact=True)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    shown = {page.get_attribute("#after", "src")}
    for step in range(60):  # never 120 ms without a movement
        page.mouse.move(box["x"] + box["width"] * (0.5 + step / 150), middle)
        page.wait_for_timeout(50)
        shown.add(page.get_attribute("#after", "src"))
    assert len(shown) > 3
    page.mouse.up()


def test_the_picture_follows_though_the_address_cannot(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    visitor.context.add_init_script(
        "history.replaceState = () => { throw new DOMException('too often', 'SecurityError'); }"
    )
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    old = visitor.page.get_attribute("#after", "src")
    visitor.page.get_by_label("Saturation", exact=True).fill("0")
    expect(visitor.page.locator("#after")).not_to_have_attribute("src", str(old))
    visitor.page.wait_for_timeout(500)
    assert visitor.complaints == []


def test_the_first_page_leads_back_to_what_was_chosen(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    page.get_by_label("Saturation", exact=True).fill("0.5")
    page.locator("#words").fill("a red coat")
    page.wait_for_url(re.compile(r"saturation=0\.5"))
    page.get_by_role("link", name="Colorizer", exact=True).click()
    page.locator("#recent a").first.click()
    page.wait_for_url(re.compile(r"saturation=0\.5"))
    expect(page.get_by_label("Saturation", exact=True)).to_have_value("0.5")
    expect(page.locator("#words")).to_have_value("a red coat")
    page.locator("#words").fill("")
    page.locator("#reset-all").click()
    page.wait_for_url(re.compile("/photographs/[^?]*$"))
    page.reload()
    page.wait_for_timeout(500)
    expect(page.get_by_label("Saturation", exact=True)).to_have_value("1")


def test_back_from_a_photograph_that_was_turned(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    first = page.url
    page.get_by_role("button", name="Turn to the right").click()
    page.wait_for_url(lambda url: url != first)
    visitor.wait_for_colours()
    turned = page.url
    page.go_back()
    page.wait_for_url(turned)
    visitor.wait_for_colours()
    page.get_by_role("button", name="It is a negative").click()
    page.wait_for_url(lambda url: url != turned)
    visitor.wait_for_colours()
    expect(page.get_by_role("button", name="It is a negative")).to_have_attribute(
        "aria-pressed", "true"
    )


def test_sixteen_bits_without_a_reload(visitor: Visitor, tmp_path: Path) -> None:
    file = tmp_path / "deep.png"
    with Image.open(SAMPLE) as image:
        grey = np.asarray(image.convert("L"), np.uint16)
    Image.fromarray(grey * 257).save(file)
    visitor.upload(file)
    visitor.wait_for_colours()
    page = visitor.page
    expect(page.locator("#bits")).to_have_text(", 16 bits")
    expect(page.locator("#bit_depth")).to_be_visible()
    expect(page.locator("#bit_depth option").first).to_have_text("16, as scanned")

    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    expect(page.locator("#bits")).to_have_text(", 8 bits")
    page.get_by_label("Format").select_option("png")
    expect(page.locator("#bit_depth")).to_be_hidden()


def test_keys_on_the_working_size_ask_the_network_once(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    requests: list[Request] = []
    page.on("request", lambda request: requests.append(request))
    page.get_by_text("Advanced").click()
    for _ in range(3):
        page.get_by_label("Working size", exact=True).press("ArrowLeft")
    expect(page.locator("#main[data-state=ready]")).to_be_visible()
    asked = [request.post_data_json for request in requests if request.method == "POST"]
    assert asked == [{"working_size": 160}]


def test_a_photograph_that_is_gone_says_so(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    visitor.context.request.delete(str(page.get_attribute("#main", "data-api")))
    page.get_by_label("Saturation", exact=True).fill("0")
    expect(page.locator("#failed-detail")).to_contain_text("has been deleted")
    expect(page.get_by_role("button", name="Try again")).to_be_hidden()
    expect(page.locator("#failed-note")).to_be_hidden()
