"""Items counted by category and occupation in one pass, tagged on the way where nobody has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from occu_core.occuquest.balance_standard import Standard
from occu_core.occuquest.item_files import ItemFileError
from occu_core.occuquest.items import Item
from occu_core.occuquest.reading import KeptAside, first_rows, unknown_layout
from occu_core.occuquest.reading_layouts import Layout, item_of, recognise
from occu_core.occuquest.reading_rows import BadRow, Rows, opened_rows
from occu_core.occuquest.tagging import NO_OCCUPATION

_AT_ONCE = 512


@dataclass(frozen=True, slots=True)
class Label:
    """Whose work a prompt is about: a category and perhaps an occupation, or None for nobody's."""

    category: str | None
    occupation: str | None = None


Tagger = Callable[[Sequence[str]], Iterable[Label]]


@dataclass(slots=True)
class Counts:
    """How many items each category and each listed occupation has; nothing else is kept.

    Attributes:
        no_occupation: items of nobody's work.
        outside: items whose occupation is none of the list.
        tagged_here: items that came without a category.
    """

    categories: Counter[str] = field(default_factory=Counter)
    occupations: Counter[str] = field(default_factory=Counter)
    no_occupation: int = 0
    outside: int = 0
    tagged_here: int = 0
    aside: KeptAside = field(default_factory=KeptAside)

    @property
    def items(self) -> int:
        """All items, also those of no occupation."""
        return self.categories.total() + self.no_occupation


@dataclass(frozen=True, slots=True)
class Counting:
    """What counting needs: the categories and occupations, and who tags what is not tagged."""

    standard: Standard
    tagger: Tagger | None = None
    layout: Layout | None = None
    most_bytes: int | None = None

    def file(
        self, source: Path | bytes, name: str | None = None, into: Counts | None = None
    ) -> Counts:
        """Count a dataset's items by `tag_category`, or `category` where it is one of those known.

        Rows with neither are tagged by what their user asks first. Memory does not grow with the
        file. `into` are counts of the dataset's other files, to add to.

        Raises:
            DatasetError: if the file is no dataset.
            ValueError: if there are rows to tag and no tagger.
        """
        counts = Counts() if into is None else into
        called = name or (source.name if isinstance(source, Path) else "upload")
        with opened_rows(source, name, self.most_bytes) as rows:
            for questions in _in_batches(self._untagged(rows, counts, called)):
                self._tag(questions, counts, called)
        return counts

    def items(self, items: Iterable[Item], name: str = "these items") -> Counts:
        """Count items that are read already; those without a category are tagged."""
        counts, untagged = Counts(), []
        for item in items:
            if item.category is None:
                untagged.append(item.question)
            else:
                self._add(counts, Label(item.category, item.occupation))
        if untagged:
            self._tag(untagged, counts, name)
        return counts

    def _untagged(self, rows: Rows, counts: Counts, name: str) -> Iterator[str]:
        """Count the rows that carry a label and pass on what the others ask."""
        rows, contents = first_rows(rows, name)
        layout = self.layout or recognise(contents)
        for row in rows:
            if isinstance(row, BadRow):
                counts.aside.add(row)
                continue
            try:
                if label := self._label(row.content):
                    self._add(counts, label)
                elif layout is None:
                    raise unknown_layout(name, row.content)
                else:
                    yield item_of(row.content, layout).question
            except ItemFileError as error:
                counts.aside.add(BadRow(row.number, str(error)))

    def _label(self, content: object) -> Label | None:
        """The label that a row carries; None where it has to be tagged."""
        if not isinstance(content, Mapping):
            return None
        if "tag_category" in content:
            return self._known(content["tag_category"], content.get("tag_occupation"))
        category = content.get("category")
        if category == NO_OCCUPATION or category in self.standard.categories:
            return self._known(category, content.get("occupation"))
        return None

    def _known(self, category: object, occupation: object) -> Label:
        if category in (None, "", NO_OCCUPATION):
            return Label(None)
        if not isinstance(category, str) or category not in self.standard.categories:
            raise ItemFileError(
                f"tag_category {str(category)[:60]!r} is none of the"
                f" {len(self.standard.categories)} categories; expected one of them, or"
                f" {NO_OCCUPATION!r}"
            )
        return Label(category, occupation if isinstance(occupation, str) else None)

    def _add(self, counts: Counts, label: Label) -> None:
        if label.category is None:
            counts.no_occupation += 1
            return
        counts.categories[label.category] += 1
        if label.occupation:
            listed = self.standard.occupations.get(label.occupation.casefold())
            if listed is None:
                counts.outside += 1
            else:
                counts.occupations[listed] += 1

    def _tag(self, questions: Sequence[str], counts: Counts, name: str) -> None:
        if self.tagger is None:
            raise ValueError(
                f"{name}: has items without a category; tag them first: occu tag FILE --out OUT"
            )
        for label in self.tagger(questions):
            self._add(counts, label)
            counts.tagged_here += 1


def tag_offline(questions: Sequence[str]) -> Iterable[Label]:
    """Labels by the shipped classifier, which is loaded when the first question needs it."""
    from occu_core.occuquest.tagging import load_tagger

    return [Label(tag.category, tag.occupation) for tag in load_tagger().tag(questions)]


def _in_batches(questions: Iterator[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for question in questions:
        batch.append(question)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
