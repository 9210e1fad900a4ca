"""Many annotators at once, and a process killed in the middle: no vote is lost or doubled."""

import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from dataclasses import replace

import pytest

from occu_core.pairwise.ballots import Rest
from occu_core.pairwise.store import Store
from occu_core.pairwise.store_lookup import EventKind
from occu_core.pairwise.votes import Verdict
from tests.conftest import ROOT
from tests.small_studies import OPEN, annotator, ballot, launched, questions

pytestmark = pytest.mark.slow
PEOPLE, EACH = 50, 100

VOTE_UNTIL_KILLED = """
    import sys, threading
    from occu_core.pairwise.store import Store
    from tests.small_studies import annotator, ballot, shown

    store, printing = Store(sys.argv[1]), threading.Lock()

    def vote_on_and_on(who):
        while True:
            pair = shown(store, who)
            store.cast(who, pair.id, ballot())
            with printing:
                print(pair.id, flush=True)

    people = [annotator(store) for _ in range(4)]
    for who in people:
        threading.Thread(target=vote_on_and_on, args=(who,)).start()
"""
VOTE_ON_EVERYTHING = """
    import sys
    from occu_core.pairwise.store import Store
    from tests.small_studies import annotator, answer_all

    store = Store(sys.argv[1])
    print(len(answer_all(store, annotator(store))))
"""


@pytest.fixture
def store(database_url):
    opened = Store(database_url)
    yield opened
    opened.close()


def in_threads(work, arguments):
    """Run work on each argument at once; the first failure is raised."""
    failures = []

    def run(argument):
        try:
            work(argument)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(argument,)) for argument in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def started(code, url):
    """A process of its own on the same database."""
    words = [sys.executable, "-c", textwrap.dedent(code), url]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def p99(seconds):
    return sorted(seconds)[int(0.99 * len(seconds))]


def test_fifty_annotators_with_a_hundred_votes_each_give_exactly_five_thousand(store, capsys):
    launched(store, questions(EACH), replace(OPEN, overlap=PEOPLE))
    people, trips = [annotator(store) for _ in range(PEOPLE)], []

    def vote_on_everything(who):
        while not isinstance(pair := store.next(who), Rest):
            verdict = Verdict.LEFT if (who.number + pair.number) % 2 else Verdict.RIGHT
            begun = time.perf_counter()
            store.cast(who, pair.id, ballot(verdict))
            trips.append(time.perf_counter() - begun)

    begun = time.perf_counter()
    in_threads(vote_on_everything, people)
    took = time.perf_counter() - begun
    votes = store.votes("study")
    with capsys.disabled():
        kind = "PostgreSQL" if "postgresql" in str(store._database._engine.url) else "SQLite"
        sys.stdout.write(f"\n{kind}: {len(votes)} votes in {took:.0f} s, p99 {p99(trips):.3f} s\n")
    assert len(votes) == PEOPLE * EACH == len(trips)
    assert set(Counter(vote.annotator for vote in votes).values()) == {EACH}
    assert set(Counter(vote.question_id for vote in votes).values()) == {PEOPLE}
    assert len({(vote.annotator, vote.question_id) for vote in votes}) == PEOPLE * EACH
    assert sum(vote.first_on_left for vote in votes) == PEOPLE * EACH / 2
    logged = Counter(event.kind for event in store.events("study"))
    assert logged[EventKind.VOTED] == PEOPLE * EACH == logged[EventKind.SHOWN]


def test_scarce_pairs_go_to_one_annotator_each(store):
    launched(store, questions(60))
    people = [annotator(store) for _ in range(12)]

    def vote_while_there_is_something(who):
        while not isinstance(pair := store.next(who), Rest):
            store.cast(who, pair.id, ballot())

    in_threads(vote_while_there_is_something, people)
    asked = Counter(vote.question_id for vote in store.votes("study"))
    assert len(asked) == 60
    assert set(asked.values()) == {1}


def test_kill_minus_nine_loses_no_acknowledged_vote(store, database_url):
    launched(store, questions(500), replace(OPEN, overlap=4))
    process = started(VOTE_UNTIL_KILLED, database_url)
    acknowledged = [process.stdout.readline().strip() for _ in range(60)]
    process.kill()
    acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    process.wait()
    process.stdout.close()
    again = Store(database_url)
    logged = [e.presentation_id for e in again.events("study") if e.kind is EventKind.VOTED]
    assert set(filter(None, acknowledged)) <= set(logged)
    assert len(logged) == len(set(logged)) == len(again.votes("study"))
    again.close()


def test_several_processes_share_one_database(store, database_url):
    launched(store, questions(25), replace(OPEN, overlap=4))
    processes = [started(VOTE_ON_EVERYTHING, database_url) for _ in range(4)]
    assert [process.communicate()[0].strip() for process in processes] == ["25"] * 4
    votes = store.votes("study")
    assert set(Counter(vote.question_id for vote in votes).values()) == {4}
    assert len(votes) == 100


def test_several_processes_may_make_the_tables_at_once(tmp_path):
    url = f"sqlite:///{tmp_path}/new/studies.sqlite3"
    opening = "import sys; from occu_core.pairwise.store import Store; Store(sys.argv[1])"
    assert [process.wait() for process in [started(opening, url) for _ in range(4)]] == [0] * 4


def test_a_study_of_ten_thousand_questions_is_made_in_seconds_and_stays_quick(store):
    begun = time.perf_counter()
    launched(store, questions(10_000), replace(OPEN, overlap=3))
    made = time.perf_counter() - begun
    who, trips = annotator(store), []
    for _ in range(100):
        begun = time.perf_counter()
        pair = store.next(who)
        store.cast(who, pair.id, ballot())
        trips.append(time.perf_counter() - begun)
    assert made < 60
    assert sorted(trips)[50] < 0.15
