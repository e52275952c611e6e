#!/usr/bin/env python3
"""Take the README's screenshots: docs/screenshots/*.webp, from a server and a browser of its own.

PYTHONPATH=. python scripts/screenshots.py
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import serving

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "screenshots"
SAMPLES = sorted((ROOT / "samples").glob("*.jpg"))
HERO = ROOT / "samples" / "camera.jpg"
DESK = {"viewport": {"width": 1280, "height": 860}}
PHONE = {
    "viewport": {"width": 390, "height": 844}, "device_scale_factor": 2,
    "is_mobile": True, "has_touch": True, "color_scheme": "dark",
}  # fmt: skip
FRAMES, RATE, FRAME = 24, 12, (480, 360)  # of each shot of the film
_COLOURED = "#main[data-state=ready][data-coloured=true]"


def save(page: Page, name: str) -> None:
    """Keep what the window shows."""
    page.wait_for_timeout(1500)  # fonts, and messages that go away
    with Image.open(io.BytesIO(page.screenshot())) as image:
        image.convert("RGB").save(FOLDER / f"{name}.webp", quality=82, method=6)


def visit(browser: Browser, address: str, options: dict[str, Any]) -> Page:
    return browser.new_context(base_url=address, **options).new_page()


def upload(page: Page, *files: Path) -> None:
    page.goto("/")
    page.set_input_files("#files", list(files))


def write_film(path: Path) -> None:
    """A film of our own: the camera moves over one sample after the other."""
    width, height = FRAME
    with av.open(str(path), "w") as film:
        stream: Any = film.add_stream("libx264", RATE)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for sample in SAMPLES:
            with Image.open(sample) as file:
                scale = 1.15 * max(width / file.width, height / file.height)
                size = (round(file.width * scale), round(file.height * scale))
                picture = file.convert("RGB").resize(size)
            for number in range(FRAMES):
                left = round((picture.width - width) * number / FRAMES)
                top = (picture.height - height) // 3
                view = picture.crop((left, top, left + width, top + height))
                frame = av.VideoFrame.from_ndarray(np.asarray(view), format="rgb24")
                film.mux(stream.encode(frame))
        film.mux(stream.encode(None))


def shoot_film(page: Page, folder: Path) -> None:
    """The page of a film that has been coloured."""
    path = folder / "pans.mp4"
    write_film(path)
    upload(page, path)
    expect(page.locator(_COLOURED)).to_be_visible()
    page.get_by_role("button", name="Colour the film").click()
    expect(page.locator(".version[data-state=ready]")).to_be_visible(timeout=300_000)
    page.evaluate("document.getElementById('film').currentTime = 5")
    page.wait_for_timeout(4000)
    save(page, "film")


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=60_000)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder)) as address,
        sync_playwright() as playwright,
    ):
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        desk = visit(browser, address, DESK)
        desk.goto("/")
        save(desk, "start")
        upload(desk, HERO)
        expect(desk.locator(_COLOURED)).to_be_visible()
        desk.wait_for_timeout(4000)
        save(desk, "photograph")
        upload(desk, *SAMPLES)
        expect(desk.locator(".tile[data-state=ready]")).to_have_count(len(SAMPLES))
        save(desk, "batch")
        shoot_film(desk, Path(folder))
        phone = visit(browser, address, PHONE)
        upload(phone, HERO)
        expect(phone.locator(_COLOURED)).to_be_visible()
        save(phone, "phone-dark")
        browser.close()


if __name__ == "__main__":
    main()
