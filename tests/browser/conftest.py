"""A real server with the real network, and a real browser in front of it."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from colorizer.words.vocabulary import vocabulary

from ..conftest import ROOT
from ..words_model import write_words_model

PATIENCE = 60_000  # ms; a busy machine is slow
SAMPLE = ROOT / "samples" / "coffee.jpg"


@contextmanager
def serving(folder: Path, **variables: str) -> Iterator[str]:
    """``colorizer serve`` on a free port, with its data in ``folder``; yields its address."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLORIZER_DATA_DIR": str(folder)}
    environment |= {f"COLORIZER_{name.upper()}": value for name, value in variables.items()}
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "colorizer", "serve", "--port", "0"],
            cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield _address(process, folder / "log")
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"http://[\w.:]+", log.read_text()):
            address = found.group()
            if requests.get(f"{address}/readyz", timeout=60).ok:
                return address
        time.sleep(0.2)
    raise AssertionError(f"the server did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the application is."""
    limits = {"rate_limit": "100000/minute", "upload_rate_limit": "100000/minute"}
    words = write_words_model(tmp_path_factory.mktemp("words"), vocabulary().features_id)
    folder = tmp_path_factory.mktemp("server")
    with serving(folder, weights_dir=str(words.parent), **limits) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, as ``scripts/setup-tests.sh`` installs it."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "run scripts/setup-tests.sh"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody with a browser of their own.

    ``complaints`` are the page's errors on the console, violations of the content policy included.
    """

    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        """Remember what the browser says is wrong."""
        if message.type == "error":
            self.complaints.append(message.text)

    def upload(self, *files: Path) -> None:
        """Choose files on the start page and wait for the page that follows."""
        self.page.goto("/")
        self.page.set_input_files("#files", list(files))
        self.page.wait_for_url(re.compile("/(photographs|batches)/"))

    def wait_for_colours(self) -> None:
        """Until the page of a photograph shows its colours."""
        expect(self.page.locator("#main[data-state=ready][data-coloured=true]")).to_be_visible()


NewVisitor = Callable[..., Visitor]


@pytest.fixture
def new_visitor(browser: Browser, address: str) -> Iterator[NewVisitor]:
    """Makes visitors; arguments are those of a browser context (viewport, colour scheme, …)."""
    visitors: list[Visitor] = []

    def make(**options: Any) -> Visitor:
        options = {"viewport": {"width": 1280, "height": 900}, **options}
        context = browser.new_context(base_url=address, accept_downloads=True, **options)
        context.set_default_timeout(PATIENCE)
        visitor = Visitor(context, context.new_page())
        visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        visitor.page.on("console", visitor.hear)
        visitors.append(visitor)
        return visitor

    expect.set_options(timeout=PATIENCE)
    yield make
    for visitor in visitors:
        visitor.context.close()


@pytest.fixture
def visitor(new_visitor: NewVisitor) -> Iterator[Visitor]:
    """Somebody at a desk, whose browser must not complain of anything."""
    visitor = new_visitor()
    yield visitor
    assert visitor.complaints == []
