"""Whatever is killed or goes away, each photograph that was accepted comes to its end, once."""

from __future__ import annotations

import os
import re
import signal
import time
from collections import Counter

from ..app.conftest import wait_until
from .conftest import NewHouse
from .house import House, pid_of
from .visitor import Visitor, check


def worked_on_again(house: House) -> int:
    """How many predictions the network made although it had made them before."""
    return sum(count - 1 for count in Counter(house.finished()).values())


def test_workers_are_killed(house: House) -> None:
    one, other = house.start_worker(), house.start_worker()
    visitor = Visitor(house)
    house.wait_for_work()
    os.kill(pid_of(one), signal.SIGKILL)  # what the kernel does when memory is short
    house.wait_for_work()
    other.kill_all()  # what the end of a container does
    house.start_worker()
    tally = check(house, visitor)
    assert worked_on_again(house) <= 2, tally
    assert "was killed, perhaps for want of memory" in house.log()


def test_redis_is_killed(house: House) -> None:
    house.start_worker()
    house.start_worker()
    visitor = Visitor(house)
    house.wait_for_work()
    house.kill_redis()
    time.sleep(2)
    house.start_redis()
    tally = check(house, visitor)
    assert tally.answers[503] > 0, f"nobody noticed: {tally}"
    assert worked_on_again(house) == 0, tally


def test_the_web_server_is_killed(house: House) -> None:
    house.start_worker()
    house.start_worker()
    visitor = Visitor(house)
    house.wait_for_work()
    assert house.web is not None
    house.web.kill_all()
    house.start_web()
    tally = check(house, visitor)
    assert worked_on_again(house) == 0, tally


def test_the_data_folder_is_away_for_a_while(house: House) -> None:
    house.start_worker()
    house.start_worker()
    visitor = Visitor(house)
    house.wait_for_work()
    away = house.data.with_name("away")
    house.data.rename(away)
    time.sleep(1.5)
    away.rename(house.data)
    tally = check(house, visitor)
    assert tally.answers[503] > 0, f"nobody noticed: {tally}"


def test_workers_are_renewed_while_photographs_come_in(new_house: NewHouse) -> None:
    house = new_house(0.05, WORKER_PHOTOS="5")
    house.start_redis()
    house.start_web()
    workers = [house.start_worker(), house.start_worker()]
    before = [pid_of(worker) for worker in workers]
    tally = check(house, Visitor(house))
    assert set(tally.states.values()) == {"ready"}, tally
    assert worked_on_again(house) == 0, tally
    renewed = len(re.findall("a fresh worker takes over: 5 photographs", house.log()))
    assert renewed >= len(tally.accepted) // 5 - len(workers), f"renewed {renewed} times: {tally}"
    wait_until(lambda: not set(before) & {pid_of(worker) for worker in workers})


def test_a_server_with_its_queue_inside_is_killed(new_house: NewHouse) -> None:
    house = new_house()  # with the real network
    house.start_web()
    visitor = Visitor(house)
    house.wait_for_work()
    assert house.web is not None
    house.web.kill_all()
    house.start_web()
    tally = check(house, visitor)
    assert set(tally.states.values()) == {"ready"}, tally
