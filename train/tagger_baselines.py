"""What the tagger has to beat: words counted or compared, learned from O*NET's text alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from rapidfuzz import fuzz, process
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from occu_core.occuquest.taxonomy import categories, occupations
from train.expert_questions import Part
from train.soc_categories import categories_of, read_onet, read_prefixes
from train.tagger_data import Example, experts, occupational_texts

Predict = Callable[[Sequence[str]], list[str]]


def nearest_centroid(examples: Sequence[Example]) -> Predict:
    """The category whose mean TF-IDF vector has the highest cosine with the text's."""
    words, vectors = _vectors(examples)
    centroids = np.stack(
        [
            np.asarray(vectors[[i for i, e in enumerate(examples) if c in e.accepted]].mean(0))[0]
            for c in categories()
        ]
    )
    centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)
    return lambda texts: [
        categories()[place] for place in (words.transform(texts) @ centroids.T).argmax(1)
    ]


def closest_title() -> Predict:
    """The first category of the name, title or alternate title that rapidfuzz finds closest."""
    prefixes = read_prefixes()
    titles = {one.name: one.categories[0] for one in occupations()}
    for row in read_onet("Alternate Titles.txt"):
        if kinds := categories_of(row["O*NET-SOC Code"], prefixes):
            titles.setdefault(row["Alternate Title"], kinds[0])
    names = list(titles)
    lowered = [name.casefold() for name in names]

    def predict(texts: Sequence[str]) -> list[str]:
        scores = process.cdist(
            [text.casefold() for text in texts], lowered, scorer=fuzz.token_sort_ratio
        )
        return [titles[names[place]] for place in scores.argmax(1)]

    return predict


def linear(examples: Sequence[Example]) -> Predict:
    """Logistic regression on TF-IDF; a text with several categories counts once for each."""
    words, vectors = _vectors(examples)
    rows = [(i, c) for i, e in enumerate(examples) for c in e.accepted if c in categories()]
    model = LogisticRegression(C=10, max_iter=300, class_weight="balanced")
    model.fit(vectors[[i for i, _ in rows]], [c for _, c in rows])
    return lambda texts: [str(found) for found in model.predict(words.transform(texts))]


def baselines() -> dict[str, Predict]:
    """By name: three that read O*NET alone, and the linear one with experts' questions as well."""
    onet = occupational_texts()
    return {
        "TF-IDF nearest centroid": nearest_centroid(onet),
        "rapidfuzz": closest_title(),
        "linear on O*NET text": linear(onet),
        "linear on O*NET text and experts' questions": linear([*onet, *experts(Part.TRAIN)]),
    }


def _vectors(examples: Sequence[Example]) -> tuple[TfidfVectorizer, csr_matrix]:
    words = TfidfVectorizer(sublinear_tf=True, min_df=2, stop_words="english")
    return words, words.fit_transform([example.text for example in examples])
