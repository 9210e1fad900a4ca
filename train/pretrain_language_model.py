"""Train a foundation of our own: a small Llama that has read about occupations, and no careers.

    python -m train.pretrain_language_model train/settings/pretrained.toml

Reads O*NET's occupations, tasks and related occupations and the census index of job titles, and,
where `tables` names some, resumes of another population. Loss on every token. What comes out is
"off the shelf": `start` of train_language_model, or `--base` of finetune_language_model.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from transformers import AutoTokenizer, LlamaForCausalLM, PreTrainedTokenizerBase

from occu_core.data.career_table import Split
from occu_core.models.base import ModelKind
from occu_core.models.storage import write_card
from occu_core.occupations import occ1990dd
from occu_core.templates import TextTemplate
from train.checkpoints import written_settings
from train.data import load_split
from train.llama import LlamaShape, build_llama
from train.loop import BEST, LoopSettings, Work, run
from train.occupational_text import documents
from train.optimisation import parameter_groups
from train.processes import Processes
from train.saving import make_card, scalars
from train.settings import load_settings


@dataclass(frozen=True, slots=True)
class PretrainSettings:
    """What can vary from run to run."""

    occupational_text: Path = Path("../shared/data/occupations")
    """Folder with O*NET and the alphabetical index; weights alone are kept."""

    tables: tuple[str, ...] = ()
    """Career tables of another population, read as resumes; none is allowed."""

    tokenizer: Path = Path("runs/tokenizer")
    """Folder that `train.train_tokenizer` wrote."""

    out: Path = Path("runs/pretrained")
    """Folder for checkpoints, the log and the best model."""

    layers: int = 4
    width: int = 192
    heads: int = 3
    feed_forward: int = 512
    """The Llama's shape."""

    dropout: float = 0.05
    """Share of each block's output set to zero in training."""

    held_out: float = 0.02
    """Share of the documents that the best epoch is chosen on."""

    epochs: int = 4
    """Passes over the text, unless the held-out part stops improving."""

    row_tokens: int = 3072
    """Tokens in a row, as many as a prompt that lists every title; documents follow one another."""

    batch_rows: int = 2
    """Rows a step."""

    learning_rate: float = 2e-3
    """Peak of the one-cycle schedule."""

    weight_decay: float = 0.1
    """Decoupled, on matrices only."""

    warm_up: float = 0.1
    """Share of the steps before the peak."""

    fast: bool = False
    """Compile the model and multiply in bfloat16 where the processor is quicker at it."""

    seed: int = 1
    """Fixes weights, order, dropout and what is held out."""

    @property
    def shape(self) -> LlamaShape:
        """The network's."""
        return LlamaShape(self.layers, self.width, self.heads, self.feed_forward, self.dropout)

    @property
    def loop(self) -> LoopSettings:
        """How the run goes."""
        return LoopSettings(
            *(self.out, written_settings(self), self.epochs, 1),
            *(self.learning_rate, self.warm_up, self.seed),
        )


def main(path: Path, changes: Sequence[str] = ()) -> None:
    """Train, and write the card of a model that has seen no career of the surveys it is for."""
    settings = load_settings(PretrainSettings, path, changes)
    folder = fit(settings)
    careers = load_split(settings.tables, Split.TRAIN) if settings.tables else []
    card = make_card(
        *(ModelKind.LANGUAGE_MODEL, "Off the shelf", occ1990dd(), careers, scalars(settings)),
        name=settings.out.name,
    )
    write_card(folder, card)
    print(f"saved in {folder}")


def fit(settings: PretrainSettings) -> Path:
    """Train from the start or from where a killed run stood; the folder of the best epoch."""
    # Text
    tokenizer = AutoTokenizer.from_pretrained(settings.tokenizer)
    texts = [*documents(settings.occupational_text, occ1990dd()), *_resumes(settings)]
    held = [random.Random(f"{settings.seed}/{text}").random() < settings.held_out for text in texts]
    train = [text for text, out in zip(texts, held, strict=True) if not out]
    valid = [text for text, out in zip(texts, held, strict=True) if out]
    valid_rows = torch.split(in_rows(tokenizer, valid, settings.row_tokens), settings.batch_rows)

    # Model
    torch.manual_seed(settings.seed)
    model = build_llama(settings.shape, len(tokenizer), tokenizer.pad_token_id, Path())
    optimiser = torch.optim.AdamW(
        parameter_groups(model, settings.weight_decay), lr=settings.learning_rate, betas=(0.9, 0.98)
    )
    if settings.fast:
        model.model.compile(dynamic=True)

    def steps(epoch: int) -> list[list[torch.Tensor]]:
        order = random.Random(f"{settings.seed}/{epoch}").sample(train, len(train))
        rows = in_rows(tokenizer, order, settings.row_tokens)
        return [[batch] for batch in torch.split(rows, settings.batch_rows)]

    first = steps(0)
    tokens = sum(batch.numel() for (batch,) in first)
    print(f"{sum(w.numel() for w in model.parameters()):,} parameters; {len(train):,} documents,")
    print(f"{tokens:,} tokens in {len(first)} steps an epoch, {settings.epochs} epochs", flush=True)

    # Epochs
    def save(folder: Path) -> None:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)

    work = Work(
        model=model,
        optimiser=optimiser,
        steps=steps,
        loss=lambda rows: text_nats(model, rows, fast=settings.fast),
        weight=lambda rows: float(rows.numel() - len(rows)),
        score=lambda: token_perplexity(model, valid_rows),
        save=save,
    )
    position = run(work, settings.loop, Processes.join())
    print(f"best epoch {position.best_epoch}, held-out perplexity by token {position.best:.3f}")
    return settings.out / BEST


def in_rows(
    tokenizer: PreTrainedTokenizerBase, texts: Sequence[str], row_tokens: int
) -> torch.Tensor:
    """All texts one after another, cut into rows; the last, incomplete one is left out.

    Shape (rows, tokens).
    """
    found = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
    joined = torch.tensor([token for tokens in found for token in tokens])
    whole = len(joined) // row_tokens
    return joined[: whole * row_tokens].view(whole, row_tokens)


def text_nats(model: LlamaForCausalLM, rows: torch.Tensor, *, fast: bool = False) -> torch.Tensor:
    """Nats of every token but a row's first; shape ()."""
    with torch.autocast("cpu", torch.bfloat16, enabled=fast):
        scores = model.lm_head(model.model(rows, use_cache=False).last_hidden_state[:, :-1])
    return nn.functional.cross_entropy(
        scores.float().flatten(0, 1), rows[:, 1:].flatten(), reduction="sum"
    )


@torch.inference_mode()
def token_perplexity(model: LlamaForCausalLM, batches: Sequence[torch.Tensor]) -> float:
    """Perplexity by token, as language modelling counts it."""
    nats = sum(text_nats(model, rows).item() for rows in batches)
    return math.exp(nats / sum(rows.numel() - len(rows) for rows in batches))


def _resumes(settings: PretrainSettings) -> list[str]:
    careers = load_split(settings.tables, Split.TRAIN) if settings.tables else []
    return [TextTemplate().resume(career) for career in careers]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, help="a TOML file; see train/settings/")
    parser.add_argument("--set", nargs="+", default=[], help="name=value in place of the file's")
    given = parser.parse_args()
    main(given.settings, given.set)
