"""Train the language model's tokenizer on occupational text and ordinary words.

    python -m train.train_tokenizer train/settings/tokenizer.toml

Byte-level BPE, so nothing is unknown. The template's fixed sentences, each education level and
each year are one token; titles are spelled in word pieces, so that the model reads words.
Takes half a minute.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from occu_core.careers import (
    EARLIEST_YEAR,
    LATEST_YEAR,
    CareerHistory,
    Education,
    RaceEthnicity,
    Region,
    Sex,
)
from occu_core.occupations import occ1990dd
from occu_core.templates import END, TextTemplate
from train.settings import load_settings

MOST_SINGLE_TOKEN_TITLES = 0.05


@dataclass(frozen=True, slots=True)
class TokenizerSettings:
    """What can vary from run to run."""

    occupational_text: Path = Path("../shared/data/occupations")
    """Folder with O*NET and the alphabetical index; only word-piece statistics are kept."""

    out: Path = Path("runs/tokenizer")
    """Folder the tokenizer is saved in."""

    vocabulary: int = 2000
    """Word pieces learned, bytes included, fixed phrases not."""

    title_repeats: int = 2000
    """How often each title of the taxonomy is read beside the rest of the text."""


def main(path: Path) -> None:
    """Train, add the fixed phrases, check that titles are read as words, save."""
    settings = load_settings(TokenizerSettings, path)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=settings.vocabulary,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<pad>", END],
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus(settings), trainer)
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in fixed_phrases()])

    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token=END, model_max_length=4096
    )
    titles = [f" {occupation.title}" for occupation in occ1990dd()]
    lengths = [len(ids) for ids in fast(titles)["input_ids"]]
    single = lengths.count(1) / len(lengths)
    print(f"{len(fast)} tokens; a title has {sum(lengths) / len(lengths):.1f} on average, ", end="")
    print(f"{max(lengths)} at most; {single:.1%} of titles are one token")
    if single > MOST_SINGLE_TOKEN_TITLES:
        raise SystemExit("too many titles are one token: make the vocabulary smaller")
    fast.save_pretrained(settings.out)
    print(f"saved in {settings.out}")


def corpus(settings: TokenizerSettings) -> Iterator[str]:
    """Occupational text, and the taxonomy's own titles."""
    onet = settings.occupational_text / "onet"
    for name, column in (("Task Statements.txt", "Task"), ("Occupation Data.txt", "Description")):
        with (onet / name).open(encoding="utf-8", newline="") as file:
            yield from (row[column] for row in csv.DictReader(file, delimiter="\t"))
    index = settings.occupational_text / "job_titles.csv.gz"
    with gzip.open(index, "rt", encoding="utf-8", newline="") as table:
        yield from (f" {row['title']}" for row in csv.DictReader(table))
    for occupation in occ1990dd():
        yield from [f" {occupation.title}\n"] * settings.title_repeats


def fixed_phrases() -> list[str]:
    """What the template writes again and again: sentences, years, education and covariates."""
    template = TextTemplate()
    first, history, born, introduction = template.header(CareerHistory("")).splitlines()
    dated = template.header(CareerHistory("", birth_year=1950)).splitlines()[2]
    return [
        history.removesuffix(" US worker."),
        " US worker",
        " residing in the",
        " region",
        " dataset>",
        born,
        dated.removesuffix("1950."),
        introduction,
        first.partition(" a survey")[0],
        *(f" {label}" for kind in (Sex, RaceEthnicity, Region) for label in kind),
        *(template.cue(1950, level).removeprefix("1950") for level in (*Education, None)),
        *(str(year) for year in range(EARLIEST_YEAR, LATEST_YEAR + 1)),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, help="a TOML file; see train/settings/")
    main(parser.parse_args().settings)
