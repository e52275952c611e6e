"""A store that speaks S3, on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty bucket; this process and those it starts may use it."""
    import fsspec
    from moto.server import ThreadedMotoServer

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    requests.post(f"http://{host}:{port}/moto-api/reset", timeout=10)  # of earlier tests
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    files = fsspec.filesystem("s3", skip_instance_cache=True)
    files.clear_instance_cache()  # those of earlier tests know another port
    files.mkdir("photographs")
    try:
        yield "s3://photographs"
    finally:
        files.clear_instance_cache()
        server.stop()
