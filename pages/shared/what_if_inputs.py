"""What can be changed on the What if page; each change is laid on the desk or refused with why."""

from __future__ import annotations

import streamlit as st

from occu_core.careers import EARLIEST_BIRTH_YEAR, EARLIEST_YEAR, LATEST_YEAR, Query
from occu_core.explain.case_changes import LABELS, UNKNOWN, CaseChange, Field, changed, value_of
from occu_core.explain.sweeps import SWEPT
from occu_core.occupations import Occupation, occ1990dd
from pages.shared import question_inputs, session
from pages.shared.loaders import model_cards
from pages.shared.session import desk
from pages.shared.what_if_pinned import answer_by, pin_desk, pinned

_NAMES = {
    Field.YEAR: "Year to predict",
    Field.EDUCATION: "Education that year",
    Field.BIRTH_YEAR: "Born",
    Field.SEX: "Sex",
    Field.RACE_ETHNICITY: "Race/ethnicity",
    Field.REGION: "Region",
}
_RECORD, _JOB = "what_if.record", "what_if.job"


def pinning() -> None:
    """Pin what is on the desk, and who answers the pinned case."""
    st.button(
        "Pin the changed case",
        key="what_if.pin",
        icon=":material/push_pin:",
        on_click=pin_desk,
        disabled=pinned().query == desk().query,
        help="Compare everything that follows with the case as it is on the right now",
    )


def models() -> str:
    """The model that answers the changed case; another may answer the pinned one."""
    cards, chosen = model_cards(), question_inputs.chosen_model()
    st.selectbox(
        "Model",
        list(cards),
        index=list(cards).index(chosen),
        key=f"what_if.model.{chosen}",
        format_func=lambda name: cards[name].title,
        on_change=_model_chosen,
        args=(f"what_if.model.{chosen}",),
    )
    others = [name for name in cards if name != chosen]
    other = pinned().model if pinned().model in others else None
    key = f"what_if.other.{chosen}.{other}"
    st.selectbox(
        "Model for the pinned case",
        others,
        index=others.index(other) if other else None,
        key=key,
        format_func=lambda name: cards[name].title,
        placeholder="the same model",
        on_change=lambda: answer_by(st.session_state[key]),
    )
    return chosen


def job() -> None:
    """A record, and the job in it."""
    _show_at_first()
    records = desk().query.past.records
    if not records:
        st.caption("The career has no record yet, so there is no job to change.")
        return
    titles = {record.year: record.occupation.title for record in records}
    st.selectbox(
        "Record to change",
        [record.year for record in reversed(records)],
        key=_RECORD,
        format_func=lambda year: f"{year}: {titles.get(year, '')}",
        on_change=_record_chosen,
    )
    st.selectbox(
        "Job in that record",
        list(occ1990dd()),
        key=_JOB,
        format_func=lambda occupation: occupation.title,
        on_change=_job_chosen,
    )


def question_and_worker() -> None:
    """The year and education asked about, and what is known of the worker."""
    _show_at_first()
    for field in _NAMES:
        _change(field)


def back_to_pinned() -> None:
    """Take every change back."""
    st.button(
        "Undo all changes",
        key="what_if.back",
        icon=":material/undo:",
        on_click=_back,
        disabled=pinned().query == desk().query,
    )


def swept_field() -> Field | None:
    """What to sweep, if anything."""
    return st.selectbox(
        "Characteristic",
        SWEPT,
        index=None,
        key="what_if.sweep",
        format_func=lambda field: _NAMES[field],
        placeholder="choose one to see all its values",
        persist_state="session",
    )


def swept_outcomes() -> list[str]:
    """Codes of the occupations to show; none means the likeliest."""
    taxonomy = occ1990dd()
    return st.multiselect(
        "Occupations to show",
        [occupation.code for occupation in taxonomy],
        key="what_if.outcomes",
        format_func=lambda code: taxonomy[code].title,
        placeholder="the likeliest five",
        max_selections=7,
        persist_state="session",
    )


def _change(field: Field) -> None:
    key = _key(field)
    if field in LABELS:
        options = [UNKNOWN, *(label.value for label in LABELS[field])]
        st.selectbox(_NAMES[field], options, key=key, on_change=_chosen, args=(field,))
        return
    born = field is Field.BIRTH_YEAR
    st.number_input(
        _NAMES[field],
        min_value=EARLIEST_BIRTH_YEAR if born else EARLIEST_YEAR,
        max_value=LATEST_YEAR,
        value=None if born else "min",  # the first can be emptied
        step=1,
        placeholder=UNKNOWN if born else None,
        key=key,
        on_change=_chosen,
        args=(field,),
    )


def _chosen(field: Field) -> None:
    value = st.session_state[_key(field)]
    if value is None and field is Field.YEAR:
        _show_desk()
        return
    known = None if value in {None, UNKNOWN} else LABELS[field](value) if field in LABELS else value
    _apply(CaseChange(field, known))


def _job_chosen() -> None:
    occupation, year = st.session_state[_JOB], st.session_state[_RECORD]
    _apply(CaseChange(Field.JOB, occupation, year))


def _record_chosen() -> None:
    st.session_state[_JOB] = _occupation_of(desk().query, st.session_state[_RECORD])


def _apply(change: CaseChange) -> None:
    """Make one change or say why not; either way the inputs show the desk again."""
    session.change("what_if", lambda query: changed(query, [change]))
    _show_desk()


def _back() -> None:
    session.put(pinned().query, pinned().name)
    _show_desk()


def _show_desk() -> None:
    """Set every input to the case on the desk: on the page's first run and after a change only."""
    query = desk().query
    for field in _NAMES:
        value = value_of(query, field)
        st.session_state[_key(field)] = str(value) if field in LABELS and value else value
        if field in LABELS and value is None:
            st.session_state[_key(field)] = UNKNOWN
    years = [record.year for record in query.past.records]
    if years:
        chosen = st.session_state.get(_RECORD)
        st.session_state[_RECORD] = chosen if chosen in years else years[-1]
        st.session_state[_JOB] = _occupation_of(query, st.session_state[_RECORD])


def _show_at_first() -> None:
    if _key(Field.YEAR) not in st.session_state:
        _show_desk()


def _model_chosen(key: str) -> None:
    st.session_state["next_job.model"] = st.session_state[key]
    if st.session_state.get("next_job.second") == st.session_state[key]:
        st.session_state["next_job.second"] = None


def _occupation_of(query: Query, year: int) -> Occupation:
    return next(record.occupation for record in query.past.records if record.year == year)


def _key(field: Field) -> str:
    return f"what_if.{field}"
