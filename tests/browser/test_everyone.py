"""Without JavaScript, on a phone, in the dark, with a screen reader."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, Route, expect

from .conftest import SAMPLE, NewVisitor, Visitor

_LISTEN = """() => {
    window.said = [];
    for (const place of document.querySelectorAll("[role=status], [aria-live=polite], output")) {
        if (place.getAttribute("aria-live") === "off") continue;
        new MutationObserver(() => said.push(place.textContent.trim()))
            .observe(place, { childList: true, subtree: true, characterData: true });
    }
}"""

_IS_BEHIND = """() => {
    const [here, picture] = [document.activeElement, document.getElementById("mount")];
    const bottom = (element) => element.getBoundingClientRect().bottom;
    return !picture.contains(here) && !here.closest(".masthead") && bottom(here) <= bottom(picture);
}"""

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


def opened(visitor: Visitor) -> Page:
    """The page of the sample, whose live regions are listened to."""
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    page.wait_for_function("() => document.querySelector('#after').naturalWidth > 0")
    page.evaluate(_LISTEN)
    return page


def said(page: Page, words: str) -> None:
    """Wait until a screen reader has something to say."""
    page.wait_for_function("words => said.some((text) => text.includes(words))", arg=words)


def test_sliders_with_keys(visitor: Visitor) -> None:
    page = opened(visitor)
    vividness = page.get_by_label("Vividness", exact=True)
    shown = [30]
    for key in ("ArrowRight", "ArrowUp", "PageUp", "PageDown", "ArrowDown", "Home", "End"):
        vividness.press(key)
        shown.append(int(str(vividness.get_attribute("aria-valuetext")).removesuffix(" %")))
    assert shown == [30, 31, 32, 42, 32, 31, 0, 100]
    assert "100 %" not in page.evaluate("said"), "the slider itself says its value"
    page.evaluate(
        "window.changed = 0; for (const output of document.querySelectorAll('output'))"
        "  new MutationObserver(() => changed += 1).observe(output, { childList: true });"
    )
    page.get_by_label("Saturation", exact=True).press("ArrowRight")
    page.wait_for_timeout(200)
    assert page.evaluate("changed") == 1
    address = page.url
    page.get_by_label("Saturation", exact=True).press("Enter")
    page.get_by_label("Format").select_option("jpeg")
    with page.expect_download():
        page.get_by_label("Quality").press("Enter")
    assert page.evaluate("said !== undefined"), f"{address} was not loaded anew"


def test_touching_up_is_told_and_keeps_the_focus(visitor: Visitor) -> None:
    page = opened(visitor)
    page.get_by_role("button", name="Touch up").press("Enter")
    page.keyboard.press("Shift+ArrowRight")
    said(page, "55 % from the left, 50 % from the top")
    page.keyboard.press("Enter")
    swatches = page.locator("#touch-swatches button")
    expect(swatches.nth(3)).to_be_visible()
    names = swatches.all_text_contents()
    assert len(set(names)) == len(names)
    swatches.nth(1).press("Enter")
    expect(swatches.nth(1)).to_have_attribute("aria-pressed", "true")
    said(page, f"Place 1: {names[1]}")
    page.locator("#touch-reach").press("End")
    expect(page.locator("#touch-reach")).to_have_attribute(
        "aria-valuetext", "4 times as far as usual"
    )
    page.locator("#touch-done").press("Enter")
    for step, words in (
        ("undo", "Undone. No place has"), ("redo", "Done again. One place has"),
        ("clear", "Removed; Undo brings them back."), ("undo", "Undone. One place has"),
    ):  # fmt: skip
        page.locator(f"#touch-{step}").press("Enter")
        said(page, words)
        expect(page.locator(f"#touch-{step}")).to_be_focused()
    page.get_by_role("link", name="Clear").press("Enter")
    expect(page.locator("#touch-ring")).to_be_focused()
    for keys, count in (("Control+z", 1), ("Control+z", 0), ("Control+y", 1)):
        page.keyboard.press(keys)
        expect(page.locator(".marker")).to_have_count(count)


def test_what_keys_move_stays_in_sight(visitor: Visitor) -> None:
    page = opened(visitor)
    for tool, ring in (("#ask", "#crosshair"), ("#touch", "#touch-ring")):
        page.locator("#zoom-in").press("Enter")
        page.locator(tool).press("Enter")
        for _ in range(12):
            page.keyboard.press("Shift+ArrowRight")
        point, stage = page.locator(ring).bounding_box(), page.locator("#stage").bounding_box()
        assert point is not None
        assert stage is not None
        assert point["x"] < stage["x"] + stage["width"]
        page.locator("#zoom-fit").press("Enter")
        expect(page.locator("#zoom-fit")).to_be_focused()


def test_a_failure_is_told_where_one_is(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()  # whose console tells of the answer 404
    page = opened(visitor)
    visitor.context.request.delete(str(page.get_attribute("#main", "data-api")))
    page.get_by_label("Saturation", exact=True).press("ArrowRight")
    said(page, "No longer here. This photograph has been deleted or its time is up.")
    expect(page.locator("#failed-title")).to_be_focused()


def test_nothing_with_the_focus_is_behind_the_picture(new_visitor: NewVisitor) -> None:
    page = opened(new_visitor(viewport={"width": 320, "height": 640}))
    page.locator(".colophon a").focus()
    for _ in range(30):
        page.keyboard.press("Shift+Tab")
        assert not page.evaluate(_IS_BEHIND), page.evaluate("document.activeElement.outerHTML")


def test_a_finger_that_scrolls_past_a_slider_leaves_it_as_it_was(new_visitor: NewVisitor) -> None:
    visitor = new_visitor(**PHONE)
    page = opened(visitor)
    page.evaluate("document.getElementById('tint').scrollIntoView({ block: 'end' })")
    box = page.locator("#tint").bounding_box()
    assert box is not None
    x, y = box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2
    session = visitor.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y} for x, y in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})
        page.wait_for_timeout(20)

    touch("touchStart", (x, y))
    for step in range(1, 12):
        touch("touchMove", (x, y - 25 * step))
    touch("touchEnd")
    assert page.evaluate("scrollY") > 0
    expect(page.locator("#tint")).to_have_value("0")
    expect(page.locator("#tint-value")).to_have_text("neutral")


def test_the_colours_of_a_place_are_in_sight_on_a_phone_that_lies(new_visitor: NewVisitor) -> None:
    page = opened(new_visitor(**{**PHONE, "viewport": {"width": 844, "height": 390}}))
    page.get_by_role("button", name="Touch up").tap()
    layer = page.locator("#touch-layer").bounding_box()
    assert layer is not None
    page.touchscreen.tap(layer["x"] + layer["width"] / 2, layer["y"] + layer["height"] / 2)
    expect(page.locator("#touch-swatches button").nth(3)).to_be_in_viewport()


def test_colours_that_the_system_chooses_and_paper(new_visitor: NewVisitor) -> None:
    page = opened(new_visitor(forced_colors="active", color_scheme="dark"))
    page.get_by_role("button", name="Other likely colours").click()
    swatches = page.locator(".colours .swatch")
    expect(swatches.nth(1)).to_be_visible()
    shown = "places => new Set(places.map((p) => getComputedStyle(p).backgroundColor)).size"
    assert swatches.evaluate_all(shown) > 1
    for swatch in swatches.all():
        expect(swatch).to_have_css("forced-color-adjust", "none")
    page.emulate_media(media="print", forced_colors="none")
    expect(page.locator("#after")).to_be_visible()
    for control in ("#settings", "#touch", "#turn", ".masthead"):
        expect(page.locator(control)).to_be_hidden()


def test_a_slow_line_is_told(visitor: Visitor) -> None:
    page = opened(visitor)

    def slowly(route: Route) -> None:
        page.wait_for_timeout(900)
        route.continue_()

    page.route("**/preview.jpg*", slowly)
    page.get_by_label("Saturation", exact=True).press("ArrowRight")
    expect(page.locator("#waiting")).to_have_text("Showing the new colours…")
    expect(page.locator("#waiting")).to_be_empty()
    page.unroute("**/preview.jpg*")
    visitor.upload(SAMPLE, SAMPLE)
    expect(page.locator(".tile[data-state=ready] img")).to_have_count(2)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.tile img')].every((img) => img.naturalWidth > 0)"
    )
    page.route("**/preview.jpg*", slowly)
    page.get_by_label("Saturation", exact=True).press("ArrowRight")
    expect(page.locator("#waiting")).to_have_text("Showing the new colours…")
    expect(page.locator("#waiting")).to_be_empty()
    page.unroute_all(behavior="ignoreErrors")
