"""What training scripts are made of: batches, hidden covariates, schedules, checkpoints."""

import dataclasses
import random

import pytest
import torch

from occu_core.careers import CareerHistory, JobRecord, Sex
from occu_core.models.tokens import ResumeTokenizer
from occu_core.templates import TextTemplate
from occu_core.titles import NO_PARENT
from tests.careers_at_random import TOY
from tests.small_language_models import byte_level
from train.optimisation import one_cycle
from train.resume_batches import IGNORED, batches, hide, read
from train.settings import load_settings

CAREERS = [
    CareerHistory("a", (JobRecord(2000, TOY["1"]), JobRecord(2001, TOY["2"])), sex=Sex.MALE),
    CareerHistory("b", (JobRecord(1999, TOY["NW"]),), dataset="NLSY97"),
]


@dataclasses.dataclass(frozen=True)
class Tiny:
    learning_rate: float = 1e-5
    epochs: int = 3


@pytest.fixture(scope="module")
def reader():
    return ResumeTokenizer(byte_level(), TextTemplate(), TOY)


def test_labels_are_the_next_tokens_of_answers_and_nothing_else(reader):
    (batch,) = batches([read(reader, c) for c in CAREERS], reader.separable, 10_000)
    assert batch.titles == 3
    texts = []
    for row in range(2):
        asked = batch.labels[row] != IGNORED
        assert torch.equal(batch.labels[row][asked], torch.roll(batch.tokens[row], -1)[asked])
        texts.append(reader.tokenizer.decode(batch.labels[row][asked]))
    assert sorted(texts) == [" Cooks\n Cooks, head\n", " Not working\n"]


def test_each_label_goes_on_from_its_node_in_its_answer(reader):
    (batch,) = batches([read(reader, c) for c in CAREERS], reader.separable, 10_000)
    trie = reader.separable
    asked = batch.labels != IGNORED
    edges = set(zip(trie.parents, trie.tokens, strict=True))
    found = zip(batch.nodes[asked].tolist(), batch.labels[asked].tolist(), strict=True)
    assert set(found) <= edges
    starts = batch.nodes[asked] == NO_PARENT
    assert starts.sum() == batch.titles
    assert sorted(set(batch.answers[asked].tolist())) == list(range(batch.titles))


def test_a_batch_never_exceeds_its_tokens_and_no_worker_is_lost(reader):
    resumes = [read(reader, career) for career in CAREERS * 20]
    longest = max(len(resume.tokens) for resume in resumes)
    found = batches(resumes, reader.separable, longest * 3, random.Random(1))
    assert all(batch.tokens.numel() <= longest * 3 for batch in found)
    assert sum(batch.titles for batch in found) == 60


def test_covariates_are_hidden_all_or_not_at_all_at_the_extremes():
    rng = random.Random(1)
    assert hide(CAREERS[0], 0.0, 0.0, rng) == CAREERS[0]
    assert hide(CAREERS[1], 1.0, 0.0, rng).dataset is None


def test_the_learning_rate_climbs_in_a_line_and_falls_to_nothing():
    assert one_cycle(0.05, 0.1) == pytest.approx(0.5)
    assert one_cycle(0.1, 0.1) == pytest.approx(1.0)
    assert one_cycle(0.55, 0.1) == pytest.approx(0.5)
    assert one_cycle(1.0, 0.1) == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lerning_rate = 1.0", "unknown setting lerning_rate; Tiny has learning_rate, epochs"),
        ("epochs = 'three'", "epochs is 'three'; expected int"),
        ("epochs =", "is not TOML"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(tmp_path, text, message):
    file = tmp_path / "a.toml"
    file.write_text(text)
    with pytest.raises(SystemExit, match=message):
        load_settings(Tiny, file)
