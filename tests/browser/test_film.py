"""A film: moments to choose colours on, a version in the making, the player."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ..app.clips import clip
from .conftest import NewVisitor, Visitor
from .test_everyone import PHONE, no_sideways_scrolling, serious


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A film of two seconds."""
    path = tmp_path / "film.mp4"
    path.write_bytes(clip(2).getvalue())
    return path


def upload(page: Page, film: Path) -> None:
    page.goto("/")
    page.set_input_files("#files", film)
    page.wait_for_url(re.compile("/films/"))
    expect(page.locator("#main[data-state=ready][data-coloured=true]")).to_be_visible()


def test_a_film_gets_its_colours(visitor: Visitor, film: Path) -> None:
    page = visitor.page
    upload(page, film)
    page.locator("#moments a").nth(7).click()
    expect(page.locator("#moments a").nth(7)).to_have_attribute("aria-current", "true")
    page.get_by_label("Saturation", exact=True).fill("1.5")
    expect(page).to_have_url(re.compile(r"saturation=1\.5.*still=8|still=8.*saturation=1\.5"))
    page.get_by_role("button", name="Colour the film").click()
    expect(page.locator("#versions")).to_contain_text("Saturation 150 %")
    expect(page.locator(".version[data-state=ready]")).to_be_visible()
    expect(page.locator("#player")).to_be_visible()
    page.wait_for_function("document.getElementById('film').readyState > 0")
    assert page.evaluate("document.getElementById('film').videoWidth") == 64
    divider = page.get_by_label("Divider of the film")
    divider.focus()
    width = "document.getElementById('veil').getBoundingClientRect().width"
    before = page.evaluate(width)
    page.keyboard.press("Home")
    assert page.evaluate(width) < before
    expect(divider).to_have_attribute("aria-valuetext", "0 % before, 100 % after")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download H.264").click()
    assert download.value.suggested_filename == "film-colour.mp4"


def test_nobody_is_kept_out(new_visitor: NewVisitor, film: Path) -> None:
    visitor = new_visitor(**PHONE, bypass_csp=True)
    upload(visitor.page, film.rename(film.with_suffix(".unknown")))  # known by its content
    assert no_sideways_scrolling(visitor.page)
    visitor.page.get_by_role("button", name="Colour the film").click()
    expect(visitor.page.locator(".version[data-state=ready]")).to_be_visible()
    assert no_sideways_scrolling(visitor.page)
    assert serious(visitor.page) == []
