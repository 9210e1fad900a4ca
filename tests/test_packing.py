"""Packed resumes score as they do alone, and titles are found in the tokens of any tokenizer."""

import random
from dataclasses import replace

import pytest
import torch

from occu_core.careers import Query
from occu_core.models.tokens import ResumeTokenizer
from occu_core.occupations import occ1990dd
from occu_core.templates import END, TextTemplate
from tests.careers_at_random import TOY
from tests.small_language_models import (
    ARCHITECTURES,
    TOKENIZERS,
    byte_level,
    language_model,
    long_career,
    merging,
    small_model,
)
from train.packing import can_pack, in_steps, label_nats, packs
from train.resume_batches import IGNORED
from train.resume_spans import ResumeReader

PACK = {"llama", "gpt2", "gpt_neox", "gemma2"}
CAREERS = [long_career(TOY, records) for records in (1, 4, 2, 7, 3)]


# Characters that belong to an answer besides its own: none where no token crosses.
MOST_AROUND = {"byte level": 0, "merging": 40, "sentencepiece-like": 4}


def written(reader, tokens):
    """What tokens spell, whatever the tokenizer's own decoder makes of spaces."""
    pieces = reader.tokens.tokenizer.convert_ids_to_tokens(tokens)
    return "".join(pieces).replace("▁", " ").replace("Ġ", " ").replace("Ċ", "\n")


def reader_of(tokenizer, taxonomy=TOY, *, to_end=False):
    return ResumeReader(
        ResumeTokenizer(tokenizer, TextTemplate(), taxonomy), taxonomy, to_end=to_end
    )


@pytest.fixture(scope="module")
def resumes():
    reader = reader_of(byte_level())
    return [reader.read(career) for career in CAREERS]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@torch.inference_mode()
def test_logits_in_a_pack_are_the_logits_alone_where_packing_is_allowed(architecture, resumes):
    model = small_model(architecture, len(byte_level()))
    assert can_pack(model) == (architecture in PACK)
    if architecture not in PACK:
        return
    (pack,) = packs(resumes, 100_000, on_all=False, packed=True)
    together = model(input_ids=pack.tokens, position_ids=pack.positions, use_cache=False).logits[0]
    alone = [model(input_ids=torch.tensor([resume.tokens])).logits[0] for resume in resumes]
    assert (together - torch.cat(alone)).abs().max() < 1e-3


@torch.inference_mode()
def test_another_workers_text_changes_nothing(resumes):
    model = small_model("llama", len(byte_level()))
    first = len(resumes[0].tokens)
    (pack,) = packs(resumes[:2], 100_000, on_all=False, packed=True)
    before = model(input_ids=pack.tokens, position_ids=pack.positions, use_cache=False).logits
    rewritten = pack.tokens.clone()
    rewritten[0, :first] = rewritten[0, :first].flip(0)
    after = model(input_ids=rewritten, position_ids=pack.positions, use_cache=False).logits
    assert not torch.allclose(before[0, :first], after[0, :first], atol=0.1)
    torch.testing.assert_close(before[0, first:], after[0, first:], atol=0, rtol=0)


@pytest.mark.parametrize("on_all", [False, True])
@pytest.mark.parametrize("architecture", ["llama", "bloom"])
@torch.inference_mode()
def test_the_loss_is_the_same_packed_padded_or_one_resume_at_a_time(architecture, on_all, resumes):
    model = small_model(architecture, len(byte_level()))
    expected = 0.0
    for resume in resumes:
        steps = model(input_ids=torch.tensor([resume.tokens])).logits[0].log_softmax(-1)
        spans = [(1, len(resume.tokens))] if on_all else resume.answers
        expected -= sum(steps[k - 1, resume.tokens[k]].item() for s in spans for k in range(*s))
    ways = [True, False] if architecture in PACK else [False]
    for packed in ways:
        found = packs(resumes, 900, on_all=on_all, packed=packed)
        assert len(found) > 1
        nats = sum(label_nats(model, pack).item() for pack in found)
        assert nats == pytest.approx(expected, rel=1e-5)


def test_packs_hold_every_resume_once_and_no_more_than_they_may(resumes):
    longest = max(len(resume.tokens) for resume in resumes)
    found = packs(resumes * 9, longest * 3, on_all=False, packed=True)
    assert sum(pack.titles for pack in found) == 9 * sum(len(c.records) for c in CAREERS)
    assert sum(pack.tokens.numel() for pack in found) == 9 * sum(len(r.tokens) for r in resumes)
    assert all(pack.tokens.numel() <= longest * 3 for pack in found)
    assert len(found) < 9 * len(resumes)
    steps = in_steps(found, 4, random.Random(1))
    assert [len(step) for step in steps[:-1]] == [4] * (len(steps) - 1)
    assert {id(pack) for step in steps for pack in step} == {id(pack) for pack in found}
    assert in_steps(found, 4, random.Random(1)) == steps


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_titles_are_found_by_their_characters(tokenizer):
    reader = reader_of(TOKENIZERS[tokenizer]())
    for career in CAREERS:
        resume = reader.by_characters(career)
        for record, (start, end) in zip(career.records, resume.answers, strict=True):
            text = written(reader, resume.tokens[start:end])
            answer = reader.tokens.template.completion(record.occupation)
            assert answer in text
            assert len(text) <= len(answer) + MOST_AROUND[tokenizer]


def test_characters_and_parts_agree_where_no_token_crosses():
    reader = reader_of(byte_level())
    assert reader.tokens.separable is not None
    for career in CAREERS:
        assert reader.by_characters(career) == reader.tokens.resume(career)


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("taxonomy", [TOY, occ1990dd()], ids=["toy", "all"])
def test_the_last_title_costs_what_exact_scoring_says(tokenizer, taxonomy):
    model = language_model(TOKENIZERS[tokenizer](), taxonomy)
    reader = ResumeReader(model.tokens, taxonomy, to_end=False)
    career = long_career(taxonomy, 4)
    last = career.records[-1]
    past = replace(career, records=career.records[:-1])
    found = model.predict(Query(past, last.year, last.education))
    expected = found.log_probs_raw[taxonomy.position(last.occupation.code)]
    resume = reader.read(career)
    only_last = replace(resume, answers=resume.answers[-1:])
    (pack,) = packs([only_last], 10_000, on_all=False, packed=True)
    with torch.inference_mode():
        assert -label_nats(model.scorer.model, pack).item() == pytest.approx(expected, abs=1e-3)


def test_merged_tokens_belong_to_the_answer_they_reach_into():
    reader = reader_of(merging(), occ1990dd())
    assert reader.tokens.separable is None
    resume = reader.read(long_career(occ1990dd(), 6))
    texts = [written(reader, resume.tokens[start:end]) for start, end in resume.answers]
    assert any(not text.startswith(" ") for text in texts)  # some of the cue
    assert any(not text.endswith("\n") for text in texts)  # some of the next year


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_a_resume_read_to_its_end_has_the_closing_mark(tokenizer):
    reader = reader_of(TOKENIZERS[tokenizer](), to_end=True)
    resume = reader.read(CAREERS[1])
    assert written(reader, resume.tokens).endswith(END)
    (pack,) = packs([resume], 10_000, on_all=True, packed=True)
    assert pack.labelled == len(resume.tokens) - 1
    assert pack.labels[0, -1] == IGNORED
