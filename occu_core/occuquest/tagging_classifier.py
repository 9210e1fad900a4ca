"""The tagger that ships: a small encoder on this machine, its probabilities calibrated."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from occu_core.assets import asset_path
from occu_core.occuquest.tagging import NO_OCCUPATION, Tag, TaggerError
from occu_core.occuquest.tagging_network import NetworkShape, TaggerNetwork, load_network
from occu_core.occuquest.taxonomy import categories, occupations

MOST_CHARACTERS = 2_000
"""Only the beginning of a longer text is read: what is asked for stands there."""
_BATCH = 64

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class ClassifierTagger:
    """A network, its words, and what was chosen on held-out texts.

    Attributes:
        none_bias: added to the logit of no occupation.
        temperature: divides the logits, so that probabilities are what they say.
        classes: the 26 categories, then no occupation.
        names: the occupations that `vectors` stand for, shape (occupations, hidden).
        allowed: whether an occupation is in a category, shape (categories, occupations).
    """

    network: TaggerNetwork
    tokenizer: Tokenizer
    none_bias: float
    temperature: float
    classes: tuple[str, ...]
    names: tuple[str, ...]
    vectors: Floats
    allowed: npt.NDArray[np.bool_]

    def tag(self, texts: Sequence[str]) -> list[Tag]:
        """One tag for each text, in order; a text without a letter or digit has no occupation."""
        shares, nearness = self.read(texts)
        return [self._tag(share, near) for share, near in zip(shares, nearness, strict=True)]

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """The calibrated probability of each class; shape (texts, classes)."""
        return self.read(texts)[0]

    def read(self, texts: Sequence[str]) -> tuple[Floats, Floats]:
        """Class probabilities, and the cosine with each occupation; shapes (texts, ·)."""
        logits = np.zeros((len(texts), len(self.classes)), np.float32)
        nearness = np.zeros((len(texts), len(self.names)), np.float32)
        order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
        for start in range(0, len(order), _BATCH):
            places = order[start : start + _BATCH]
            found, meanings = self._run([texts[place] for place in places])
            logits[places], nearness[places] = found, meanings @ self.vectors.T
        logits[:, -1] += self.none_bias
        empty = [place for place, text in enumerate(texts) if not _has_words(text)]
        logits[empty, -1] = logits[empty].max(1) + 100 if empty else 0
        return _softmax(logits / self.temperature), nearness

    def _run(self, texts: list[str]) -> tuple[Floats, Floats]:
        encoded = self.tokenizer.encode_batch([text[:MOST_CHARACTERS] for text in texts])
        tokens = torch.tensor([one.ids for one in encoded])
        mask = torch.tensor([one.attention_mask for one in encoded])
        with torch.inference_mode():
            logits, meanings = self.network(tokens, mask)
        return logits.numpy(), meanings.numpy()

    def _tag(self, shares: Floats, nearness: Floats) -> Tag:
        place = int(shares.argmax())
        confidence = min(1.0, float(shares[place]))
        if self.classes[place] == NO_OCCUPATION:
            return Tag(None, None, confidence)
        fitting = np.where(self.allowed[place], nearness, -np.inf)
        return Tag(self.classes[place], self.names[int(fitting.argmax())], confidence)


def load_classifier(folder: Path | None = None) -> ClassifierTagger:
    """Load the shipped tagger, or one of the same layout.

    Raises:
        TaggerError: naming the file that is missing or damaged.
    """
    folder = folder or asset_path("occuquest", "tagger")
    try:
        settings = json.loads((folder / "tagger.json").read_text(encoding="utf-8"))
        shape = NetworkShape(**settings["shape"])
        network, vectors = load_network(folder / "model.safetensors", shape)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        classes, names = tuple(settings["classes"]), tuple(settings["occupations"])
        most_tokens = int(settings["most_tokens"])
        none_bias, temperature = float(settings["none_bias"]), float(settings["temperature"])
    except FileNotFoundError as error:
        raise TaggerError(f"{error.filename}: is missing; a tagger needs it") from None
    except Exception as error:  # tokenizers raises bare Exception, safetensors its own
        raise TaggerError(f"{folder}: is no tagger that can be loaded: {error}") from None
    if classes != (*categories(), NO_OCCUPATION) or len(names) != len(vectors):
        raise TaggerError(f"{folder}: was taught other categories or occupations than there are")
    tokenizer.enable_truncation(most_tokens)
    tokenizer.enable_padding()
    return ClassifierTagger(
        network, tokenizer, none_bias, temperature, classes, names, vectors, _allowed(names)
    )


def _allowed(names: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Raises TaggerError where a name is not in the taxonomy."""
    known = {one.name: one.categories for one in occupations()}
    if unknown := [name for name in names if name not in known]:
        raise TaggerError(f"the tagger knows {unknown[0]!r}, which is no occupation of OccuQuest")
    return np.array([[category in known[name] for name in names] for category in categories()])


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text[:MOST_CHARACTERS])


def _softmax(logits: Floats) -> Floats:
    shares = np.exp(logits - logits.max(1, keepdims=True))
    normal: Floats = shares / shares.sum(1, keepdims=True)
    return normal
