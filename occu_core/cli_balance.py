"""`occu balance`: how evenly datasets are spread over occupations, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from occu_core.cli_output import json_text, refusals
from occu_core.occuquest.balance_standard import Reference
from occu_core.occuquest.reading_layouts import Layout

if TYPE_CHECKING:
    from occu_core.occuquest.balance import Balance, Estimate, Spread
    from occu_core.occuquest.balance_counts import Counts

_NAME = 26


def balance_command(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…",
            help="Datasets: JSON lines, JSON, CSV or parquet, gzipped or not. FOLDER:SPLIT is a"
            " split of OccuQuest in a folder, occuquest:SPLIT the same from the hub.",
        ),
    ],
    *,
    reference: Annotated[
        Reference, typer.Option(help="What the divergence (kl) is from.")
    ] = Reference.CATEGORIES,
    layout: Annotated[
        Layout | None,
        typer.Option("--format", help="How rows are laid out.", show_default="recognised"),
    ] = None,
    at: Annotated[
        int | None,
        typer.Option(
            min=1, help="Sample size of the coverage.", show_default="items of the smallest"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print how evenly datasets are spread over the 26 categories and their occupations.

    Items are counted by tag_category, or category; those with neither are tagged by the shipped
    classifier. All intervals are 95%.
    """
    with refusals():
        found = _measured(files, reference, layout, at)
    if as_json:
        from occu_core.occuquest.balance_files import balance_json

        typer.echo(json_text({one.name: balance_json(one) for one in found}))
        return
    typer.echo(_text(found))


def _measured(
    files: list[str], reference: Reference, layout: Layout | None, at: int | None
) -> tuple[Balance, ...]:
    from occu_core.occuquest.balance import Weighing, measure_all
    from occu_core.occuquest.balance_counts import Counting, Counts, tag_offline
    from occu_core.occuquest.balance_standard import standard

    counting = Counting(standard(), tag_offline, layout)
    counted = {}
    for file in dict.fromkeys(files):
        counts = Counts()
        for path in _paths(file):
            counting.file(path, into=counts)
        counted[_name(file, files)] = counts
        _say_what_is_missing(file, counts)
    return measure_all(counted, Weighing(standard(), reference), at)


def _paths(file: str) -> list[Path]:
    """One file, or those of a split of OccuQuest."""
    from occu_core.occuquest.reading_hub import OccuQuestSplit, download_split, local_split

    place, _, split = file.rpartition(":")
    if split not in set(OccuQuestSplit) or not (place == "occuquest" or Path(place).is_dir()):
        return [Path(file)]
    if place == "occuquest":
        return download_split(OccuQuestSplit(split))
    return local_split(Path(place), OccuQuestSplit(split))


def _name(file: str, files: list[str]) -> str:
    """The file's name, or its path where two files have the same name."""
    names = [Path(other).name for other in dict.fromkeys(files)]
    return file if names.count(Path(file).name) > 1 else Path(file).name


def _say_what_is_missing(file: str, counts: Counts) -> None:
    for line in counts.aside.lines():
        typer.echo(f"note: {file} {line}", err=True)
    if counts.aside.count:
        typer.echo(f"note: {file}: {counts.aside.count:,} rows are left out", err=True)


def _text(found: tuple[Balance, ...]) -> str:
    """A column for each dataset: the measures, then every category's share."""
    rows: list[tuple[str, ...]] = [("", *(_shortened(one.name) for one in found))]
    rows.append(("items", *(f"{one.items:,}" for one in found)))
    reference = found[0].reference.value
    for name, title in (
        ("entropy", "entropy, normalised"),
        ("effective_categories", "effective categories"),
        ("gini", "gini"),
        ("kl", f"kl to {reference}"),
    ):
        rows.append((title, *(_number(one.spread, name) for one in found)))
    at = found[0].coverage_at
    rows.append((f"coverage at {at:,} items", *(_share(one.coverage) for one in found)))
    rows.append(("no occupation", *(_share(one.no_occupation) for one in found)))
    rows.append(("",))
    rows += [
        (category, *(_share(one.categories[category].share) for one in found))
        for category in found[0].categories
    ]
    width = max(len(row[0]) for row in rows) + 2
    return "\n".join(
        (row[0].ljust(width) + "  ".join(cell.ljust(_NAME) for cell in row[1:])).rstrip()
        for row in rows
    )


def _shortened(name: str) -> str:
    return name if len(name) <= _NAME else "…" + name[1 - _NAME :]


def _number(spread: Spread | None, name: str) -> str:
    estimate: Estimate | None = getattr(spread, name) if spread else None
    if estimate is None:
        return "–"
    return f"{estimate.value:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def _share(estimate: Estimate) -> str:
    return f"{estimate.value:.1%} ({estimate.low:.1%} to {estimate.high:.1%})"
