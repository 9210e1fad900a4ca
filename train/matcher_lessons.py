"""Titles as the networks learn them: rows of features, and how often each code is listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from occu_core.matching.features import MOST_WORDS, Vocabulary, features, hashed
from occu_core.matching.normalising import MOST_CHARACTERS, singular, tidied, words
from train.matcher_titles import ListedTitle, Source
from train.soc_categories import read_onet, read_rows

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
_LEAST_STATEMENTS = 3


MEANING_WIDTH = 384
CACHE = Path("runs/matcher")


@dataclass(frozen=True, slots=True)
class Meanings:
    """What words mean, by a sentence encoder: rows of the features that are words, and vectors."""

    places: Places
    vectors: Floats

    def of(self, places: Places) -> Floats:
        """The sum of the meanings of a title's words over the root of its number of features."""
        words = np.searchsorted(self.places, places)
        words[words == len(self.places)] = 0
        found = words[self.places[words] == places] if len(self.places) else words[:0]
        total: Floats = self.vectors[found].sum(axis=0) / np.float32(np.sqrt(len(places)))
        return total.astype(np.float16)


@dataclass(frozen=True, slots=True)
class Lessons:
    """What is learned from.

    Attributes:
        forms: for each title, the rows of features of every form in which it was written.
        meant: the same for what its words mean (see `Meanings.of`).
        shares: how often each code is listed, summing to one; shape (titles, codes).
    """

    forms: list[list[Places]]
    meant: list[list[Floats]]
    shares: Floats


def first_text(title: ListedTitle) -> str:
    """The form that stands for a title where only one is read: that of the newest index first."""
    order = (Source.CENSUS_2000, Source.CENSUS_1990, Source.ONET, Source.OFFICIAL)
    return next(title.texts[source] for source in order if source in title.texts)


def shares_of(titles: Sequence[ListedTitle], codes: Sequence[str]) -> Floats:
    """How often each code is listed for each title, summing to one; shape (titles, codes)."""
    place = {code: number for number, code in enumerate(codes)}
    counts = np.zeros((len(titles), len(codes)), np.float32)
    for row, title in enumerate(titles):
        for code, count in title.codes.items():
            counts[row, place[code]] = count
    shares: Floats = counts / counts.sum(axis=1, keepdims=True)
    return shares


def vocabulary_of(
    titles: Iterable[ListedTitle], least: int, more_words: Iterable[str] = ()
) -> Vocabulary:
    """The features of at least so many titles, every word of them, and words from elsewhere."""
    counts: Counter[str] = Counter()
    seen: set[str] = set()
    for title in titles:
        counts.update(set(chain.from_iterable(features(form) for form in title.forms)))
        seen.update(singular(w) for form in title.forms for w in words(form)[:MOST_WORDS])
    often = (feature for feature, count in counts.items() if count >= least)
    kept = hashed({*often, *(f"w{word}" for word in more_words)})
    known = np.array(sorted({crc32(word.encode()) for word in seen}), np.uint32)
    return Vocabulary(np.unique(kept), known)


def statements_of(codes: Sequence[str], vocabulary: Vocabulary, meanings: Meanings) -> Lessons:
    """What O*NET says that occupations do, as lessons: their words alone, not parts of them."""
    place = {code: number for number, code in enumerate(codes)}
    mapped = {
        row["onet"]: row["occ1990dd"].split("|") for row in read_rows("onet_to_occ1990dd.csv")
    }
    forms, shares = [], []
    for onet, text in onet_statements():
        known = [place[code] for code in mapped[onet] if code in place]
        places = vocabulary.places_of(word_features(text))
        if known and len(places):
            forms.append([places])
            shares.append(np.bincount(known, minlength=len(codes)) / len(known))
    meant = [[meanings.of(places) for places in found] for found in forms]
    return Lessons(forms, meant, np.array(shares, np.float32))


def joined(one: Lessons, other: Lessons) -> Lessons:
    """Both, to be learned together."""
    shares = np.concatenate([one.shares, other.shares])
    return Lessons(one.forms + other.forms, one.meant + other.meant, shares)


def word_features(text: str) -> list[str]:
    """The words of a statement and their neighbours."""
    found = [singular(word) for word in words(text)[:MOST_WORDS] if len(word) > 1]
    return [*(f"w{word}" for word in found), *(f"b{a} {b}" for a, b in pairwise(found))]


def onet_statements() -> Iterator[tuple[str, str]]:
    """O*NET-SOC codes with what is said of them, in parts as long as a title can be."""
    for name, column in (("Task Statements", "Task"), ("Occupation Data", "Description")):
        for row in read_onet(f"{name}.txt"):
            for start in range(0, len(row[column]), MOST_CHARACTERS):
                yield row["O*NET-SOC Code"], row[column][start : start + MOST_CHARACTERS]


def words_of_work(titles: Iterable[ListedTitle]) -> list[str]:
    """Words whose meaning is worth keeping: of titles, and of what O*NET says of occupations."""
    counts: Counter[str] = Counter()
    for _, text in onet_statements():
        counts.update({singular(word) for word in tidied(text).split()})
    often = {word for word, count in counts.items() if count >= _LEAST_STATEMENTS}
    of_titles = {singular(w) for t in titles for form in t.forms for w in words(form)}
    return sorted(word for word in often | of_titles if word.isalpha() and len(word) > 1)


def meanings_of(found: Sequence[str], vocabulary: Vocabulary) -> Meanings:
    """The sentence encoder's vector of each word, in the order of the vocabulary's rows."""
    from train.sentence_encoder import encode  # loads torch's transformers

    kept = CACHE / "meanings.npz"
    known: dict[str, Floats] = {}
    if kept.exists():
        with np.load(kept) as read:
            known = dict(zip(read["words"].tolist(), read["vectors"], strict=True))
    if missing := [word for word in found if word not in known]:
        known |= dict(zip(missing, encode(missing, batch=256).astype(np.float16), strict=True))
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, words=np.array(list(known)), vectors=np.stack(list(known.values())))
    vectors = np.stack([known[word] for word in found]).astype(np.float32)
    rows = np.searchsorted(vocabulary.hashes, hashed(f"w{word}" for word in found))
    order = np.argsort(rows)
    return Meanings(rows[order], vectors[order])


def no_meanings() -> Meanings:
    """Words as if nothing were known of them."""
    return Meanings(np.zeros(0, np.int64), np.zeros((0, MEANING_WIDTH), np.float32))


def lessons_of(
    titles: Sequence[ListedTitle],
    codes: Sequence[str],
    vocabulary: Vocabulary,
    meanings: Meanings,
) -> Lessons:
    """The forms of each title that differ in their features; one without any known is left out."""
    forms = []
    for title in titles:
        different = {vocabulary.places(form).tobytes(): None for form in title.forms}
        forms.append([np.frombuffer(raw, np.int64) for raw in different if raw])
    kept = [row for row, found in enumerate(forms) if found]
    return Lessons(
        [forms[row] for row in kept],
        [[meanings.of(places) for places in forms[row]] for row in kept],
        shares_of([titles[row] for row in kept], codes),
    )
