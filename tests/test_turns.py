import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from occu_core.models.turns import CORES, Turns


def test_one_who_asks_alone_has_every_core():
    assert Turns().computed(torch.get_num_threads) == CORES


def test_many_are_computed_side_by_side_each_on_its_share():
    turns, running, most = Turns(), [], []

    def compute():
        running.append(1)
        most.append(len(running))
        time.sleep(0.05)
        running.pop()
        return torch.get_num_threads()

    with ThreadPoolExecutor(4 * CORES) as asking:
        threads = list(asking.map(lambda _: turns.computed(compute), range(8 * CORES)))
    assert max(most) <= CORES
    assert min(threads) == 1
    assert turns.until_none_waits(0)


def test_figures_wait_for_the_numbers_of_others_but_not_for_ever():
    turns, done = Turns(), threading.Event()
    assert turns.until_none_waits(0)
    with ThreadPoolExecutor(1) as asking:
        slow = asking.submit(turns.computed, lambda: done.wait(20))
        while turns.until_none_waits(0):
            time.sleep(0.01)
        assert not turns.until_none_waits(0.1)
        done.set()
        assert slow.result()
        assert turns.until_none_waits(20)


def test_a_failure_reaches_who_asked_and_nobody_waits_for_it():
    turns = Turns()

    def fail():
        raise ValueError("no such thing")

    with pytest.raises(ValueError, match="no such thing"):
        turns.computed(fail)
    assert turns.until_none_waits(0)
