"""Many photographs, and the ZIP."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from colorizer.photo import provenance_of

from ..conftest import ROOT
from .conftest import SAMPLE, NewVisitor, Visitor


def test_many_photographs_and_their_zip(visitor: Visitor, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(SAMPLE.read_bytes()[:8000])
    visitor.upload(SAMPLE, ROOT / "samples" / "chelsea.jpg", broken)
    page = visitor.page
    expect(page.locator("#batch-status")).to_contain_text("2 of 3 in colour, 1 failed")
    expect(page.locator(".tile[data-state=failed] .tile-state")).not_to_be_empty()
    expect(page.locator(".tile[data-state=ready]")).to_have_count(2)
    names = page.locator(".tile-name").all_text_contents()
    assert names == ["coffee.jpg", "chelsea.jpg", "broken.jpg"], "the order of the upload"

    page.get_by_label("Saturation", exact=True).fill("0.5")
    expect(page.locator(".tile[data-state=ready] img").first).to_have_attribute(
        "src", re.compile(r"saturation=0\.5")
    )
    page.get_by_label("Format").select_option("webp")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download ZIP").click()
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.testzip() is None
        pictures = [name for name in archive.namelist() if name.endswith(".webp")]
        assert len(pictures) == 2
        assert "broken" in archive.read("errors.txt").decode()
        with Image.open(io.BytesIO(archive.read(pictures[0]))) as image:
            assert image.format == "WEBP"


def test_a_setting_of_the_network_runs_it_again_for_all(visitor: Visitor) -> None:
    visitor.upload(SAMPLE, ROOT / "samples" / "chelsea.jpg")
    page = visitor.page
    expect(page.locator(".tile[data-state=ready]")).to_have_count(2)
    page.get_by_text("Advanced").click()
    page.get_by_label("Working size", exact=True).fill("128")
    page.get_by_label("Saturation", exact=True).fill("0.5")  # at once: neither is forgotten
    expect(page.locator(".tile[data-state=ready]")).to_have_count(0)
    expect(page.locator(".tile[data-state=ready]")).to_have_count(2)
    for image in page.locator(".tile img").all():
        expect(image).to_have_attribute("src", re.compile(r"saturation=0\.5&working_size=128"))
    page.wait_for_function(
        "() => [...document.querySelectorAll('.tile img')].every((img) => img.naturalWidth > 0)"
    )


def test_deleting_one_of_many_leads_back_to_the_others(visitor: Visitor) -> None:
    visitor.upload(SAMPLE, ROOT / "samples" / "chelsea.jpg")
    page = visitor.page
    expect(page.locator(".tile[data-state=ready]")).to_have_count(2)
    batch = page.url.rpartition("/")[2]
    page.locator(".tile a").first.click()
    visitor.wait_for_colours()
    page.locator("#words").fill("a blue sky")
    page.get_by_label("Saturation", exact=True).fill("0.5")
    page.get_by_text("Delete now").click()
    page.get_by_role("button", name="Yes, delete").click()
    page.wait_for_url(re.compile(rf"/batches/{batch}$"))
    expect(page.locator(".tile")).to_have_count(1)
    expect(page.locator("#words")).to_have_value("")
    expect(page.get_by_role("heading", name="1 photograph", exact=True)).to_be_visible()


def of_warmth_five(visitor: Visitor) -> Page:
    """The page of two photographs for both of which something was chosen."""
    visitor.upload(SAMPLE, ROOT / "samples" / "chelsea.jpg")
    page = visitor.page
    expect(page.locator(".tile[data-state=ready]")).to_have_count(2)
    page.get_by_label("Warmth", exact=True).fill("5")
    page.wait_for_url(re.compile(r"/batches/.*\?warmth=5$"))
    return page


def test_each_of_a_batch_may_have_its_own_colours(visitor: Visitor) -> None:
    """What is chosen for one stays with it, in the ZIP too; for all it is taken if that is said."""
    page = of_warmth_five(visitor)
    first, second = page.locator(".tile-picture").all()
    expect(first).to_have_attribute("href", re.compile(r"\?warmth=5$"))
    first.click()
    visitor.wait_for_colours()
    page.get_by_label("Warmth", exact=True).fill("20")
    page.wait_for_url(re.compile("/photographs/.*warmth=20$"))
    page.get_by_role("link", name="All of this batch").click()
    page.wait_for_url(re.compile(r"/batches/.*\?warmth=5$"))
    for tile, warmth in ((first, 20), (second, 5)):
        expect(tile).to_have_attribute("href", re.compile(rf"\?warmth={warmth}$"))
        expect(tile.locator("img")).to_have_attribute("src", re.compile(rf"\?warmth={warmth}$"))
    expect(page.locator("#own")).to_have_text(re.compile("^One has the colours chosen on"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Download ZIP").click()
    results = zipfile.ZipFile(download.value.path())
    notes = [provenance_of(results.read(name)) for name in results.namelist()]
    assert [note and note.settings["warmth"] for note in notes] == [20, 5]
    page.get_by_label("Warmth", exact=True).fill("6")
    expect(second).to_have_attribute("href", re.compile("warmth=6$"))
    expect(first).to_have_attribute("href", re.compile("warmth=20$"))
    first.click()
    expect(page.get_by_label("Warmth", exact=True)).to_have_value("20")
    page.get_by_role("link", name="All of it like this").click()
    page.wait_for_url(re.compile(r"/batches/.*\?warmth=20$"))
    page.goto("/")
    page.locator("#recent a").first.click()
    page.wait_for_url(re.compile(r"/batches/.*\?warmth=20$"))
    page.get_by_label("Warmth", exact=True).fill("3")
    page.get_by_role("button", name="Colour all the same").click()
    for tile in (first, second):
        expect(tile).to_have_attribute("href", re.compile(r"\?warmth=3$"))
    expect(page.locator("#own")).to_be_hidden()


def test_one_of_a_batch_may_have_none_of_what_all_have(visitor: Visitor) -> None:
    page = of_warmth_five(visitor)
    page.locator(".tile-picture").first.click()
    visitor.wait_for_colours()
    page.locator("#reset-all").click()
    page.wait_for_url(re.compile("/photographs/[^?]*$"))
    page.get_by_role("link", name="All of this batch").click()
    first, second = page.locator(".tile-picture img").all()
    expect(second).to_have_attribute("src", re.compile("warmth=5$"))
    expect(first).to_have_attribute("src", re.compile(r"preview\.jpg\??$"))
    page.locator(".tile-picture").first.click()
    visitor.wait_for_colours()
    expect(page.get_by_label("Warmth", exact=True)).to_have_value("0")


def test_what_is_removed_elsewhere_goes_away_here(new_visitor: NewVisitor) -> None:
    visitor = new_visitor()  # whose console tells of the answers 404
    visitor.upload(SAMPLE, ROOT / "samples" / "chelsea.jpg")
    page = visitor.page
    expect(page.locator(".tile[data-state=ready]")).to_have_count(2)
    api = str(page.get_attribute("#main", "data-api"))
    one = page.locator(".tile").first.get_attribute("data-id")
    visitor.context.request.delete(f"/api/v1/photos/{one}")
    page.get_by_label("Saturation", exact=True).fill("0.5")
    expect(page.locator(".tile")).to_have_count(1)
    expect(page).to_have_title("1 photograph · Colorizer")
    page.wait_for_timeout(2000)  # the first look at the batch is over
    visitor.context.request.delete(api)
    page.get_by_label("Saturation", exact=True).fill("0.6")
    expect(page.locator("#batch-status")).to_contain_text("has been deleted")
    expect(page.locator("#zip")).to_be_hidden()


def test_a_batch_without_javascript(new_visitor: NewVisitor) -> None:
    page = new_visitor(java_script_enabled=False).page
    page.goto("/")
    page.set_input_files("#files", [SAMPLE, ROOT / "samples" / "chelsea.jpg"])
    page.get_by_role("button", name="Upload").click()
    page.wait_for_url(re.compile("/batches/"))
    expect(page.locator("#batch-status")).to_have_text("2 of 2 in colour.")  # it refreshes itself
    with page.expect_download() as download:
        page.get_by_role("button", name="Download ZIP").click()
    assert len(zipfile.ZipFile(download.value.path()).namelist()) == 2

    page.locator(".tile a").first.click()
    for title in ("1 photograph", "Old photographs"):  # the other one; the start page
        page.get_by_text("Delete now").click()
        page.get_by_role("button", name="Yes, delete").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(title)
        expect(page.get_by_text("deleted.")).to_be_visible()
