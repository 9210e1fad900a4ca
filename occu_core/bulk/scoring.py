"""The probabilities of a chunk of careers as an Arrow table, long or wide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from occu_core.bulk.job import Layout, Selection
from occu_core.careers import CareerHistory, Query
from occu_core.distributions import OccupationDistribution
from occu_core.models.base import OccupationModel
from occu_core.occupations import Taxonomy
from occu_core.tops import TopOccupations

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

_BLOCK = 1_000
Answer = OccupationDistribution | TopOccupations
Scored = tuple[CareerHistory, int, Answer]
Floats = npt.NDArray[np.float64]


@runtime_checkable
class FindsTops(Protocol):
    """A model that finds the likeliest titles without scoring them all; raw probabilities only."""

    def top(self, query: Query, k: int) -> TopOccupations:
        """The k likeliest of `predict`."""

    def tops(self, career: CareerHistory, k: int) -> Iterator[TopOccupations]:
        """`top` at each of the career's transitions."""


def scored(
    model: OccupationModel,
    careers: Iterable[CareerHistory],
    selection: Selection,
    layout: Layout,
) -> Iterator[Scored]:
    """Each chosen person-year with its answer: careers in order, years ascending."""
    one: Callable[[Query], Answer] = model.predict
    every: Callable[[CareerHistory], Iterator[Answer]] = model.distributions
    if layout.raw and layout.top is not None and isinstance(model, FindsTops):
        one, every = partial(model.top, k=layout.top), partial(model.tops, k=layout.top)
    for career in careers:
        for year, answer in _one_career(one, every, career, selection):
            yield career, year, answer


def _one_career(
    one: Callable[[Query], Answer],
    every: Callable[[CareerHistory], Iterator[Answer]],
    career: CareerHistory,
    selection: Selection,
) -> Iterator[tuple[int, Answer]]:
    years = selection.years_of(career)
    if selection.next_year:
        yield years[0], one(selection.question(career))
        return
    seen = career.until(years[-1] + 1)
    if 2 * len(years) < len(seen.records):  # one by one is less work than the whole career
        chosen = (t.query for t in seen.transitions() if t.query.year in years)
        yield from ((query.year, one(query)) for query in chosen)
        return
    for record, answer in zip(seen.records, every(seen), strict=True):
        if record.year in years:
            yield record.year, answer


def schema_of(layout: Layout, taxonomy: Taxonomy, *, datasets: bool) -> pa.Schema:
    """The columns of the file; with the dataset if the table has one, for ids are its own."""
    import pyarrow as pa

    keys = [("dataset", pa.string())] if datasets else []
    keys += [("person_id", pa.string()), ("year", pa.int16())]
    if layout.top is not None:
        return pa.schema([*keys, ("code", pa.string()), ("probability", pa.float64())])
    titles = [
        pa.field(o.code, pa.float32(), metadata={"title": o.title, "group": o.group})
        for o in taxonomy
    ]
    return pa.schema([*(pa.field(*key) for key in keys), *titles])


def table_of(
    found: Iterable[Scored], layout: Layout, taxonomy: Taxonomy, schema: pa.Schema
) -> pa.Table:
    """The person-years as a table, a thousand at a time: a distribution is kept no longer."""
    import pyarrow as pa

    waiting, blocks = iter(found), []
    while some := list(islice(waiting, _BLOCK)):
        answers = [answer for _, _, answer in some]
        if layout.top is None:
            times, columns = 1, _wide(answers, layout)
        else:
            times = min(layout.top, len(taxonomy))
            columns = _long(answers, layout, taxonomy)
        values = schema.names[-len(columns) :]
        named = {**_keys(some, times), **dict(zip(values, columns, strict=True))}
        blocks.append(pa.table([named[name] for name in schema.names], schema=schema))
    return pa.concat_tables(blocks) if blocks else schema.empty_table()


def _keys(found: list[Scored], times: int) -> dict[str, pa.Array]:
    """Whose and which year, each so many times."""
    import pyarrow as pa

    rows = pa.array(np.repeat(np.arange(len(found)), times))
    columns = {
        "dataset": pa.array([career.dataset for career, _, _ in found], pa.string()),
        "person_id": pa.array([career.worker_id for career, _, _ in found], pa.string()),
        "year": pa.array([year for _, year, _ in found], pa.int16()),
    }
    return {name: column.take(rows) for name, column in columns.items()}


def _long(answers: Sequence[Answer], layout: Layout, taxonomy: Taxonomy) -> list[pa.Array]:
    """Codes and probabilities, likeliest first; ties keep taxonomy order."""
    import pyarrow as pa

    codes = pa.array([occupation.code for occupation in taxonomy], pa.string())
    tops = [answer for answer in answers if isinstance(answer, TopOccupations)]
    if tops:
        order = np.array([[taxonomy.position(o.code) for o in one.occupations] for one in tops])
        nats = np.array([one.log_probs_raw for one in tops])
    else:
        every = _log_probs(answers, layout)
        order = np.argsort(-every, axis=1, kind="stable")[:, : layout.top]
        nats = np.take_along_axis(every, order, axis=1)
    return [codes.take(pa.array(order.ravel())), pa.array(np.exp(nats).ravel())]


def _wide(answers: Sequence[Answer], layout: Layout) -> list[pa.Array]:
    """The probability of each title, in taxonomy order."""
    import pyarrow as pa

    probs = np.exp(_log_probs(answers, layout)).astype(np.float32)
    return [pa.array(np.ascontiguousarray(column)) for column in probs.T]


def _log_probs(answers: Sequence[Answer], layout: Layout) -> Floats:
    """Nats, shape (person-years, states)."""
    whole = [answer for answer in answers if isinstance(answer, OccupationDistribution)]
    return np.array([one.log_probs_raw if layout.raw else one.log_probs for one in whole])
