"""The start page: ways to add photographs, what is refused, and the way back."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import expect

from ..app.clips import clip
from ..conftest import ROOT
from .conftest import SAMPLE, NewVisitor, Visitor

_FOLDER = """async () => {
    const { filesOf } = await import("/static/js/dropped.js");
    const file = (name) => ({ name, isDirectory: false, file: (done) => done(new File([], name)) });
    const folder = (name, entries) => {
        const parts = [entries.slice(0, 1), entries.slice(1), []];
        return { name, isDirectory: true,
                 createReader: () => ({ readEntries: (done) => done(parts.shift()) }) };
    };
    const album = folder("album", [file("1.jpg"), file(".DS_Store"),
                                   folder("inner", [file("2.jpg")]), folder(".git", [file("x")])]);
    const items = [{ webkitGetAsEntry: () => album }];
    return (await filesOf({ items, files: [new File([], "album")] })).map(({ name }) => name);
}"""


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


def test_a_folder_is_dropped_with_all_that_is_in_it(visitor: Visitor) -> None:
    visitor.page.goto("/")
    assert visitor.page.evaluate(_FOLDER) == ["1.jpg", "2.jpg"]


def test_cookies_that_are_off_are_said(visitor: Visitor) -> None:
    problem = visitor.page.locator("#problem")
    visitor.page.goto("/")
    expect(problem).to_have_text("")
    off = "Object.defineProperty(Navigator.prototype, 'cookieEnabled', { get: () => false })"
    visitor.context.add_init_script(off)
    visitor.page.goto("/")
    expect(problem).to_contain_text("Cookies are off")


def test_what_is_no_picture_is_refused_with_its_reason(
    new_visitor: NewVisitor, tmp_path: Path
) -> None:
    file = tmp_path / "letter.jpg"
    file.write_text("Dear Sir or Madam")
    visitor = new_visitor()
    visitor.page.goto("/")
    visitor.page.set_input_files("#files", file)
    expect(visitor.page.locator("#uploads-summary")).to_contain_text("not a picture")
    expect(visitor.page.locator("#uploads-again")).to_be_hidden()  # it would not help


def test_what_failed_is_tried_again_into_the_same_batch(
    new_visitor: NewVisitor, tmp_path: Path
) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Sir or Madam")
    visitor = new_visitor()
    page = visitor.page
    page.goto("/")
    page.route("**/api/v1/photos", lambda route: route.abort())
    page.set_input_files("#files", [SAMPLE, letter])
    page.dispatch_event("#files", "change")  # more, while these are being sent
    expect(page.locator("#problem")).to_contain_text("Wait until these are sent")
    expect(page.locator("#uploads-summary")).to_have_text("None of these could be taken.")
    expect(page.locator("#problem")).to_be_empty()

    page.unroute("**/api/v1/photos")
    page.get_by_role("button", name="Try those again").click()
    expect(page.locator("#uploads-summary")).to_have_text("1 of 2 were taken.")
    expect(page.locator("#uploads-list li").first).to_contain_text("not a picture")
    page.get_by_role("link", name="Go on with what was taken").click()
    expect(page.get_by_role("heading", name="1 photograph", exact=True)).to_be_visible()


_LOSE_THE_FIRST_ANSWER = """
let isLost = false;
window.XMLHttpRequest = class extends XMLHttpRequest {
    constructor() {
        super();
        this.addEventListener("load", (event) => {
            if (isLost) return;
            isLost = true;
            event.stopImmediatePropagation();
            this.dispatchEvent(new ProgressEvent("error"));
        });
    }
};
"""


def test_what_arrived_although_no_answer_came_is_not_sent_twice(visitor: Visitor) -> None:
    page = visitor.page
    page.add_init_script(_LOSE_THE_FIRST_ANSWER)
    visitor.upload(SAMPLE, ROOT / "samples" / "chelsea.jpg")
    expect(page.locator(".tile[data-state=ready]")).to_have_count(2)
    expect(page.locator(".tile")).to_have_count(2)


def test_the_start_page_leads_back(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    place = visitor.page.url
    visitor.upload(SAMPLE, ROOT / "samples" / "chelsea.jpg")
    page = visitor.page
    page.get_by_role("link", name="Colorizer", exact=True).click()
    recent = page.locator("#recent a")
    expect(recent).to_have_count(2)
    expect(recent.first).to_contain_text("2 photographs")
    recent.last.click()
    page.wait_for_url(place)


def test_films_and_a_photograph_sent_together_are_all_remembered(
    visitor: Visitor, tmp_path: Path
) -> None:
    films = [tmp_path / f"{name}.mp4" for name in ("first", "second", "third")]
    for film in films:
        film.write_bytes(clip(1).getvalue())
    page = visitor.page
    page.goto("/")
    page.set_input_files("#files", [*films, SAMPLE])
    expect(page.locator("#uploads-summary")).to_contain_text("The first page leads to the films.")
    page.get_by_role("link", name="Go on").click()
    page.wait_for_url(re.compile("/(photographs|films)/"))
    page.goto("/")
    expect(page.locator("#recent a")).to_have_count(4)


def test_films_are_spoken_of_though_something_was_refused(
    new_visitor: NewVisitor, tmp_path: Path
) -> None:
    film, letter = tmp_path / "film.mp4", tmp_path / "letter.txt"
    film.write_bytes(clip(1).getvalue())
    letter.write_text("Dear Sir or Madam")
    page = new_visitor().page  # whose console tells of the refusal
    page.goto("/")
    page.set_input_files("#files", [film, SAMPLE, ROOT / "samples" / "chelsea.jpg", letter])
    expect(page.locator("#uploads-summary")).to_have_text(
        "3 of 4 were taken. The first page leads to the films."
    )


def test_settings_are_in_the_address_though_one_leaves_at_once(visitor: Visitor) -> None:
    visitor.upload(SAMPLE)
    visitor.wait_for_colours()
    page = visitor.page
    page.get_by_label("Saturation", exact=True).fill("0.5")
    page.get_by_role("link", name="About").click()
    page.wait_for_url("**/about")
    page.go_back()
    page.wait_for_url(re.compile(r"saturation=0\.5"))


def test_what_is_chosen_before_the_upload_goes_with_it(visitor: Visitor, tmp_path: Path) -> None:
    few = np.random.default_rng(5).integers(0, 255, (12, 12, 3)).astype(np.uint8)
    colour = tmp_path / "colour.png"
    Image.fromarray(few.repeat(10, 0).repeat(10, 1)).save(colour)
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(SAMPLE.read_bytes()[:-6000])
    page = visitor.page
    page.goto("/")
    page.get_by_text("Colour photographs, negatives, damaged files").click()
    page.get_by_label("Photographs that are in colour already").select_option("keep")
    page.get_by_label("colour the part that can be read").check()
    page.set_input_files("#files", [colour, cut])
    expect(page.locator(".tile-state")).to_have_text(["Keeps its own colours", "In colour"])
    page.get_by_role("link", name="colour.png").click()
    expect(page.get_by_role("button", name="Other likely colours")).to_be_hidden()
    page.get_by_role("button", name="Colour it all the same").click()
    visitor.wait_for_colours()
    expect(page.get_by_role("button", name="Other likely colours")).to_be_visible()


def test_a_part_of_a_file_that_is_cut_off_is_one_click_away(
    visitor: Visitor, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(SAMPLE.read_bytes()[:-6000])
    visitor.upload(cut)
    visitor.page.get_by_role("button", name="Colour the part that can be read").click()
    visitor.wait_for_colours()
    expect(visitor.page.locator("#warnings")).to_contain_text("what is missing")


def test_several_photographs_wait_for_the_server_to_be_back(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()
    page = visitor.page
    page.goto("/")
    page.route("**/api/v1/batches", lambda route: route.abort())
    page.set_input_files("#files", [SAMPLE, ROOT / "samples" / "chelsea.jpg"])
    expect(page.locator("#uploads-summary")).to_have_text(re.compile("Trying again"))
    expect(page.locator("#uploads-summary")).to_have_text(
        "The server cannot be reached. Check the connection."
    )
    page.unroute("**/api/v1/batches")
    page.get_by_role("button", name="Try those again").click()
    expect(page.get_by_role("heading", name="2 photographs", exact=True)).to_be_visible()
