"""A film, with the network that is shipped and what really colours films."""

from __future__ import annotations

from app.config import Config
from app.service import Service
from app.storage.orders import Order
from colorizer import video

from ..clips import HEIGHT, WIDTH, clip
from ..conftest import OWNER, wait_until


def test_a_film_is_coloured(config: Config) -> None:
    service = Service(config)
    service.start_worker()
    id = service.films.upload(OWNER, clip(), "film.mp4").record.id
    service.films.ask(OWNER, id, Order())
    wait_until(
        lambda: service.films.version(OWNER, id, Order().key).state in ("ready", "failed"), 300
    )
    version = service.films.version(OWNER, id, Order().key)
    assert version.problem is None
    assert version.finished is not None
    assert version.finished.frames == 10
    info = video.probe(service.films.file(OWNER, id, Order().key).make().path)
    assert (info.width, info.height, info.codec, info.bits) == (WIDTH, HEIGHT, "h264", 8)
    assert service.close()
