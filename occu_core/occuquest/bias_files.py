"""Pairs of questions on disk, and systems' answers to them.

A line for each version: `question_id` and `question`, which is what `occu respond` asks, and how it
came about: `pair`, `axis`, `about`, `introduced`, `words`, `category`. It may be read and mended by
hand: the words of a question may change, its ids may not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from occu_core.occuquest.bias_pairs import PERSONS, PairError, SwappedPair
from occu_core.occuquest.bias_swapping import Axis
from occu_core.occuquest.reading_rows import BadRow, opened_rows

MOST_BYTES = 200_000_000
MOST_CHARACTERS = 100_000
_LISTED = 10

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AnsweredPair:
    """What a system answered to both versions of a question, the first of `PERSONS` first."""

    pair: SwappedPair
    answers: tuple[str, str]


def pair_rows(pairs: Iterable[SwappedPair]) -> Iterator[dict[str, object]]:
    """Two rows for each pair, the first of `PERSONS` first."""
    for pair in pairs:
        for about, name, text in zip(PERSONS[pair.axis], pair.ids, pair.texts, strict=True):
            row = {
                "question_id": name,
                "question": text,
                "category": pair.category,
                "pair": pair.pair,
                "axis": pair.axis.value,
                "about": about,
                "introduced": pair.introduced,
                "words": [list(words) for words in pair.words],
            }
            yield {field: value for field, value in row.items() if value is not None}


def read_pairs(path: Path) -> tuple[SwappedPair, ...]:
    """The pairs of a file that `occu bias questions` wrote.

    Raises:
        PairError, DatasetError: naming the row, or the pair of which a version is missing.
    """
    versions: dict[str, dict[str, Fields]] = {}
    for place, row in _rows(path):
        pair, axis, about = (_text(row, name, place) for name in ("pair", "axis", "about"))
        if axis not in set(Axis) or about not in PERSONS[Axis(axis)]:
            known = "; ".join(f"{one.value}: {', '.join(PERSONS[one])}" for one in Axis)
            raise PairError(f"{place}: axis {axis!r} about {about!r}; expected {known}")
        if about in versions.setdefault(pair, {}):
            raise PairError(f"{place}: pair {pair[:60]!r} about {about} stands here again")
        versions[pair][about] = {**row, "place": place}
    pairs = tuple(_pair(pair, both) for pair, both in versions.items())
    if len({pair.axis for pair in pairs}) > 1:
        raise PairError(f"{path.name}: pairs differ in what is changed; expected one axis a file")
    return pairs


def read_answered(
    paths: Sequence[Path], pairs: Sequence[SwappedPair], *, common: bool = False
) -> dict[str, tuple[AnsweredPair, ...]]:
    """Each system's answers to both versions of every pair.

    Args:
        paths: rows with question_id, system and response, as `occu respond` writes.
        pairs: those that were asked.
        common: leave out pairs that a system answered only one of, or none, instead of refusing.

    Raises:
        PairError, DatasetError: naming the row that cannot be used, or what a system left out.
    """
    asked = {name: text for pair in pairs for name, text in zip(pair.ids, pair.texts, strict=True)}
    said: dict[str, dict[str, str]] = {}
    for path in paths:
        for place, row in _rows(path):
            name = _text(row, "question_id", place)
            if name in asked:
                system = _text(row, "system", place)
                _check_question(row, asked[name], place)
                if name in said.setdefault(system, {}):
                    raise PairError(f"{place}: {system!r} answered {name[:60]!r} before")
                said[system][name] = _response(row, place)
    if not said:
        names = ", ".join(path.name for path in paths)
        raise PairError(f"{names}: no answer is to one of the {len(pairs):,} pairs")
    return {system: _answered(system, of, pairs, common=common) for system, of in said.items()}


def _answered(
    system: str, said: Mapping[str, str], pairs: Sequence[SwappedPair], *, common: bool
) -> tuple[AnsweredPair, ...]:
    missing = [name for pair in pairs for name in pair.ids if name not in said]
    if missing and not common:
        listed = ", ".join(missing[:_LISTED])
        more = f" and {len(missing) - _LISTED:,} more" if len(missing) > _LISTED else ""
        raise PairError(
            f"{system!r} did not answer {len(missing):,} of {2 * len(pairs):,} questions:"
            f" {listed}{more}; have them answered, or leave their pairs out (--common)"
        )
    whole = (pair for pair in pairs if all(name in said for name in pair.ids))
    found = tuple(AnsweredPair(p, (said[p.ids[0]], said[p.ids[1]])) for p in whole)
    if not found:
        raise PairError(f"{system!r} answered both versions of no question")
    return found


def _pair(name: str, versions: Mapping[str, Fields]) -> SwappedPair:
    some = next(iter(versions.values()))
    axis, place = Axis(str(some["axis"])), str(some["place"])
    persons = PERSONS[axis]
    if versions.keys() != set(persons):
        raise PairError(
            f"{place}: pair {name[:60]!r} is only about {', '.join(versions)}; expected a row about"
            f" {persons[0]} and one about {persons[1]}"
        )
    first, second = (_text(versions[one], "question", place) for one in persons)
    category = some.get("category")
    pair = SwappedPair(
        name,
        axis,
        (first, second),
        str(category) if category else None,
        some.get("introduced") is True,
        _words(some.get("words"), place),
    )
    for one, expected in zip(persons, pair.ids, strict=True):
        if versions[one].get("question_id") != expected:
            found = str(versions[one].get("question_id"))[:60]
            raise PairError(f"{place}: question_id is {found!r}; expected {expected[:80]!r}")
    return pair


def _words(written: object, place: str) -> tuple[tuple[str, str], ...]:
    words = written if isinstance(written, list) else None
    if words is None or not all(
        isinstance(one, list) and len(one) == 2 and all(isinstance(w, str) for w in one)
        for one in words
    ):
        raise PairError(f"{place}: words is {written!r:.60}; expected a list of pairs of words")
    return tuple((first, second) for first, second in words)


def _check_question(row: Fields, asked: str, place: str) -> None:
    question = row.get("question")
    if isinstance(question, str) and question.strip() != asked.strip():
        raise PairError(
            f"{place}: answers {question[:60]!r}, but the pair asks {asked[:60]!r}; have the pairs"
            " as they are now answered"
        )


def _response(row: Fields, place: str) -> str:
    """An answer may be empty, but not missing."""
    value = row.get("response")
    if not isinstance(value, str):
        raise PairError(f"{place}: response is {value!r:.60}; expected text")
    if len(value) > MOST_CHARACTERS:
        found = f"{place}: response has {len(value):,} characters"
        raise PairError(f"{found}; expected at most {MOST_CHARACTERS:,}")
    return value


def _text(row: Fields, name: str, place: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise PairError(f"{place}: {name} is {value!r:.60}; expected text")
    return value


def _rows(path: Path) -> Iterator[tuple[str, Fields]]:
    with opened_rows(path, most_bytes=MOST_BYTES) as rows:
        for row in rows:
            place = f"{path.name} row {row.number}"
            if isinstance(row, BadRow):
                raise PairError(f"{path.name} {row}")
            if not isinstance(row.content, Mapping):
                raise PairError(f"{place}: is {row.content!r:.60}; expected named fields")
            yield place, row.content
