"""Years that training never saw, lent the meaning of the nearest one that it did."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from transformers import AutoModelForCausalLM, AutoTokenizer

from occu_core.careers import EARLIEST_YEAR, LATEST_YEAR, CareerHistory


def lend_unseen_years(folder: Path, careers: Iterable[CareerHistory]) -> None:
    """Give the token of each unseen year the input weights of the nearest seen one.

    A year is one token of the project's tokenizer, and the token of a year outside the data still
    has its random first weights.
    """
    model = AutoModelForCausalLM.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    seen = seen_years(careers)
    weights = model.get_input_embeddings().weight.data
    for year in set(range(EARLIEST_YEAR, LATEST_YEAR + 1)) - seen:
        nearest = min(seen, key=lambda known: (abs(known - year), known))
        weights[_token(tokenizer, year)] = weights[_token(tokenizer, nearest)]
    model.save_pretrained(folder)


def seen_years(careers: Iterable[CareerHistory]) -> set[int]:
    """Every year that a resume names: of a record, or of a birth."""
    years: set[int] = set()
    for career in careers:
        years.update(record.year for record in career.records)
        if career.birth_year is not None:
            years.add(career.birth_year)
    return years


def _token(tokenizer: AutoTokenizer, year: int) -> int:
    return int(tokenizer.convert_tokens_to_ids(str(year)))
