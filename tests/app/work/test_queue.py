"""The queue: the same with a SQLite file and with Redis."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import cast

import pytest
import redis

from app.config import Config
from app.errors import NotFound, QueueUnavailable
from app.storage.disk import receive
from app.storage.folder import ORIGINAL, Storage, is_done
from app.storage.records import PhotoRecord, Wanted, new_id
from app.watch import doctor
from app.work import queue
from app.work.queue import IN_BATCH, SINGLE, Queue, waiting_in

from ..conftest import wait_until


@pytest.fixture(params=["sqlite", "redis"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Config:
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    config = Config.load(data_dir=tmp_path / "data", queue_url=url)
    if url:
        with redis.Redis.from_url(url) as client:
            client.flushall()
    return config


class Desk:
    """Storage and queue, and a worker that notes what it was given."""

    def __init__(self, config: Config) -> None:
        self.storage = Storage(config.data_dir)
        self.done: list[Wanted] = []
        self.started = 0
        self.inside = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self.queue = Queue(config, self.storage, self.predict, self.on_start)

    def on_start(self) -> None:
        self.started += 1

    def predict(self, wanted: Wanted) -> None:
        with self.storage.claim(wanted) as attempt:
            if attempt is None or is_done(self.storage.names(wanted.id), wanted.key):
                return
            self.inside.set()
            assert self.gate.wait(60)
            with suppress(NotFound):
                self.storage.write(wanted.id, f"{wanted.key}.prediction", b"done")
                self.done.append(wanted)

    def store(self) -> Wanted:
        now = datetime.now(UTC)
        record = PhotoRecord(
            new_id(), "me", "x.jpg", "JPEG", 4, 3, 10, now, now + timedelta(hours=1)
        )
        wanted = Wanted(record.id, "model", 256)
        with self.storage.incoming() as folder:
            receive(BytesIO(b"x"), folder / ORIGINAL, 1000)
            self.storage.publish(folder, record, wanted)
        return wanted


@pytest.fixture
def desk(either: Config) -> Iterator[Desk]:
    desk = Desk(either)
    yield desk
    desk.gate.set()
    desk.queue.close()


def test_single_photographs_come_before_batches_and_each_in_its_order(desk: Desk) -> None:
    batch = [desk.store() for _ in range(3)]
    single = [desk.store() for _ in range(2)]
    for wanted in batch:
        desk.queue.add(wanted, IN_BATCH)
    for wanted in single:
        desk.queue.add(wanted, SINGLE)
    assert desk.queue.length() == 5
    assert desk.queue.waiting() == {w: i for i, w in enumerate([*single, *batch], start=1)}
    desk.queue.start()
    assert desk.queue.is_consumed
    wait_until(lambda: len(desk.done) == 5)
    assert desk.done == [*single, *batch]
    assert desk.started == 1
    assert desk.queue.waiting() == {}


def test_the_start_takes_up_what_the_queue_has_lost(desk: Desk) -> None:
    lost, queued = desk.store(), desk.store()
    desk.queue.add(queued, SINGLE)
    desk.queue.start()
    wait_until(lambda: len(desk.done) == 2)
    assert desk.done == [queued, lost]


def test_a_sweep_queues_nothing_twice_and_nothing_that_is_being_worked_on(desk: Desk) -> None:
    desk.gate.clear()
    first, second = desk.store(), desk.store()
    desk.queue.start()
    assert desk.inside.wait(20)  # one is being worked on, the other waits
    desk.queue.sweep()
    desk.queue.sweep()
    assert desk.queue.length() == 1
    desk.gate.set()
    wait_until(lambda: len(desk.done) == 2)
    assert set(desk.done) == {first, second}


def test_closing_waits_for_the_job_in_hand_and_keeps_the_rest(desk: Desk, either: Config) -> None:
    desk.gate.clear()
    jobs = [desk.store() for _ in range(3)]
    desk.queue.start()
    assert desk.inside.wait(20)
    threading.Timer(0.3, desk.gate.set).start()
    desk.queue.close()
    assert len(desk.done) == 1
    after = Desk(either)
    assert after.queue.length() == 2
    after.queue.start()
    wait_until(lambda: len(after.done) == 2)
    after.queue.close()
    assert sorted(w.id for w in [*desk.done, *after.done]) == sorted(w.id for w in jobs)


def test_two_consumers_share_a_queue_and_do_nothing_twice(desk: Desk, either: Config) -> None:
    other = Desk(either)
    jobs = [desk.store() for _ in range(12)]
    for wanted in jobs:
        desk.queue.add(wanted, IN_BATCH)
    desk.queue.start()
    other.queue.start()
    wait_until(lambda: len(desk.done) + len(other.done) >= 12)
    other.queue.close()
    assert sorted(w.id for w in [*desk.done, *other.done]) == sorted(w.id for w in jobs)


def test_messages_are_json(desk: Desk) -> None:
    wanted = desk.store()
    desk.queue.add(wanted, SINGLE)
    (item,) = desk.queue._huey.storage.enqueued_items()
    assert [wanted.id, "model", 256] in json.loads(bytes(item))


def test_a_message_that_makes_no_sense_stops_nothing(desk: Desk) -> None:
    desk.queue._huey.storage.enqueue(b"cos\nsystem\n(S'false'\ntR.", 99)
    desk.queue.add(desk.store(), SINGLE)
    desk.queue.start()
    wait_until(lambda: len(desk.done) == 1)


def test_a_queue_that_is_away_is_a_typed_error(tmp_path: Path) -> None:
    config = Config.load(data_dir=tmp_path, queue_url=f"unix://{tmp_path}/nobody")
    desk = Desk(config)
    wanted = desk.store()
    desk.queue.add(wanted, SINGLE)  # it is in the storage, so the next sweep finds it
    with pytest.raises(QueueUnavailable):
        desk.queue.length()
    with pytest.raises(QueueUnavailable):
        desk.queue.waiting()
    desk.queue.close()


@pytest.fixture
def only_read(redis_url: str) -> Iterator[Callable[[], None]]:
    """A Redis that takes nothing in from the call on."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        yield lambda: client.config_set("maxmemory", 1)
        client.config_set("maxmemory", 0)


def test_a_queue_that_takes_nothing_in_is_said(
    tmp_path: Path,
    redis_url: str,
    only_read: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    config = Config.load(data_dir=tmp_path / "data", queue_url=redis_url)
    desk = Desk(config)
    first, second = desk.store(), desk.store()
    desk.queue.add(first, SINGLE)
    desk.queue.check()
    only_read()
    monkeypatch.setattr(queue, "_GOOD_FOR", 0.0)
    fine = doctor.Finding("engine", "ok", "It runs.")
    monkeypatch.setattr(doctor, "_engine", lambda config: fine)
    assert desk.queue.length() == 1, "it can be read"
    for use in (desk.queue.check, desk.queue.sweep, lambda: waiting_in(config)):
        with pytest.raises(QueueUnavailable, match="Try again"):
            use()
    assert "maxmemory" in {f.name: f.detail for f in doctor.examine(config)}["queue"]
    assert "taken up again" not in caplog.text
    monkeypatch.setattr("huey.consumer.Scheduler.periodic_task_seconds", 1)
    desk.queue.start()
    wait_until(lambda: desk.done == [first])  # what waits is worked off
    wait_until(lambda: "takes nothing in" in caplog.text)
    with redis.Redis.from_url(redis_url) as client:
        client.config_set("maxmemory", 0)
    desk.queue.check()
    desk.queue.sweep()
    wait_until(lambda: desk.done == [first, second])
    wait_until(lambda: "can be used again" in caplog.text)
    desk.queue.close()
    assert caplog.text.count("cannot be used") == 1
    assert not [line for line in caplog.records if line.exc_info]


def test_a_queue_that_goes_and_comes_back_is_two_lines(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(queue, "_PAUSE", 0.05)
    desk.queue.start()
    desk.queue.add(desk.store(), SINGLE)
    wait_until(lambda: len(desk.done) == 1)
    caplog.clear()
    storage, asked = desk.queue._huey.storage, []

    def away(*_: object) -> None:
        asked.append(1)
        raise OSError("nobody is there")

    desk.gate.clear()
    desk.queue.add(desk.store(), SINGLE)
    wait_until(lambda: desk.queue.length() == 0)  # it goes while something is worked on
    with monkeypatch.context() as patch:
        for name in ("dequeue", "enqueue", "enqueued_items", "read_schedule", "delete_data"):
            patch.setattr(storage, name, away)
        desk.gate.set()
        wait_until(lambda: len(asked) > 5)
    forgotten = desk.store()
    wait_until(lambda: forgotten in desk.done)
    ours = [line for line in caplog.records if "taken up" not in line.message]
    assert [line.message for line in ours] == [
        "the queue cannot be used: nobody is there; trying again until it can",
        "the queue can be used again",
    ]
    assert not [line for line in caplog.records if line.exc_info]


def test_only_predictions_count_and_nothing_stops_the_start(desk: Desk) -> None:
    (desk.storage.photo(desk.store().id) / "photo.json").write_bytes(b"")
    (desk.storage.root / "trash").rmdir()  # tidying fails altogether
    wanted = desk.store()
    desk.queue.add(wanted, SINGLE)
    desk.queue._huey.enqueue(desk.queue._huey._registry.periodic_tasks[0])
    assert desk.queue.length() == 1
    desk.queue.start()
    wait_until(lambda: wanted in desk.done)


def test_while_the_storage_is_away_nothing_is_taken_out_of_the_queue(desk: Desk) -> None:
    desk.gate.clear()
    jobs = [desk.store() for _ in range(4)]
    for wanted in jobs:
        desk.queue.add(wanted, IN_BATCH)
    desk.queue.start()
    assert desk.inside.wait(20)
    folder = desk.storage.root
    away = folder.rename(folder.with_name("away"))
    desk.gate.set()
    time.sleep(0.5)  # enough for all four, if they were taken
    assert desk.queue.length() == 3
    away.rename(folder)
    wait_until(lambda: len(desk.done) == 4, seconds=20)  # earlier than the next sweep
    assert desk.done == jobs


def test_who_has_done_enough_leaves_the_rest_in_the_queue(desk: Desk) -> None:
    jobs = [desk.store() for _ in range(4)]
    for wanted in jobs:
        desk.queue.add(wanted, IN_BATCH)
    desk.queue.start(lambda: len(desk.done) == 2)
    wait_until(lambda: not desk.queue.is_consumed)
    assert desk.done == jobs[:2]
    assert desk.queue.waiting() == {jobs[2]: 1, jobs[3]: 2}


def test_what_a_queue_forgot_while_it_was_away_is_taken_up_when_it_is_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.queue.start()
    first = desk.store()
    desk.queue.add(first, SINGLE)
    wait_until(lambda: desk.done == [first])  # the sweep of the start is over
    time.sleep(0.2)
    storage = desk.queue._huey.storage
    dequeue, asked = storage.dequeue, threading.Event()

    def away() -> bytes | None:
        if asked.is_set():
            return cast("bytes | None", dequeue())
        asked.set()
        raise OSError("away")

    monkeypatch.setattr(storage, "dequeue", away)
    forgotten = desk.store()
    wait_until(lambda: desk.done == [first, forgotten], seconds=20)  # before the next sweep
