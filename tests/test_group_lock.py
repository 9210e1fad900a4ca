import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from occu_core.models.group_lock import GroupLock


def test_those_of_one_group_are_inside_together():
    lock, met = GroupLock(), threading.Barrier(4)

    def enter():
        with lock.held("a"):
            met.wait(20)  # breaks unless all four are inside

    with ThreadPoolExecutor(4) as threads:
        for entered in [threads.submit(enter) for _ in range(4)]:
            entered.result()


def test_those_of_different_groups_never_meet_and_each_entry_is_prepared():
    lock, inside, seen, prepared = GroupLock(), [], [], []

    def enter(k):
        group = k % 3
        with lock.held(group, lambda: prepared.append(group)):
            inside.append(group)
            seen.append((group, prepared[-1], set(inside)))
            time.sleep(0.001)
            inside.remove(group)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(enter, range(96)))
    assert len(seen) == 96
    assert all(last == group and others == {group} for group, last, others in seen)


def test_nobody_waits_for_ever_behind_another_group():
    lock, stop, entered = GroupLock(), threading.Event(), threading.Event()

    def come_and_go():
        while not stop.is_set():
            with lock.held("many"):
                time.sleep(0.002)

    with ThreadPoolExecutor(4) as threads:
        for _ in range(3):
            threads.submit(come_and_go)
        time.sleep(0.02)

        def enter():
            with lock.held("one"):
                entered.set()

        threads.submit(enter)
        came_in = entered.wait(20)
        stop.set()
    assert came_in


def test_alone_is_alone():
    lock, most, inside = GroupLock(), [], []

    def enter(_):
        with lock.alone():
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.001)
            inside.pop()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(enter, range(40)))
    assert most == [1] * 40


def test_a_failure_leaves_the_lock_open():
    lock = GroupLock()

    def fail():
        raise ValueError("no such adapter")

    with pytest.raises(ValueError, match="no such adapter"), lock.held("a", fail):
        pytest.fail("entered unprepared")
    with pytest.raises(ValueError, match="no such adapter"), lock.held("b"):
        fail()
    with lock.alone():
        pass
