"""The steps of the demo tour: a few sentences each, and what the models say, asked anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from occu_core import demo_tour, figures
from occu_core.careers import Query
from occu_core.figures import Chart
from occu_core.figures.marking import marked
from occu_core.occupations import occ1990dd
from occu_core.predictions import Prediction
from pages.shared import displays
from pages.shared.loaders import ask, model_cards, past_surprises

_PAGES = Path(__file__).resolve().parents[1]
_ONWARDS = {
    "career": "Build a career of your own",
    "next_job": "All 343 probabilities",
    "what_if": "Change something and compare",
    "why": "Which years the answer rests on",
    "what_then": "Whole futures, year by year",
    "how_sure": "How far to trust it",
    "find_occupation": "Find what a job is called",
    "models": "Which model foresees careers best",
}


@dataclass(frozen=True)
class Step:
    """One screen of the tour."""

    title: str
    words: str
    show: Callable[[Query], None]


def steps() -> tuple[Step, ...]:
    """The tour from beginning to end; a step that this copy cannot show is left out."""
    two = len(model_cards()) > 1
    return tuple(step for step in _STEPS if step.show is not _models or two)


def _answer(query: Query) -> Prediction:
    """What the default model says."""
    return ask((next(iter(model_cards())),), query)[0]


def _draw(chart: Chart, name: str) -> None:
    """A figure that says on itself that its career is invented."""
    displays.chart(marked(chart, demo_tour.LABEL), f"tour.figure_{name}")


def _career(query: Query) -> None:
    st.table(
        pd.DataFrame(
            [
                {
                    "Year": str(record.year),
                    "What the worker did": record.occupation.title,
                    "Education": str(record.education),
                }
                for record in query.past.records
            ]
        ),
        hide_index=True,
        alt="The invented career, a row for each year",
    )


def _next(query: Query) -> None:
    prediction = _answer(query)
    displays.parts(prediction)
    _draw(figures.top_occupations([prediction], 6), "next")


def _text(query: Query) -> None:
    displays.read_text(query, coded=_answer(query).card.coded_titles)


def _what_if(query: Query) -> None:
    degree = demo_tour.called(_answer(demo_tour.with_degree(query)), "with a degree")
    recorded = demo_tour.called(_answer(query), "some college")
    _draw(figures.four_parts([degree, recorded]), "what_if_parts")
    _draw(figures.top_occupations([degree, recorded], 6), "what_if_top")


def _surprises(query: Query) -> None:
    prediction = _answer(query)
    found = past_surprises(prediction.card.name, query.past)
    _draw(figures.past_steps(prediction.card, found, height=300), "surprises")


def _futures(query: Query) -> None:
    asked = [demo_tour.years_later(query, years) for years in (0, 2, 4)]
    _draw(
        figures.four_parts([demo_tour.called(_answer(q), f"in {q.year}") for q in asked]),
        "futures",
    )


def _how_sure(query: Query) -> None:
    known, unknown = _answer(query), _answer(demo_tour.without_past(query))
    with st.grid(2, min_column_width=220, gap="small"):
        st.metric("Knowing the career", f"{demo_tour.states_for(known, 0.9)} states")
        st.metric("Knowing nothing", f"{demo_tour.states_for(unknown, 0.9)} states")
    st.caption("The fewest states that hold 90% of the model's probability, out of 343.")
    far = demo_tour.years_later(query, 2030 - query.year)
    displays.warnings([known.card], far)
    st.caption("What the app says when it is asked about 2030.")


def _titles(query: Query) -> None:
    taxonomy = occ1990dd()
    found = {
        name: "; ".join(f"{o.title} ({o.code})" for o in taxonomy.search(name, 3))
        for name in demo_tour.INFORMAL_NAMES
    }
    st.table(
        pd.DataFrame(
            [
                {"What people say": name, "Nearest titles of the survey": titles}
                for name, titles in found.items()
            ]
        ),
        hide_index=True,
        alt="Three informal names of jobs and the nearest titles",
    )


def _models(query: Query) -> None:
    names = tuple(model_cards())
    second = "markov" if "markov" in names[1:] else names[1]
    predictions = ask((names[0], second), query)
    _draw(figures.four_parts(predictions), "models_parts")
    _draw(figures.top_occupations(predictions, 6), "models_top")


def _onwards(query: Query) -> None:
    with st.grid(2, min_column_width=260, gap="small"):
        for name, words in _ONWARDS.items():
            if (_PAGES / f"{name}.py").is_file():
                st.page_link(f"pages/{name}.py", label=words, icon=":material/arrow_forward:")


_STEPS = (
    Step(
        "A working life, one line a year",
        "This is an **invented** worker, born in 1981: a year at school, a job at a till, a year"
        " without work, then three years in a stock room. In 2006 something changes.",
        _career,
    ),
    Step(
        "What comes next?",
        "The model answers with a probability for **each of 343 states**: 341 occupations, not"
        " working, and student. Together they make 100%.",
        _next,
    ),
    Step(
        "All it ever reads is this text",
        "The career is written out as a résumé. The model was trained to continue thousands of"
        " such lines, from surveys that followed US workers for decades.",
        _text,
    ),
    Step(
        "What if…?",
        "Change the last line of the résumé from *some college* to *bachelor's degree* and ask"
        " again. This is what the model **associates** with a degree, not what one would cause.",
        _what_if,
    ),
    Step(
        "Which years surprised it?",
        "For every past year the model says how probable it found what really happened: a tall bar"
        " is a surprise. Those who stay seldom surprise it; those who move often do.",
        _surprises,
    ),
    Step(
        "Two years on, four years on",
        "The same past, asked about later years, with **not a word of the years between**: to the"
        " model each answer is simply the next line of the résumé. How much does it move?",
        _futures,
    ),
    Step(
        "How sure is it?",
        "A career narrows the field. And where a question lies **outside what the model has"
        " seen**, the app says so.",
        _how_sure,
    ),
    Step(
        "What is that job called?",
        "The survey's titles are long and stiff. Type what people say, and the nearest titles are"
        " offered, slips of the keyboard forgiven.",
        _titles,
    ),
    Step(
        "Against a simple table",
        "A table that only counts who went from which job to which knows the last job and nothing"
        " else. Side by side, one sees what the rest of the career adds.",
        _models,
    ),
    Step(
        "Your turn",
        "For exploration and research, **never for hiring or screening**: these are averages of the"
        " people the surveys followed, not anyone's fate.",
        _onwards,
    ),
)
