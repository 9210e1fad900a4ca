"""How long a vote takes from click to stored and back: `python -m tests.benchmarks.votes`.

Uses SQLite in a temporary folder, or the database of `OCCU_DATABASE_URL`.
"""

from __future__ import annotations

import os
import secrets
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from statistics import median

from occu_core.pairwise.ballots import Annotator, Rest
from occu_core.pairwise.store import Store
from tests.small_studies import OPEN, annotator, ballot, launched, questions

PEOPLE, EACH = 50, 100


def main() -> None:
    """Print the median and 99th percentile of a vote, alone and among fifty people."""
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("OCCU_DATABASE_URL") or f"sqlite:///{Path(folder, 'studies.sqlite3')}"
        store = Store(url)
        for people in (1, PEOPLE):
            _report(people, _votes(store, people))
        store.close()


def _votes(store: Store, people: int) -> list[float]:
    """Seconds of each vote of people who all vote at once, without a pause."""
    name = f"bench-{secrets.token_hex(6)}"
    launched(store, questions(EACH), replace(OPEN, overlap=people), name)
    trips: list[float] = []
    threads = [
        threading.Thread(target=_vote_on_everything, args=(store, annotator(store, name), trips))
        for _ in range(people)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return trips


def _vote_on_everything(store: Store, who: Annotator, trips: list[float]) -> None:
    while not isinstance(pair := store.next(who), Rest):
        begun = time.perf_counter()
        store.cast(who, pair.id, ballot())
        trips.append(time.perf_counter() - begun)


def _report(people: int, trips: list[float]) -> None:
    worst = sorted(trips)[int(0.99 * len(trips))]
    print(
        f"{people:>3} at once, {len(trips):>5} votes:"
        f" median {1000 * median(trips):6.1f} ms, p99 {1000 * worst:6.1f} ms"
    )


if __name__ == "__main__":
    main()
