"""Train the language model that ships: a small Llama that reads careers as resumes (LABOR-LLM).

    python -m train.train_language_model train/settings/language_model.toml

Resumes of both cohorts, loss on titles only, known covariates hidden at random so that "unknown"
means averaged over. Stops early on valid, keeps the best epoch, resumes after a kill. `--test`
also measures on test, once, for a model to publish.
"""

from __future__ import annotations

import argparse
import math
import random
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from occu_core.careers import CareerHistory
from occu_core.data.career_table import Split
from occu_core.models.base import ModelKind
from occu_core.models.language_model import LanguageModel
from occu_core.models.storage import write_card
from occu_core.models.tokens import ResumeTokenizer
from occu_core.occupations import occ1990dd
from occu_core.templates import TextTemplate
from occu_core.titles import TitleTrie
from train.data import load_split
from train.optimisation import one_cycle, parameter_groups
from train.progress import Progress
from train.resume_batches import batches, continuations, hide, read
from train.saving import make_card, measure_headlines, scalars, settings_of, show
from train.settings import load_settings
from train.title_losses import answer_scores, off_title_nats, title_perplexity
from train.unseen_years import lend_unseen_years


@dataclass(frozen=True, slots=True)
class LanguageModelSettings:
    """What can vary from run to run."""

    tables: tuple[str, ...]
    """Career tables with a split column."""

    tokenizer: Path = Path("runs/tokenizer")
    """Folder that `train.train_tokenizer` wrote."""

    out: Path = Path("runs/language_model")
    """Folder for checkpoints, the log and the best model."""

    start: Path = Path()
    """Folder of a trained model to go on from; none starts from random weights."""

    off_title_weight: float = 0.0
    """How much more than by perplexity alone probability on texts that are no title costs."""

    layers: int = 4
    width: int = 192
    heads: int = 3
    feed_forward: int = 512
    """The Llama's shape."""

    dropout: float = 0.2
    """Share of each block's output set to zero in training."""

    hidden_share: float = 0.15
    """How often each covariate of a worker is hidden in training."""

    hidden_education: float = 0.1
    """How often education is hidden, half the time in three years of ten, else in all."""

    epochs: int = 8
    """Passes over the training workers, unless valid stops improving."""

    batch_tokens: int = 6000
    """Tokens a step, padding included."""

    learning_rate: float = 2.5e-3
    """Peak of the one-cycle schedule."""

    weight_decay: float = 0.1
    """Decoupled, on matrices only."""

    warm_up: float = 0.1
    """Share of the steps before the peak."""

    patience: int = 3
    """Epochs without a better valid score before stopping."""

    fast: bool = False
    """Compile the model and multiply in bfloat16 where the processor is quicker at it."""

    seed: int = 1
    """Fixes weights, order, dropout and what is hidden."""


def main(path: Path, *, test: bool = False) -> None:
    """Read, train epoch by epoch, keep the best, measure it."""
    settings = load_settings(LanguageModelSettings, path)

    # Data
    train, valid = (load_split(settings.tables, part) for part in (Split.TRAIN, Split.VALID))
    tokenizer = AutoTokenizer.from_pretrained(settings.tokenizer)
    reader = ResumeTokenizer(tokenizer, TextTemplate(), occ1990dd())
    trie = title_tree(reader)
    valid_batches = batches([read(reader, c) for c in valid], trie, settings.batch_tokens)

    # Model
    torch.manual_seed(settings.seed)
    model = build_model(settings, len(tokenizer), tokenizer.pad_token_id)
    if settings.start.name:
        model.load_state_dict(load_file(settings.start / "model.safetensors"), strict=False)
    optimiser = torch.optim.AdamW(
        parameter_groups(model, settings.weight_decay), lr=settings.learning_rate, betas=(0.9, 0.98)
    )
    progress = Progress.resume(settings.out, settings, model, optimiser)
    if settings.fast:
        model.model.compile(dynamic=True)
    parameters = sum(weight.numel() for weight in model.parameters())
    tokens = sum(len(read(reader, career).tokens) for career in train)
    print(f"{parameters:,} parameters; {len(train):,} workers, {tokens:,} tokens an epoch")
    print(f"{math.ceil(tokens / settings.batch_tokens)} steps an epoch, {settings.epochs} epochs")

    # Epochs
    folder = settings.out / "best"
    while progress.epoch < settings.epochs and progress.epochs_since_best < settings.patience:
        train_epoch(model, optimiser, reader, train, progress, settings)
        score = title_perplexity(model, valid_batches)
        if progress.finish_epoch(score, model, optimiser):
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
    print(f"best epoch {progress.best_epoch}, valid perplexity {progress.best:.4f}")

    # Card
    lend_unseen_years(folder, train)
    made = {f"start.{name}": value for name, value in settings_of(settings.start).items()}
    made |= scalars(settings)
    card = make_card(ModelKind.LANGUAGE_MODEL, "Language model", occ1990dd(), train, made)
    best = LanguageModel.load(folder, card, occ1990dd())
    metrics = measure_headlines(best, valid, Split.VALID)
    if test:
        metrics += measure_headlines(best, load_split(settings.tables, Split.TEST), Split.TEST)
    show(metrics)
    write_card(folder, replace(card, metrics=metrics))
    print(f"saved in {folder}")


def train_epoch(
    model: LlamaForCausalLM,
    optimiser: torch.optim.Optimizer,
    reader: ResumeTokenizer,
    careers: list[CareerHistory],
    progress: Progress,
    settings: LanguageModelSettings,
) -> None:
    """One pass over the training workers; everything random comes from the seed and the epoch."""
    rng = random.Random(f"{settings.seed}/{progress.epoch}")
    torch.manual_seed(settings.seed * 1_000 + progress.epoch)
    partly_known = [
        hide(career, settings.hidden_share, settings.hidden_education, rng) for career in careers
    ]
    resumes = [read(reader, career) for career in partly_known]
    epoch = batches(resumes, title_tree(reader), settings.batch_tokens, rng)
    allowed = continuations(title_tree(reader), model.config.vocab_size)
    model.train()
    for step, batch in enumerate(epoch, start=1):
        done = (progress.epoch + step / len(epoch)) / settings.epochs
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * one_cycle(done, settings.warm_up)
        with torch.autocast("cpu", torch.bfloat16, enabled=settings.fast):
            scores, labels, nodes = answer_scores(model, batch)
        loss = nn.functional.cross_entropy(scores.float(), labels, reduction="sum") / batch.titles
        if settings.off_title_weight:
            off_title = off_title_nats(scores.float(), allowed[nodes]).sum() / batch.titles
            loss = loss + settings.off_title_weight * off_title
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        progress.step(loss.item(), done, last=step == len(epoch))


def title_tree(reader: ResumeTokenizer) -> TitleTrie:
    """The one tree of titles, which the project's tokenizer has."""
    if reader.separable is None:
        raise SystemExit("the tokenizer merges across records; train one with train_tokenizer")
    return reader.separable


def build_model(settings: LanguageModelSettings, vocabulary: int, pad: int) -> LlamaForCausalLM:
    """A Llama of the settings' shape with random weights, and dropout, which Llama lacks."""
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=settings.width,
            intermediate_size=settings.feed_forward,
            num_hidden_layers=settings.layers,
            num_attention_heads=settings.heads,
            max_position_embeddings=2048,
            tie_word_embeddings=True,
            pad_token_id=pad,
            bos_token_id=None,
            eos_token_id=None,
        )
    )
    for layer in model.model.layers:
        for block in (layer.self_attn.o_proj, layer.mlp.down_proj):
            block.register_forward_hook(
                lambda block, _, out: nn.functional.dropout(out, settings.dropout, block.training)
            )
    return model


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, help="a TOML file; see train/settings/")
    parser.add_argument("--test", action="store_true", help="measure on test too")
    given = parser.parse_args()
    main(given.settings, test=given.test)
