"""Saying what it was: typed, understood, shown on the picture, remembered; with keys; on a phone.

The server's model of words is that of the tests: it finds a coat where the picture is light.
"""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import Page, Route, expect

from colorizer import provenance_of

from .conftest import SAMPLE, NewVisitor, Visitor
from .test_photograph import picture
from .test_touch import new_picture, shows


def opened(visitor: Visitor) -> Page:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    page.wait_for_function("() => document.querySelector('#after').naturalWidth > 0")
    return page


def greener(after: NDArray[np.float32], before: NDArray[np.float32]) -> float:
    """How much greener and less red the light parts are, of 255."""
    change = (after - before)[before.mean(-1) > 170]
    return float((change[..., 1] - change[..., 0]).mean())


def test_words_are_understood_and_can_be_taken_back(visitor: Visitor) -> None:
    page = opened(visitor)
    before = picture(page, "#after")
    expect(page.get_by_label("How strongly")).to_be_hidden()
    with new_picture(page):
        page.get_by_label("Things and their colours").fill("a green coat, a hat, zlorp")
        page.keyboard.press("Enter")
    said = page.locator("#words-said")
    expect(said.get_by_role("button")).to_have_text(["green coat", "hat nowhere here"])
    expect(said).to_contain_text("Not understood: zlorp.")
    page.wait_for_url(re.compile(r"words=a\+green\+coat"))
    after = picture(page, "#after")
    assert greener(after, before) > 3
    with new_picture(page):
        page.get_by_label("How strongly").fill("0.5")
    assert greener(picture(page, "#after"), before) < greener(after, before) - 1

    page.get_by_role("link", name="Clear the words").click()
    shows(page, before)
    expect(said).to_be_empty()
    expect(page.get_by_label("How strongly")).to_be_hidden()
    page.wait_for_url(re.compile(r"^((?!words=).)*$"))


def test_a_pause_is_enough_and_half_a_word_is_not_asked_about(visitor: Visitor) -> None:
    page = opened(visitor)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with new_picture(page):
        page.get_by_label("Things and their colours").press_sequentially("green coat", delay=30)
    expect(page.locator("#words-said button")).to_have_text(["green coat"])
    assert len([url for url in asked if "preview.jpg" in url]) == 1
    assert len([url for url in asked if "/words?" in url]) == 1


def test_where_a_thing_was_found_is_shown_on_the_picture(visitor: Visitor) -> None:
    page = opened(visitor)
    with new_picture(page):
        page.get_by_label("Things and their colours").fill("green coat")
        page.keyboard.press("Enter")
    phrase = page.locator("#words-said button")
    layers = page.locator(".found")
    refused = "**/found.png?words=green+coat&number=0"
    page.route(refused, lambda route: route.fulfill(status=503, headers={"Retry-After": "1"}))
    phrase.hover()
    expect(page.locator("#words-said")).to_contain_text("The server answered with 503.")
    expect(layers.first).to_be_hidden()
    visitor.complaints.clear()  # the browser writes the 503 down
    page.unroute(refused)
    for layer in layers.all():
        expect(layer).to_be_visible()
    expect(page.locator("#words-said")).not_to_contain_text("503")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.found')].every((i) => i.naturalWidth > 0)"
    )
    page.mouse.move(0, 0)
    expect(layers.first).to_be_hidden()
    phrase.focus()
    expect(layers.first).to_be_visible()
    page.keyboard.press("Enter")
    expect(phrase).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Tab")
    expect(layers.first).to_be_visible()
    phrase.press("Escape")
    expect(layers.first).to_be_hidden()


def test_what_was_said_survives_a_reload_and_goes_into_the_download(visitor: Visitor) -> None:
    page = opened(visitor)
    with new_picture(page):
        page.get_by_label("Things and their colours").fill("green coat")
    page.wait_for_url(re.compile("words=green"))
    page.reload()
    visitor.wait_for_colours()
    expect(page.get_by_label("Things and their colours")).to_have_value("green coat")
    expect(page.locator("#words-said button")).to_have_text(["green coat"])
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("Download at")).click()
    note = provenance_of(io.BytesIO(download.value.path().read_bytes()))
    assert note is not None
    assert note.settings["guidance"]["words"] == {"text": "green coat", "amount": 1}


def test_words_of_a_batch(visitor: Visitor) -> None:
    visitor.upload(SAMPLE, SAMPLE.with_name("chelsea.jpg"))
    page = visitor.page
    expect(page.locator(".tile[data-state=ready]")).to_have_count(2)
    page.get_by_label("Things and their colours").fill("green coat, blorp")
    expect(page.locator("#words-said .phrase")).to_have_text(["green coat"])
    expect(page.locator("#words-said")).to_contain_text("Not understood: blorp.")
    for tile in page.locator(".tile img").all():
        expect(tile).to_have_attribute("src", re.compile(r"preview\.jpg\?words=green"))
    page.locator(".tile a").first.click()
    expect(page.get_by_label("Things and their colours")).to_have_value("green coat, blorp")


def test_a_refusal_is_said(visitor: Visitor) -> None:
    page = opened(visitor)
    page.route("**/preview.jpg?*words=*", lambda route: route.fulfill(
        status=422, content_type="application/problem+json", body='{"detail": "No words here."}'
    ))  # fmt: skip
    page.get_by_label("Things and their colours").fill("green coat")
    expect(page.locator("#status")).to_have_text("No words here.")
    visitor.complaints.clear()  # the browser writes the 422 down


@pytest.mark.parametrize("scripts", [True, False])
def test_on_a_phone(new_visitor: NewVisitor, scripts: bool) -> None:
    visitor = new_visitor(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True,
        java_script_enabled=scripts,
    )  # fmt: skip
    page = visitor.page
    page.goto("/")
    if scripts:
        page = opened(visitor)
    else:
        page.set_input_files("input[type=file]", [SAMPLE])
        page.get_by_role("button", name="Upload").tap()
        expect(page.locator("#main[data-state=ready]")).to_be_visible()
    page.get_by_label("Things and their colours").fill("green coat, zlorp")
    if scripts:
        page.locator("#words-said button").tap()
    else:
        page.get_by_role("button", name="Apply").tap()
        page.locator("#words-said a").tap()
    expect(page.locator(".found").last).to_be_visible()
    expect(page.locator("#words-said")).to_contain_text("Not understood: zlorp.")
    if scripts:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visitor.complaints == []


def test_words_that_are_typed_while_a_picture_is_on_its_way_count(visitor: Visitor) -> None:
    page = opened(visitor)

    def slowly(route: Route) -> None:
        page.wait_for_timeout(600)
        route.continue_()

    page.route("**/preview.jpg*", slowly)
    field = page.get_by_label("Things and their colours")
    page.get_by_label("Saturation", exact=True).press("ArrowRight")
    field.press_sequentially("green coat", delay=80)
    page.wait_for_url(re.compile(r"words=green\+coat(&|$)"))
    expect(page.locator("#words-said button")).to_have_text(["green coat"])
    field.press_sequentially(", autumn", delay=80)
    page.wait_for_url(re.compile(r"words=green\+coat%2C\+autumn(&|$)"))
    page.unroute_all(behavior="ignoreErrors")
