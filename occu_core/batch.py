"""A model asked about many workers at once: for each, the year after the last record."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from occu_core.careers import CareerError, CareerHistory, Query
from occu_core.distributions import FourParts
from occu_core.models.base import ModelCard, OccupationModel
from occu_core.models.support import outside_training
from occu_core.occupations import Occupation, UnknownOccupationError
from occu_core.predictions import NOTE, Prediction, predict
from occu_core.spreadsheet_cells import safe_cell

MOST_TITLES = 20
_COLUMNS = (
    *("dataset", "person_id", "last_year", "last_code", "last_title", "year", "education"),
    *("same_job", "different_job", "not_working", "student", "coverage"),
)


@dataclass(frozen=True, slots=True)
class NextState:
    """What a model expects of one worker.

    `top` holds the likeliest states, best first, with their probabilities; `notes` say where the
    question lies outside the model's training data.
    """

    query: Query
    parts: FourParts
    coverage: float
    top: tuple[tuple[Occupation, float], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NextRow:
    """A worker's row of the result: the next state, or the problem that stands in its way."""

    career: CareerHistory
    state: NextState | None
    problem: str | None = None


def question(career: CareerHistory, year: int | None = None) -> Query:
    """What is asked of a whole career: the year after its last record, or a later one.

    The education of the last record is taken to last.

    Raises:
        CareerError: if there is no record, or none before the year only.
    """
    if not career.records:
        raise CareerError("has no record with an occupation; expected at least one")
    last = career.records[-1]
    return Query(career, last.year + 1 if year is None else year, last.education)


def predict_next(
    model: OccupationModel,
    careers: Iterable[CareerHistory],
    *,
    year: int | None = None,
    top: int | None = 5,
) -> Iterator[NextRow]:
    """A row for each worker as soon as it is known, in the order given; stop asking to cancel.

    Args:
        model: which to ask.
        careers: whole careers; nothing of them is left out.
        year: the one year asked about, for all; None is the year after each last record.
        top: how many of the likeliest states to keep, None for all.
    """
    for career in careers:
        try:
            prediction = predict(model, question(career, year))
        except (CareerError, UnknownOccupationError) as error:
            yield NextRow(career, None, str(error))
        else:
            yield NextRow(career, _state(prediction, top))


def next_table(rows: Sequence[NextRow], card: ModelCard) -> str:
    """The rows as CSV after comment lines that name the model; no cell is run as a formula."""
    most = max((len(row.state.top) for row in rows if row.state), default=0)
    text = io.StringIO(newline="")
    comments = (
        f"model: {card.name} ({card.title})",
        f"version: {card.version}",
        f"trained on: {card.data}",
        f"note: {NOTE}",
    )
    text.writelines(f"# {' '.join(comment.split())}\n" for comment in comments)
    ranked = (f"top{k}_{part}" for k in range(1, most + 1) for part in _TOP)
    columns = (*_COLUMNS, *ranked, "notes", "problem")
    writer = csv.DictWriter(text, columns, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows({k: safe_cell(v) for k, v in _cells(row).items()} for row in rows)
    return text.getvalue()


_TOP = ("code", "title", "probability")


def _state(prediction: Prediction, top: int | None) -> NextState:
    distribution = prediction.distribution
    return NextState(
        prediction.query,
        prediction.parts,
        distribution.coverage,
        tuple(distribution.top(len(distribution.taxonomy) if top is None else top)),
        tuple(outside_training(prediction.card, prediction.query)),
    )


def _cells(row: NextRow) -> dict[str, object]:
    """By column; what is unknown or does not apply is None, an empty cell."""
    career, state = row.career, row.state
    last = career.records[-1] if career.records else None
    cells: dict[str, object] = {
        "dataset": career.dataset,
        "person_id": career.worker_id,
        "last_year": last.year if last else None,
        "last_code": last.occupation.code if last else None,
        "last_title": last.occupation.title if last else None,
        "problem": row.problem,
    }
    if state is None:
        return cells
    cells |= {"year": state.query.year, "education": state.query.education}
    cells |= {**asdict(state.parts), "coverage": state.coverage, "notes": " ".join(state.notes)}
    for k, (occupation, probability) in enumerate(state.top, start=1):
        ranked = (occupation.code, occupation.title, probability)
        cells |= {f"top{k}_{part}": v for part, v in zip(_TOP, ranked, strict=True)}
    return cells
