"""Without JavaScript, on a phone, in the dark, with a screen reader."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from .conftest import SAMPLE, NewVisitor, Visitor

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def test_everything_needed_works_without_javascript(new_visitor: NewVisitor) -> None:
    page = new_visitor(java_script_enabled=False).page
    page.goto("/")
    page.set_input_files("#files", SAMPLE)
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url(re.compile("/photographs/"))
    expect(page.locator("#main[data-state=ready]")).to_be_visible()  # it refreshes itself

    page.get_by_label("Saturation", exact=True).fill("0.5")
    page.get_by_role("button", name="Show with these settings").click()
    assert "saturation=0.5" in page.url
    expect(page.locator("#after")).to_have_attribute("src", re.compile(r"saturation=0\.5"))

    page.get_by_label("Format").select_option("png")
    with page.expect_download() as download:
        page.locator("#download button[type=submit]").click()
    with Image.open(download.value.path()) as result:
        assert result.format == "PNG"


def no_sideways_scrolling(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def lightness_of_the_background(page: Page) -> float:
    colour = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3


def test_a_phone(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(**PHONE)
    visitor.page.goto("/")
    assert no_sideways_scrolling(visitor.page)
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    assert no_sideways_scrolling(visitor.page)
    assert visitor.complaints == []


def test_the_dark(new_visitor: NewVisitor) -> None:
    light, dark = new_visitor().page, new_visitor(color_scheme="dark").page
    for page in (light, dark):
        page.goto("/")
    assert lightness_of_the_background(light) > 200
    assert lightness_of_the_background(dark) < 60


def serious(page: Page) -> list[str]:
    """What axe finds that keeps people out."""
    found = Axe().run(page).response["violations"]
    return [
        f"{each['id']}: {node['html'][:200]}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(new_visitor: NewVisitor, scheme: str) -> None:
    visitor = new_visitor(color_scheme=scheme, bypass_csp=True)
    page = visitor.page
    for place in ("/", "/about", "/no-such-page"):
        page.goto(place)
        assert serious(page) == [], place
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    assert serious(page) == []
    page.get_by_role("button", name="Touch up").click()
    page.locator("#touch-ring").press("Enter")
    page.locator("#touch-swatches button").nth(3).click()
    expect(page.locator(".marker")).to_have_count(1)
    assert serious(page) == []
    visitor.upload(SAMPLE, SAMPLE)
    expect(page.locator(".tile[data-state=ready]")).to_have_count(2)
    assert serious(page) == []


def test_the_keyboard_reaches_the_controls(visitor: Visitor) -> None:
    visitor.page.goto("/")
    visitor.page.keyboard.press("Tab")
    expect(visitor.page.locator(":focus")).to_have_class(re.compile("skip"))
    visitor.page.keyboard.press("Enter")
    visitor.page.keyboard.press("Tab")
    expect(visitor.page.locator("#files")).to_be_focused()
