"""The one career on the desk: shared by every page, changed only as a whole, with a way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from occu_core.careers import CareerError, JobRecord, Query
from occu_core.occupations import UnknownOccupationError
from pages.shared.loaders import examples

_MOST_UNDO = 50
_KEY = "desk"


@dataclass(frozen=True)
class Desk:
    """What is being edited. `rows` are the records as the table was given them.

    `revision` counts the tables shown: a new one forgets the changes made in the last one.
    `opened` counts the careers opened, and changes refused: the inputs then begin anew, because a
    press right after may still carry what they showed before.
    `problem` is the page on which the latest change was refused, and why.
    """

    query: Query
    name: str
    rows: tuple[JobRecord, ...]
    revision: int = 0
    opened: int = 0
    earlier: tuple[tuple[Query, str], ...] = ()
    problem: tuple[str, str] | None = None


def desk() -> Desk:
    """The career on the desk; at first the first example."""
    if _KEY not in st.session_state:
        name, query = next(iter(examples().items()))
        st.session_state[_KEY] = Desk(query, name, query.past.records)
    return st.session_state[_KEY]


def put(query: Query, name: str | None = None, *, new_table: bool = True) -> None:
    """Lay a changed career, or one with a name, on the desk; the one before can be undone to."""
    old = desk()
    changed = old if query == old.query else _remember(old)
    st.session_state[_KEY] = replace(
        changed,
        query=query,
        name=old.name if name is None else name,
        rows=query.past.records if new_table else old.rows,
        revision=old.revision + new_table,
        opened=old.opened + (name is not None),
        problem=None,
    )


def change(page: str, make: Callable[[Query], Query]) -> None:
    """Change the career, or keep it and say why the change is refused."""
    try:
        put(make(desk().query))
    except (CareerError, UnknownOccupationError) as error:
        refuse(page, str(error))


def refuse(page: str, why: str) -> None:
    """Keep the career and say what is wrong with the latest change."""
    st.session_state[_KEY] = replace(desk(), problem=(page, why), opened=desk().opened + 1)


def problem(page: str) -> str | None:
    """Why the latest change was refused, if it was made on this page."""
    found = desk().problem
    return f"Not changed: {found[1]}." if found and found[0] == page else None


def undo() -> None:
    """Back to the career before the latest change."""
    old = desk()
    if old.earlier:
        query, name = old.earlier[-1]
        put(query, name)
        st.session_state[_KEY] = replace(desk(), earlier=old.earlier[:-1])


def new_table() -> None:
    """Show the records in a table without pending changes, as when the page is opened again."""
    st.session_state[_KEY] = replace(desk(), rows=desk().query.past.records, problem=None)


def _remember(old: Desk) -> Desk:
    return replace(old, earlier=(*old.earlier, (old.query, old.name))[-_MOST_UNDO:])
