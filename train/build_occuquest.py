"""Build an instruction data set over every occupation of the taxonomy.

    python -m train.build_occuquest train/settings/occuquest.toml
    python -m train.build_occuquest train/settings/occuquest.toml --set per_category=2 --estimate

Prints what it will take before the first call: about 45,000 calls and 19 million tokens for all
1,050 occupations at the sizes below. Interrupted or capped, the same command goes on and pays for
nothing twice. Writes items, splits, quarantine and manifest to `out`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from occu_core.cli_generate import estimate_text, manifest_text, run
from occu_core.endpoints import Endpoint
from occu_core.occuquest.generation.estimate import estimate
from occu_core.occuquest.generation.plan import Plan, Sizes
from occu_core.occuquest.generation.subjects import read_subjects, subjects_of
from train.settings import load_settings


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """Whom to ask, what to make, and for how much at most."""

    base_url: str
    """An OpenAI-compatible address, ending in /v1."""

    model: str
    """The model's name there."""

    out: Path
    """A new folder, or one of the same run."""

    cap: float
    """The most dollars to spend in that folder, over all runs."""

    price_in: float
    """Dollars for a million tokens read; 0 for a server of one's own."""

    price_out: float
    """Dollars for a million tokens written."""

    api_key_variable: str = ""
    """The environment variable that holds the key; empty where none is needed."""

    occupations: str = ""
    """A CSV file with the columns occupation, category; empty for the taxonomy that ships."""

    categories: tuple[str, ...] = ()
    """Only these categories of the taxonomy; all of them if empty."""

    per_category: int = 0
    """At most so many occupations of each category; 0 for all."""

    hold_out: str = ""
    """A category kept out of training, validation and test; empty for none."""

    responsibilities: int = 4
    """Of each occupation."""

    topics: int = 3
    """Of each responsibility."""

    questions: int = 2
    """On each topic."""

    dialogues: int = 2
    """Of each occupation."""

    turns: int = 3
    """Of each side in a dialogue."""

    temperature: float = 0.8
    """Of the model."""

    max_tokens: int = 2048
    """The most a reply may have."""

    seed: int = 0
    """Of the splits, and sent to the server."""

    concurrency: int = 32
    """Calls at a time."""

    def plan(self) -> Plan:
        """What to make."""
        hold_out = self.hold_out or None
        subjects = (
            read_subjects(Path(self.occupations))
            if self.occupations
            else subjects_of(self.categories, self.per_category or None, hold_out)
        )
        sizes = Sizes(
            self.responsibilities, self.topics, self.questions, self.dialogues, self.turns
        )
        return Plan(subjects, sizes, hold_out, self.seed)

    def endpoint(self) -> Endpoint:
        """Whom to ask."""
        return Endpoint(
            self.base_url,
            self.model,
            self.api_key_variable or None,
            self.temperature,
            self.max_tokens,
            self.seed,
            self.price_in,
            self.price_out,
            self.concurrency,
        )


def main(settings: BuildSettings, *, only_estimate: bool) -> None:
    """Say what it takes, then build."""
    try:
        plan, endpoint = settings.plan(), settings.endpoint()
        print(f"{len(plan.subjects):,} occupations in {len(plan.categories)} categories")
        print(estimate_text(estimate(plan, endpoint)), flush=True)
        if not only_estimate:
            manifest = run(plan, endpoint, settings.out, settings.cap)
            print(manifest_text(manifest, settings.out))
    except (ValueError, OSError) as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, help="a TOML file of BuildSettings")
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", help="in its place")
    parser.add_argument("--estimate", action="store_true", help="say what it takes and stop")
    given = parser.parse_args()
    main(load_settings(BuildSettings, given.settings, given.set), only_estimate=given.estimate)
