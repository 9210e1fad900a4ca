"""What the matcher has to beat: the nearest title (TF-IDF, rapidfuzz) and a linear classifier.

Each learns from the same titles as the matcher, in the same form, and is tuned on the same held-out
titles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz, process
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier

from occu_core.matching.normalising import words

Floats = npt.NDArray[np.float32]
Score = Callable[[Sequence[str]], Floats]
"""Scores of every code for each text; shape (texts, codes)."""
RANGES = ((2, 5), (3, 6))
NEIGHBOURS = ((1, 1), (3, 2), (5, 3), (10, 4), (20, 6))
PENALTIES = (1e-6, 3e-6, 1e-5)
EPOCHS = 12
SCORERS = {
    "ratio": fuzz.ratio,
    "token_sort_ratio": fuzz.token_sort_ratio,
}
_SAMPLE = 1_000
"""Held-out titles on which rapidfuzz's scorers are compared: all of them would take minutes."""


@dataclass(frozen=True, slots=True)
class TitleData:
    """Titles as they are spoken, with the codes listed for each.

    Attributes:
        texts: by row.
        shares: how often each code is listed, summing to one; shape (texts, codes).
    """

    texts: list[str]
    shares: Floats

    @property
    def accepted(self) -> npt.NDArray[np.bool_]:
        """Whether a code is listed for a title; shape (texts, codes)."""
        return self.shares > 0


@dataclass(frozen=True, slots=True)
class Baseline:
    """A tuned baseline: what was chosen, and every choice's share of held-out titles."""

    name: str
    score: Score
    chosen: str
    tried: dict[str, float]


def spoken(text: str) -> str:
    """A title in the form that every system reads: spoken order, abbreviations written out."""
    return " ".join(words(text))


def nearest_by_tfidf(train: TitleData, valid: TitleData) -> Baseline:
    """The nearest titles vote for their codes, weighted by a power of the cosine."""
    tried: dict[str, float] = {}
    made: dict[str, Score] = {}
    for kind in ("word 1-2", *(f"characters {a}-{b}" for a, b in RANGES[:1])):
        vectors = _vectors(kind)
        known = vectors.fit_transform(train.texts)
        near = _nearest(vectors.transform(valid.texts), known)
        for neighbours, power in NEIGHBOURS:
            name = f"{kind}, {neighbours} titles, power {power}"
            tried[name] = _top1(_votes(near, train.shares, neighbours, power), valid)
            made[name] = _tfidf_score(vectors, known, train.shares, neighbours, power)
    return _best("TF-IDF nearest title", made, tried)


def nearest_by_rapidfuzz(train: TitleData, valid: TitleData) -> Baseline:
    """The codes of the closest title, then of the next."""
    some = TitleData(valid.texts[:_SAMPLE], valid.shares[:_SAMPLE])
    made = {name: _rapidfuzz_score(name, train) for name in SCORERS}
    tried = {name: _top1(score(some.texts), some) for name, score in made.items()}
    return _best("rapidfuzz closest title", made, tried)


def linear(train: TitleData, valid: TitleData) -> Baseline:
    """A linear classifier, one code against the rest, on TF-IDF of character n-grams.

    A title with several codes counts once for each, by its share. The range of n-grams is chosen
    with the middle penalty, then the penalty with that range, on every fourth title and in as many
    steps for each title; then all titles are learned.
    """
    fourth = TitleData(train.texts[::4], train.shares[::4])
    middle = PENALTIES[len(PENALTIES) // 2]
    tried: dict[str, float] = {}

    def top1(kind: str, penalty: float) -> float:
        name = f"{kind}, penalty {penalty}, a fourth of the titles"
        if name not in tried:
            tried[name] = _top1(_linear_score(fourth, kind, penalty)(valid.texts), valid)
            print(f"{name}: {tried[name]:.4f}", flush=True)
        return tried[name]

    kind = max((f"characters {a}-{b}" for a, b in RANGES), key=lambda one: top1(one, middle))
    penalty = max(PENALTIES, key=lambda one: top1(kind, one))
    score, name = _linear_score(train, kind, penalty), f"{kind}, penalty {penalty}"
    tried[name] = _top1(score(valid.texts), valid)
    print(f"{name}: {tried[name]:.4f}", flush=True)
    rounded = {key: round(value, 4) for key, value in tried.items()}
    return Baseline("linear on character n-grams", score, name, rounded)


def _linear_score(train: TitleData, kind: str, penalty: float) -> Score:
    rows, codes = np.nonzero(train.shares)
    vectors = _vectors(kind)
    known = vectors.fit_transform(train.texts)
    model = SGDClassifier(
        loss="modified_huber",
        alpha=penalty,
        max_iter=EPOCHS,
        tol=None,
        average=True,
        random_state=1,
    )
    model.fit(known[rows], codes, sample_weight=train.shares[rows, codes])

    def score(texts: Sequence[str]) -> Floats:
        scores = np.full((len(texts), train.shares.shape[1]), -1e9, np.float32)
        scores[:, model.classes_] = model.decision_function(vectors.transform(texts))
        return scores

    return score


def _vectors(kind: str) -> TfidfVectorizer:
    if kind.startswith("word"):
        return TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\S+")
    low, high = (int(end) for end in kind.split()[1].split("-"))
    return TfidfVectorizer(analyzer="char_wb", ngram_range=(low, high), sublinear_tf=True, min_df=2)


def _nearest(
    texts: csr_matrix, known: csr_matrix, most: int = NEIGHBOURS[-1][0]
) -> tuple[npt.NDArray[np.int64], Floats]:
    """The nearest known titles of each text and their cosines; shape (texts, most)."""
    places = np.zeros((texts.shape[0], most), np.int64)
    cosines = np.zeros((texts.shape[0], most), np.float32)
    for start in range(0, texts.shape[0], 256):
        found = (texts[start : start + 256] @ known.T).toarray()
        top = np.argpartition(-found, most, axis=1)[:, :most]
        values = np.take_along_axis(found, top, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        places[start : start + 256] = np.take_along_axis(top, order, axis=1)
        cosines[start : start + 256] = np.take_along_axis(values, order, axis=1)
    return places, cosines


def _votes(
    near: tuple[npt.NDArray[np.int64], Floats], shares: Floats, neighbours: int, power: int
) -> Floats:
    places, cosines = near
    weights = np.power(cosines[:, :neighbours], power)
    votes: Floats = np.einsum("tk,tkc->tc", weights, shares[places[:, :neighbours]])
    return votes


def _tfidf_score(
    vectors: TfidfVectorizer, known: csr_matrix, shares: Floats, neighbours: int, power: int
) -> Score:
    def score(texts: Sequence[str]) -> Floats:
        return _votes(_nearest(vectors.transform(texts), known), shares, neighbours, power)

    return score


def _rapidfuzz_score(name: str, train: TitleData) -> Score:
    """A code's score is that of the closest title with it, times its share there."""

    def score(texts: Sequence[str]) -> Floats:
        scores = np.zeros((len(texts), train.shares.shape[1]), np.float32)
        for start in range(0, len(texts), 100):
            found = process.cdist(
                texts[start : start + 100], train.texts, scorer=SCORERS[name], dtype=np.uint8
            )
            top = np.argpartition(-found.astype(np.int16), 20, axis=1)[:, :20]
            for row, places in enumerate(top):
                near = found[row, places].astype(np.float32)[:, None]
                ranked = near + 0.5 * train.shares[places]  # of one title, the commonest first
                scores[start + row] = np.where(train.shares[places] > 0, ranked, 0).max(axis=0)
        return scores

    return score


def _top1(scores: Floats, titles: TitleData) -> float:
    first = scores.argmax(axis=1)
    return float(titles.accepted[np.arange(len(first)), first].mean())


def _best(name: str, made: dict[str, Score], tried: dict[str, float]) -> Baseline:
    chosen = max(tried, key=lambda one: tried[one])
    return Baseline(name, made[chosen], chosen, {key: round(v, 4) for key, v in tried.items()})


BASELINES = (nearest_by_tfidf, nearest_by_rapidfuzz, linear)
"""Each from training and held-out titles to a tuned baseline."""
