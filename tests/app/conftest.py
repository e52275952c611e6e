"""What the tests of the web application share: a configuration, and a service that is quick."""

from __future__ import annotations

import io
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from PIL import Image

from app.config import Config
from app.service import Service, View
from colorizer.settings import Settings

from .doors import NewApp, new_apps
from .fakes import FakeNetwork

if TYPE_CHECKING:
    from .servers import ObjectStore

OWNER = "session:one"


def jpeg(width: int = 48, height: int = 32, *, format: str = "JPEG", bits: int = 8) -> io.BytesIO:
    """A grey gradient in a file in memory, at its beginning."""
    ramp = np.linspace(0, 2**bits - 1, width * height).reshape(height, width)
    file = io.BytesIO()
    Image.fromarray(ramp.astype(np.uint8 if bits == 8 else np.uint16)).save(file, format)
    file.seek(0)
    return file


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """Limits are small, the data folder is empty, nothing is read from the environment."""
    return Config.load(
        data_dir=tmp_path / "data",
        queue_limit=20,
        max_upload_mb=2,
        max_megapixels=1,
        max_batch=5,
        preview_size=64,
        min_free_disk_mb=0,
        rate_limit="100000/minute",
        upload_rate_limit="100000/minute",
    )


@pytest.fixture
def network() -> FakeNetwork:
    """The network that ``service`` asks; its ``gate`` can be closed, and it can be made to fail."""
    return FakeNetwork()


@pytest.fixture
def service(config: Config, network: FakeNetwork) -> Iterator[Service]:
    """A service that works its queue off, with a fake network."""
    service = Service(config, load=lambda model: network)
    service.start_worker()
    wait_until(lambda: service.health()["model"][0])
    network.calls.clear()  # it tried the network
    yield service
    network.gate.set()
    service.close()


@pytest.fixture
def idle(config: Config, network: FakeNetwork) -> Iterator[Service]:
    """A service whose queue nobody works off."""
    service = Service(config, load=lambda model: network)
    yield service
    service.close()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount, unmount = shutil.which("mount"), shutil.which("umount")
    if mount is None or unmount is None:
        pytest.skip("file systems cannot be mounted here")
    command = [mount, "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("file systems may not be mounted here")
    yield folder
    subprocess.run([unmount, str(folder)], check=True)


def wait_until(holds: Callable[[], bool], seconds: float = 100.0) -> None:
    """Wait for something to become true; fail if it does not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.01)


def finished(service: Service, owner: str, id: str, settings: Settings | None = None) -> View:
    """The photograph, as soon as it is ready or has failed."""
    wait_until(lambda: service.photos.view(owner, id, settings).state in ("ready", "failed"))
    return service.photos.view(owner, id, settings)


@pytest.fixture(scope="module")
def new_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewApp]:
    """Makes applications with the settings of a test (:func:`tests.app.doors.new_apps`)."""
    with new_apps(tmp_path_factory.mktemp("apps")) as make:
        yield make


@pytest.fixture(scope="module")
def shared_app(new_app: NewApp) -> OpenAPI:
    """One application for the tests of a module that need no settings of their own."""
    return new_app()


@pytest.fixture
def client(shared_app: OpenAPI) -> FlaskClient:
    """Somebody new in front of ``shared_app``."""
    return shared_app.test_client()


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis server of our own, without a port and without files."""
    server = shutil.which("redis-server")
    if server is None:
        pytest.skip("redis-server is not installed")
    socket = tmp_path_factory.mktemp("redis") / "socket"
    command = [server, "--port", "0", "--unixsocket", str(socket), "--save", ""]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=socket.parent)
    wait_until(socket.exists)
    yield f"unix://{socket}"
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="session")
def _object_store() -> Iterator[ObjectStore]:
    from .servers import ObjectStore  # takes long to import

    store = ObjectStore()
    yield store
    store.stop()


@pytest.fixture
def object_store(
    _object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ObjectStore]:
    """An object store that the environment points to; a test may stop it."""
    for name, value in (
        ("AWS_ENDPOINT_URL", _object_store.address),
        ("AWS_ACCESS_KEY_ID", "somebody"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ):
        monkeypatch.setenv(name, value)
    yield _object_store
    if not _object_store.is_running():
        _object_store.start()


@pytest.fixture
def bucket_url(object_store: ObjectStore) -> str:
    """A place of its own in the object store."""
    return f"s3://{object_store.new_bucket()}/some/where"
