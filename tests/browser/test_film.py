"""A film: moments to choose colours on, a version in the making, the player."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from ..app.clips import clip
from .conftest import SAMPLE, NewVisitor, Visitor
from .test_everyone import PHONE, no_sideways_scrolling, serious
from .test_touch import new_picture


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
    expect(page.get_by_text("The order is taken")).to_be_visible()
    expect(page.locator("#versions")).to_contain_text("Saturation 150 %")
    expect(page.locator(".version[data-state=ready]")).to_be_visible()
    expect(page.get_by_text("The order is taken")).to_have_count(0)
    expect(page.locator("#player")).to_be_visible()
    expect(page.locator("#film")).to_have_js_property("videoWidth", 64)
    divider = page.get_by_label("Divider of the film")
    divider.focus()
    width = "document.querySelector('.veil').getBoundingClientRect().width"
    before = page.evaluate(width)
    page.keyboard.press("Home")
    assert page.evaluate(width) < before
    expect(divider).to_have_attribute("aria-valuetext", "0 % before, 100 % after")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download H.264").click()
    assert download.value.suggested_filename == "film-colour.mp4"


def test_what_is_said_of_a_film_goes_into_it(visitor: Visitor, film: Path) -> None:
    page = visitor.page
    upload(page, film)
    with new_picture(page):
        page.locator("#words").fill("a red coat, zlorp")
        page.locator("#words").press("Enter")
    expect(page.locator("#words-said")).to_contain_text("Understood")
    expect(page.locator("#words-said")).to_contain_text("Not understood: zlorp.")
    expect(page).to_have_url(re.compile(r"words=a\+red\+coat"))
    page.get_by_role("button", name="Colour the film").click()
    expect(page.locator("#versions")).to_contain_text("“a red coat, zlorp”")
    expect(page.locator(".version[data-state=ready]")).to_be_visible()
    expect(page.locator("#words")).to_have_value("a red coat, zlorp")


def test_a_place_of_a_moment_gets_a_colour_that_goes_into_the_film(
    visitor: Visitor, film: Path
) -> None:
    page = visitor.page
    upload(page, film)
    moments = page.locator("#moments a")
    moments.nth(2).click()
    expect(page.locator("#main[data-state=ready]")).to_be_visible()
    page.locator("#touch").press("Enter")
    ring = page.locator("#touch-ring")
    expect(ring).to_be_focused()
    for key in ("Shift+ArrowLeft", "ArrowUp", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#touch-swatches button").nth(3)).to_be_visible()
    with new_picture(page):
        page.locator("#touch-own").fill("#2a7a4f")
    page.locator("#touch-done").press("Enter")
    time = moments.nth(2).get_attribute("data-time")
    assert time is not None
    page.wait_for_url(re.compile(rf"hint={float(time):g}%400\.45%2C0\.49%2C%232a7a4f"))
    expect(moments.nth(2).locator(".places")).to_have_text(re.compile("1"))
    expect(moments.nth(2).locator("img")).to_have_attribute("src", re.compile("^blob:"))
    expect(page.locator(".marker")).to_have_count(1)

    moments.nth(5).click()  # where it is not
    expect(page.locator(".marker")).to_have_count(0)
    expect(moments.nth(5).locator(".places")).to_be_hidden()
    expect(page.locator("#main[data-state=ready]")).to_be_visible()
    ring.press("Enter")
    page.locator("#touch-swatches [data-colour='keep grey']").click()
    expect(page.get_by_text("2 places have a colour of yours")).to_be_visible()
    moments.nth(2).click()
    expect(page.locator(".marker")).to_have_count(1)
    page.locator(".marker").press("Delete")
    expect(page.locator(".marker")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(re.compile("hint=.*hint="))
    page.reload()
    expect(page.get_by_text("2 places have a colour of yours")).to_be_visible()
    page.get_by_role("button", name="Colour the film").click()
    expect(page.locator("#versions")).to_contain_text("2 places touched up")
    expect(page.locator(".version[data-state=ready]")).to_be_visible()
    expect(page.get_by_text("2 places have a colour of yours")).to_be_visible()


def test_a_photograph_lends_a_film_its_colours(visitor: Visitor, film: Path) -> None:
    page = visitor.page
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    photograph = page.url.split("?")[0]
    upload(page, film)
    with new_picture(page):
        page.get_by_label("Take the colours of").select_option(label="coffee.jpg")
    page.wait_for_url(re.compile("reference="))
    page.get_by_role("button", name="Colour the film").click()
    expect(page.locator("#versions")).to_contain_text("Colours of coffee.jpg")
    expect(page.locator("#main[data-state=ready]")).to_be_visible()

    address = photograph.replace("/photographs/", "/api/v1/photos/")
    page.evaluate("address => fetch(address, { method: 'DELETE' })", address)
    page.locator("#reference_amount").fill("0.4")
    expect(page.locator("#status")).to_have_text(re.compile("colours were to be taken"))
    page.get_by_label("Take the colours of").select_option("")
    expect(page.locator("#main[data-state=ready]")).to_be_visible()
    visitor.complaints.clear()  # that the photograph is gone


def test_the_line_of_the_player_is_dragged(visitor: Visitor, film: Path) -> None:
    page = visitor.page
    upload(page, film)
    page.get_by_role("button", name="Colour the film").click()
    expect(page.locator("#player")).to_be_visible()
    page.wait_for_function("() => document.getElementById('film').readyState > 0")
    box, video = page.locator("#grip").bounding_box(), page.locator("#film").bounding_box()
    assert box is not None
    assert video is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(video["x"] + 0.2 * video["width"], y, steps=3)
    page.mouse.up()
    expect(page.locator("#divide")).to_have_value("20")
    expect(page.locator("#divide")).to_have_attribute("aria-valuetext", re.compile("20 % before"))
    assert page.evaluate("document.getElementById('film').paused"), "the film was not clicked"


def test_on_a_phone_the_picture_stays_in_sight(new_visitor: NewVisitor, film: Path) -> None:
    visitor = new_visitor(**PHONE)
    page = visitor.page
    upload(page, film)
    page.get_by_label("Strength", exact=True).scroll_into_view_if_needed()
    page.mouse.wheel(0, 400)
    page.wait_for_timeout(500)
    assert page.evaluate("scrollY") > 300
    picture = page.locator("#after").bounding_box()
    assert picture is not None
    assert 0 <= picture["y"] < 60
    assert picture["height"] > 100
    assert visitor.complaints == []


def test_a_film_of_another_name_may_be_larger_than_a_photograph(
    visitor: Visitor, film: Path
) -> None:
    def take_small_photographs(route: Route) -> None:
        answer = route.fetch()
        body = answer.text().replace('data-max-mb="50"', 'data-max-mb="1"')
        route.fulfill(response=answer, body=body)

    visitor.page.route(re.compile(r"/$"), take_small_photographs)
    film.write_bytes(film.read_bytes() + bytes(1_200_000))
    upload(visitor.page, film.rename(film.with_suffix(".unknown")))


def test_nobody_is_kept_out(new_visitor: NewVisitor, film: Path) -> None:
    visitor = new_visitor(**PHONE, bypass_csp=True)
    upload(visitor.page, film.rename(film.with_suffix(".unknown")))  # known by its content
    assert no_sideways_scrolling(visitor.page)
    visitor.page.get_by_role("button", name="Colour the film").click()
    expect(visitor.page.locator(".version[data-state=ready]")).to_be_visible()
    assert no_sideways_scrolling(visitor.page)
    visitor.page.get_by_role("button", name="Touch up").tap()
    visitor.page.locator("#touch-ring").press("Enter")
    visitor.page.locator("#touch-swatches button").nth(3).tap()
    expect(visitor.page.locator(".marker")).to_have_count(1)
    assert no_sideways_scrolling(visitor.page)
    assert serious(visitor.page) == []
