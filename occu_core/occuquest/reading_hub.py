"""OccuQuest as its authors released it: six splits, in a folder or on the Hugging Face hub."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from occu_core.occuquest.reading_rows import DatasetError

REPOSITORY = "OFA-Sys/OccuQuest"
_READ = (".parquet", ".jsonl", ".json", ".jsonl.gz", ".json.gz")


class OccuQuestSplit(StrEnum):
    """The released splits (Xue et al. 2023): estate is the category that training never saw."""

    TRAIN = "train"
    DIALOG = "dialog"
    VALIDATION = "validation"
    TEST = "test"
    ESTATE = "estate"
    QUORA = "quora"


_NAMES = {
    OccuQuestSplit.TRAIN: ("train",),
    OccuQuestSplit.DIALOG: ("dialog", "dialogs", "dialogue", "dialogues"),
    OccuQuestSplit.VALIDATION: ("validation", "valid", "val", "dev"),
    OccuQuestSplit.TEST: ("test",),
    OccuQuestSplit.ESTATE: ("estate",),
    OccuQuestSplit.QUORA: ("quora",),
}


def split_files(names: Iterable[str]) -> dict[OccuQuestSplit, list[str]]:
    """The files of each split by the words of their names; `estate_test.jsonl` is estate's.

    >>> split_files(["data/train-00000-of-00001.parquet", "README.md"])
    {<OccuQuestSplit.TRAIN: 'train'>: ['data/train-00000-of-00001.parquet']}
    """
    found: dict[OccuQuestSplit, list[str]] = {}
    special_first = (OccuQuestSplit.ESTATE, OccuQuestSplit.QUORA, *OccuQuestSplit)
    for name in sorted(names):
        words = set(re.split(r"[^a-z]+", name.rpartition("/")[2].lower()))
        split = next((s for s in special_first if words & set(_NAMES[s])), None)
        if split and name.lower().endswith(_READ):
            found.setdefault(split, []).append(name)
    return found


def local_split(folder: Path, split: OccuQuestSplit) -> list[Path]:
    """A split's files in a folder and its subfolders.

    Raises:
        DatasetError: if there are none.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder}: there is no such folder")
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    return [folder / name for name in _chosen(split_files(names), split, str(folder))]


def download_split(split: OccuQuestSplit, repository: str = REPOSITORY) -> list[Path]:
    """A split's files from the hub, kept in its own cache so that they are fetched once.

    Raises:
        DatasetError: if the hub cannot be reached or has no such dataset or split.
    """
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    try:
        names = HfApi().list_repo_files(repository, repo_type="dataset")
        chosen = _chosen(split_files(names), split, repository)
        return [Path(hf_hub_download(repository, name, repo_type="dataset")) for name in chosen]
    except (OSError, HfHubHTTPError, LocalEntryNotFoundError) as error:
        why = str(error).partition("\n")[0][:200]
        raise DatasetError(
            f"{repository}: cannot be read from the hub: {why}; download it where there is a"
            " network and give the folder instead"
        ) from None


def _chosen(found: dict[OccuQuestSplit, list[str]], split: OccuQuestSplit, where: str) -> list[str]:
    if split not in found:
        there = ", ".join(found) or "none"
        raise DatasetError(f"{where}: has no file of split {split.value}; splits found: {there}")
    return found[split]
