"""Small studies for tests of pages; their systems have names that stand nowhere else."""

import os
from pathlib import Path

from occu_core.pairwise.store import Store
from occu_core.pairwise.studies import ItemKind, Response, StudyQuestion, StudySettings

SYSTEMS = ("Qzyvorn-71", "Wexlumbrig_9")
NASTY = (
    "<script>document.title='taken'</script><img src=x onerror=document.title='taken'>"
    " ![pic](https://example.org/pixel.png) <style>*{display:none}</style> :material/home: $x^2$"
)


def database(folder: Path) -> str:
    """The address of a database of a test's own."""
    return f"sqlite:///{folder / 'studies.sqlite3'}"


def own_environment(folder: Path) -> dict[str, str]:
    """What an app started for one test sees: its own home and database, and no admin token."""
    kept = {name: value for name, value in os.environ.items() if name != "OCCU_ADMIN_TOKEN"}
    return kept | {"OCCU_HOME": str(folder), "OCCU_DATABASE_URL": database(folder)}


def question(number, left="", right="", **fields):
    """A question whose answers name their number."""
    texts = (left or f"First words on {number}.", right or f"Second words on {number}.")
    answers = tuple(Response(system, text) for system, text in zip(SYSTEMS, texts, strict=True))
    return StudyQuestion(f"q{number}", f"Question number {number}?", answers, **fields)


def practice(number):
    """A practice question whose first system's answer is better."""
    return question(
        number, kind=ItemKind.PRACTICE, expected=SYSTEMS[0], explanation="It names the tool."
    )


def launched(folder, questions=None, name="trial", **settings):
    """A store with one open study; questions q1 to q6 unless given."""
    store = Store(database(folder))
    settings = {"minimum_seconds": 0.0, "checks_every": 0} | settings
    given = questions or [question(number) for number in range(1, 7)]
    store.create(name, "Trial of answers", given, StudySettings(**settings))
    store.launch(name, allow_leaks=True)
    return store
