"""Touching up: a colour for a place, with the pointer, with keys, on a phone."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from colorizer import provenance_of
from colorizer.color.lab import srgb_to_lab

from .conftest import SAMPLE, NewVisitor, Visitor
from .test_photograph import picture


@contextmanager
def new_picture(page: Page) -> Iterator[None]:
    """Wait until the picture is another one."""
    old = page.get_attribute("#after", "src")
    yield
    expect(page.locator("#after")).not_to_have_attribute("src", str(old))


def settled(page: Page) -> NDArray[np.float32]:
    """The picture, once it changes no more."""
    last = picture(page, "#after")
    while True:
        page.wait_for_timeout(700)
        now = picture(page, "#after")
        if np.array_equal(now, last):
            return now
        last = now


def shows(page: Page, wanted: NDArray[np.float32]) -> None:
    """Wait until the picture is this one, to the bit."""
    for _ in range(60):
        if np.array_equal(picture(page, "#after"), wanted):
            return
        page.wait_for_timeout(250)
    np.testing.assert_array_equal(picture(page, "#after"), wanted)


def opened(visitor: Visitor) -> Page:
    """The page of the sample, with the tool in hand."""
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    page.wait_for_function("() => document.querySelector('#after').naturalWidth > 0")
    page.get_by_role("button", name="Touch up").click()
    return page


def click(page: Page, x: float, y: float) -> None:
    """Click at a place of the picture, 0..1."""
    box = page.locator("#touch-layer").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])


def colour_at(pixels: NDArray[np.float32], x: float, y: float) -> NDArray[np.float32]:
    """a*, b* of a place, the mean of a few pixels."""
    row, column = int(y * pixels.shape[0]), int(x * pixels.shape[1])
    patch = pixels[row - 2 : row + 3, column - 2 : column + 3] / 255
    return np.asarray(srgb_to_lab(patch)[..., 1:].mean((0, 1)), np.float32)


def markers(page: Page) -> Locator:
    return page.locator(".marker")


def test_a_place_gets_a_colour_and_nothing_far_away_does(visitor: Visitor) -> None:
    page = opened(visitor)
    before = picture(page, "#after")
    click(page, 0.15, 0.2)
    expect(page.locator("#touch-swatches button").nth(3)).to_be_visible()
    with new_picture(page):
        page.locator("#touch-own").fill("#2a7a4f")
    with new_picture(page):
        page.locator("#touch-reach").fill("-3")
    page.keyboard.press("Enter")
    expect(page.locator("#touch-place")).to_be_hidden()
    page.wait_for_url(re.compile(r"hint=0\.15\d*%2C0\.2"))
    after = settled(page)
    change = colour_at(after, 0.15, 0.2) - colour_at(before, 0.15, 0.2)
    assert change[0] < -5, "greener than it was"
    far = np.s_[-200:, -200:]
    np.testing.assert_array_equal(after[far], before[far])

    page.keyboard.press("Control+z")
    shows(page, before)
    expect(markers(page)).to_have_count(0)
    page.keyboard.press("Control+Shift+z")
    shows(page, after)


def test_what_was_set_survives_a_reload_and_goes_into_the_download(visitor: Visitor) -> None:
    page = opened(visitor)
    click(page, 0.3, 0.3)
    with new_picture(page):
        page.locator("#touch-swatches button").first.click()
    page.get_by_role("button", name="Done").click()
    page.wait_for_url(re.compile("hint="))
    page.reload()
    visitor.wait_for_colours()
    expect(page.get_by_text("One place has a colour of yours.")).to_be_visible()
    page.get_by_role("button", name="Touch up").click()
    expect(markers(page)).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Download at")).click()
    note = provenance_of(io.BytesIO(download.value.path().read_bytes()))
    assert note is not None
    (hint,) = note.settings["guidance"]["hints"]
    assert (hint["x"], hint["y"]) == pytest.approx((0.3, 0.3), abs=0.01)
    with Image.open(download.value.path()) as result:
        shown = colour_at(np.asarray(result.convert("RGB"), np.float32), 0.3, 0.3)
    np.testing.assert_allclose(shown, colour_at(picture(page, "#after"), 0.3, 0.3), atol=4)


def test_markers_are_dragged_changed_switched_off_and_removed(visitor: Visitor) -> None:
    page = opened(visitor)
    click(page, 0.3, 0.3)
    with new_picture(page):
        page.locator("#touch-swatches button").first.click()
    click(page, 0.7, 0.3)
    with new_picture(page):
        page.locator("#touch-swatches [data-colour='keep grey']").click()
    page.get_by_role("button", name="Done").click()
    expect(markers(page)).to_have_count(2)

    box = page.locator("#touch-layer").bounding_box()
    assert box is not None
    at = [(box["x"] + x * box["width"], box["y"] + 0.3 * box["height"]) for x in (0.7, 0.6)]
    with new_picture(page):
        page.mouse.move(*at[0])
        page.mouse.down()
        page.mouse.move(*at[1], steps=4)
        page.mouse.up()
    page.wait_for_url(re.compile(r"hint=0\.6\d*%2C"))
    page.mouse.click(*at[1])
    with new_picture(page):
        page.get_by_role("button", name="Switch off").click()
    page.wait_for_url(re.compile("off=0.6"))
    with new_picture(page):
        page.get_by_role("button", name="Remove", exact=True).click()
    expect(markers(page)).to_have_count(1)
    with new_picture(page):
        page.get_by_role("link", name="Clear").click()
    expect(markers(page)).to_have_count(0)
    for count in (1, 2):
        page.get_by_role("button", name="Undo").click()
        expect(markers(page)).to_have_count(count)


def test_a_colour_is_taken_from_the_picture(visitor: Visitor) -> None:
    page = opened(visitor)
    wanted = colour_at(picture(page, "#after"), 0.8, 0.8)
    click(page, 0.2, 0.2)
    page.get_by_role("button", name="From the picture").click()
    with new_picture(page):
        click(page, 0.8, 0.8)
    text = page.locator("#touch-own").input_value()
    rgb = np.array([[[int(text[i : i + 2], 16) for i in (1, 3, 5)]]], np.float32)
    np.testing.assert_allclose(srgb_to_lab(rgb / 255)[0, 0, 1:], wanted, atol=6)


def test_escape_leaves_everything_as_it_was(visitor: Visitor) -> None:
    page = opened(visitor)
    before = picture(page, "#after")
    click(page, 0.3, 0.3)
    with new_picture(page):
        page.locator("#touch-own").fill("#ff0000")
    page.keyboard.press("Escape")
    shows(page, before)
    expect(markers(page)).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#touch-panel")).to_be_hidden()
    expect(page.locator("#touch")).to_be_focused()


def test_a_place_that_is_moved_with_keys_is_one_step(visitor: Visitor) -> None:
    page = opened(visitor)
    click(page, 0.5, 0.5)
    with new_picture(page):
        page.locator(".touch-swatch").first.click()
    page.get_by_role("button", name="Done").click()
    places = page.locator("#hint-inputs input")
    before = places.input_value()
    click(page, 0.5, 0.5)
    expect(page.locator("#touch-place")).to_be_visible()
    for _ in range(3):
        markers(page).press("ArrowRight")
    page.get_by_role("button", name="Done").click()
    expect(places).not_to_have_value(before)
    page.get_by_role("button", name="Undo").click()
    expect(places).to_have_value(before)
    page.get_by_role("button", name="Undo").click()
    expect(markers(page)).to_have_count(0)


def test_undo_in_a_field_is_of_the_field(visitor: Visitor) -> None:
    page = opened(visitor)
    click(page, 0.5, 0.5)
    with new_picture(page):
        page.locator(".touch-swatch").first.click()
    page.get_by_role("button", name="Done").click()
    field = page.locator("#words")
    field.press_sequentially("blue sky")
    field.press("Control+z")
    expect(field).to_have_value("")
    expect(markers(page)).to_have_count(1)
    page.locator("#touch-ring").press("Control+z")
    expect(markers(page)).to_have_count(0)


def test_places_that_the_address_brings_along(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    page.goto(f"{page.url}?hint=0.2,0.5,12:-30&hint=0.8,0.5,keep-grey&hint=0.5,0.2,navy")
    page.get_by_role("button", name="Touch up").click()
    expect(markers(page)).to_have_count(3)
    for marker in markers(page).all():
        expect(marker).not_to_have_css("background-color", "rgba(0, 0, 0, 0)")
    page.get_by_role("button", name="Remove all").click()
    expect(markers(page)).to_have_count(0)


def test_keys_alone_are_enough(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    page.wait_for_function("() => document.querySelector('#after').naturalWidth > 0")
    page.locator("#touch").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#touch-ring")).to_be_focused()
    for key in ("Shift+ArrowLeft", "Shift+ArrowLeft", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#touch-swatches button").nth(3)).to_be_visible()
    expect(page.locator("#touch-swatches button").first).to_be_focused()
    page.keyboard.press("Tab")
    with new_picture(page):
        page.keyboard.press("Enter")
    page.locator("#touch-done").press("Enter")
    page.wait_for_url(re.compile(r"hint=0\.4%2C0\.49"))
    with new_picture(page):
        markers(page).first.press("ArrowRight")
    page.wait_for_url(re.compile(r"hint=0\.41%2C0\.49"))
    with new_picture(page):
        markers(page).first.press("Delete")
    expect(markers(page)).to_have_count(0)


def test_likely_colours_are_asked_for_again(new_visitor: NewVisitor) -> None:
    page = opened(new_visitor())  # whose console tells of the lost connection
    page.route("**/colours?*", lambda route: route.abort())
    click(page, 0.5, 0.5)
    expect(page.locator("#touch-help")).to_contain_text("cannot be reached")
    expect(page.locator(".touch-swatch")).to_have_count(1)
    page.unroute("**/colours?*")
    expect(page.locator(".touch-swatch").nth(3)).to_be_visible()
    expect(page.locator("#touch-help")).to_contain_text("Choose a colour for this place.")


def test_on_a_phone(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True,
    )  # fmt: skip
    page = opened(visitor)
    box = page.locator("#touch-layer").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    with new_picture(page):
        page.locator("#touch-swatches button").first.tap()
    done = page.get_by_role("button", name="Done")
    place, *others = [
        button.bounding_box()
        for button in (done, *page.locator("#touch-panel button:visible").all())
    ]
    assert place is not None
    assert all(box and (box["y"], box["x"]) >= (place["y"], place["x"]) for box in others)
    done.tap()
    expect(done).to_be_hidden()
    expect(markers(page)).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visitor.complaints == []


def test_without_scripts_what_is_set_applies_and_can_be_cleared(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    address = visitor.page.url.split("?")[0]
    plain = visitor.context.browser
    assert plain is not None
    context = plain.new_context(
        storage_state=visitor.context.storage_state(), java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"{address}?hint=0.5,0.5,navy&hint=0.2,0.2,keep-grey")
    expect(page.get_by_text("2 places have a colour of yours.")).to_be_visible()
    assert "hint=0.5,0.5,navy" in str(page.get_attribute("#after", "src"))
    page.get_by_role("link", name="Clear").click()
    expect(page.get_by_text("a colour of yours.")).to_be_hidden()
    context.close()


def test_a_palette_is_taken_from_another_of_the_batch(new_visitor: NewVisitor) -> None:
    """As soon as that has one: it may be waiting still."""
    visitor = new_visitor()  # whose console tells of the answers 409 meanwhile
    visitor.upload(SAMPLE, SAMPLE.with_name("chelsea.jpg"))
    page = visitor.page
    page.locator("a[href*='/photographs/']").first.click()
    visitor.wait_for_colours()
    page.wait_for_function("() => document.querySelector('#after').naturalWidth > 0")
    before = picture(page, "#after")
    with new_picture(page):
        page.get_by_label("Take the colours of").select_option(index=1)
    page.wait_for_url(re.compile("reference="))
    taken = picture(page, "#after")
    assert np.abs(taken - before).mean() > 0.3
    with new_picture(page):
        page.locator("#reference_amount").fill("0")
    assert np.abs(picture(page, "#after") - before).mean() < np.abs(taken - before).mean()


def test_colours_of_a_photograph_that_is_deleted_are_left_off(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()  # whose console tells of the answer 404
    visitor.upload(SAMPLE, SAMPLE.with_name("chelsea.jpg"))
    page = visitor.page
    page.locator("a[href*='/photographs/']").first.click()
    visitor.wait_for_colours()
    with new_picture(page):
        page.get_by_label("Take the colours of").select_option(index=1)
    lender = page.get_by_label("Take the colours of").input_value()
    visitor.context.request.delete(f"/api/v1/photos/{lender}")
    with new_picture(page):
        page.get_by_label("Saturation", exact=True).fill("0.5")
    expect(page.locator("#status")).to_contain_text("has been deleted; they are left off")
    expect(page.locator("#main")).to_have_attribute("data-state", "ready")
    expect(page.get_by_label("Take the colours of")).to_have_value("")
    expect(page).to_have_url(re.compile(r"\?saturation=0\.5$"))
