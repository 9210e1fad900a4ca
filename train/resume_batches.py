"""Resumes as padded batches, with some covariates hidden."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import torch

from occu_core.careers import CareerHistory
from occu_core.models.tokens import ResumeTokenizer, ResumeTokens
from occu_core.titles import NO_PARENT, TitleTrie

IGNORED = -100
_COVARIATES = ("dataset", "birth_year", "sex", "race_ethnicity", "region")


@dataclass(frozen=True, slots=True)
class Batch:
    """Right-padded resumes; labels are the next token inside answers, elsewhere ignored.

    Both have shape (workers, tokens). Padding stands after everything a worker's answers can see,
    so no attention mask is needed. `nodes` is, for each label, how far its title has been written:
    the node of the title tree above it, and `answers` which title it is, counted through the
    batch; both of the same shape. `titles` counts the answers. `members` are the places of the
    workers among the resumes that were batched.
    """

    tokens: torch.Tensor
    labels: torch.Tensor
    nodes: torch.Tensor
    answers: torch.Tensor
    titles: int
    members: tuple[int, ...]


def read(reader: ResumeTokenizer, career: CareerHistory) -> ResumeTokens:
    """A career in tokens, with the spans of its titles."""
    resume = reader.resume(career)
    if resume is None:
        raise SystemExit("the tokenizer merges across records; train one with train_tokenizer")
    return resume


def hide(
    career: CareerHistory, share: float, share_education: float, rng: random.Random
) -> CareerHistory:
    """A worker of whom less is known: covariates one by one, education in some years or all."""
    hidden = {name: None for name in _COVARIATES if rng.random() < share}
    records = career.records
    if rng.random() < share_education:
        years = rng.choice((0.3, 1.0))
        records = tuple(
            replace(record, education=None) if rng.random() < years else record
            for record in records
        )
    return replace(career, records=records, **hidden)  # type: ignore[arg-type]


def batches(
    resumes: list[ResumeTokens],
    trie: TitleTrie,
    batch_tokens: int,
    rng: random.Random | None = None,
) -> list[Batch]:
    """Resumes of like length together, at most `batch_tokens` a batch; shuffled with `rng`."""
    lengths = [len(r.tokens) * (1 + (0.05 * rng.random() if rng else 0.0)) for r in resumes]
    order = sorted(range(len(resumes)), key=lengths.__getitem__)
    groups: list[list[int]] = [[]]
    widest = 0
    for i in order:
        widest = max(widest, len(resumes[i].tokens))
        if groups[-1] and widest * (len(groups[-1]) + 1) > batch_tokens:
            groups.append([])
            widest = len(resumes[i].tokens)
        groups[-1].append(i)
    if rng:
        rng.shuffle(groups)
    children = {(p, token): node for node, (p, token) in enumerate(_edges(trie))}
    return [_pad(resumes, tuple(group), children) for group in groups]


def _edges(trie: TitleTrie) -> list[tuple[int, int]]:
    return list(zip(trie.parents, trie.tokens, strict=True))


def _pad(
    resumes: list[ResumeTokens], members: tuple[int, ...], children: dict[tuple[int, int], int]
) -> Batch:
    shape = len(members), max(len(resumes[i].tokens) for i in members)
    tokens, labels = torch.zeros(shape, dtype=torch.long), torch.full(shape, IGNORED)
    nodes, answers = torch.full(shape, NO_PARENT), torch.full(shape, IGNORED)
    titles = 0
    for row, resume in enumerate(resumes[i] for i in members):
        tokens[row, : len(resume.tokens)] = torch.tensor(resume.tokens)
        for start, end in resume.answers:
            labels[row, start - 1 : end - 1] = torch.tensor(resume.tokens[start:end])
            answers[row, start - 1 : end - 1] = titles
            titles += 1
            node = NO_PARENT
            for place in range(start, end):
                nodes[row, place - 1] = node
                node = children[node, resume.tokens[place]]
    return Batch(tokens, labels, nodes, answers, titles, members)
