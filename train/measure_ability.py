"""Measure what a language model can do besides careers, with lm-evaluation-harness.

    python -m train.measure_ability language_model --tasks occupations_quiz
    python -m train.measure_ability runs/occullama/model --tasks mmlu gsm8k bbh --batch 16
    python -m train.measure_ability runs/occullama/model --tasks humaneval --allow-code

MODEL is a shipped or added model by name, a folder with a model or an adapter, or an id in the
Hugging Face cache. Tasks are the harness's own, fetched from the Hugging Face Hub, or those of
`--include`, such as assets/ability, which need no network. A GPU is used where there is one.
HumanEval runs code that the model wrote, with this user's rights: only in a container of its own.
Writes assets/reports/, which the Models page shows. `pip install "occuscope[ability]"` installs it.
"""

from __future__ import annotations

import argparse
import shlex
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from occu_core.answering.local_model import LocalModel
from occu_core.answering.prompting import PromptForm
from occu_core.answering.sources import SourceError, local_source
from occu_core.evaluation.ability import AbilityReport
from occu_core.evaluation.report_files import file_name, save_report
from occu_core.evaluation.report_numbers import share
from occu_core.models.model_files import CARD_FILE, ModelError, Quantised
from occu_core.models.storage import available_models, read_card
from train.ability_scores import ability_scores, cut_items
from train.ability_tasks import OWN_TASKS, AbilityError, Tasks, load_tasks

REPORTS = Path("assets/reports")


@dataclass(frozen=True, slots=True)
class AbilitySettings:
    """What to measure, and how."""

    model: str
    """A model by name, a folder, or an id in the Hugging Face cache."""

    tasks: tuple[str, ...]
    """Tasks or groups of the harness, by name."""

    include: tuple[Path, ...] = (OWN_TASKS,)
    """Folders with tasks of one's own."""

    title: str | None = None
    """What people read; the card's, or the last part of the name."""

    quantised: Quantised | None = None
    """Hold the weights in fewer bits."""

    shots: int | None = None
    """Solved examples before each item; each task's own number unless given."""

    limit: int | None = None
    """Only the first so many items of each task, to try it out."""

    batch: int = 8
    """Texts in one forward pass."""

    chat: bool = False
    """Put each item as a user's turn in the model's chat template."""

    allow_code: bool = False
    """Run code that the model wrote."""

    seed: int = 1234
    """Of the solved examples and everything drawn."""

    out: Path = REPORTS
    """Where the report is written."""

    @property
    def command(self) -> str:
        """What to run to get the same report."""
        given = [self.model, "--tasks", *self.tasks]
        for name in ("title", "quantised", "shots", "limit"):
            value = getattr(self, name)
            given += [] if value is None else [f"--{name}", str(value)]
        given += ["--include", *map(str, self.include)] if self.include != (OWN_TASKS,) else []
        given += ["--chat"] if self.chat else []
        given += ["--allow-code"] if self.allow_code else []
        return f"python -m train.measure_ability {shlex.join(given)} --seed {self.seed}"


def main(settings: AbilitySettings) -> Path:
    """Measure, write the report and print its scores; returns the report's path."""
    try:
        report = measure(settings)
    except (AbilityError, ModelError, SourceError) as error:
        raise SystemExit(str(error)) from None
    settings.out.mkdir(parents=True, exist_ok=True)
    path = settings.out / file_name(report)
    save_report(report, path)
    for score in report.scores:
        chance = "" if score.chance is None else f", guessing {score.chance:.0%}"
        print(f"{score.task} {score.measure}: {share(score.score)}, {score.items:,} items{chance}")
    print(f"Wrote {path}")
    return path


def measure(settings: AbilitySettings) -> AbilityReport:
    """Load the tasks, then the model, and ask it.

    Raises:
        AbilityError, ModelError, SourceError: before any item is asked, where that can be known.
    """
    place = str(available_models().get(settings.model, settings.model))
    title = settings.title or _title(place)
    source = local_source(title[:64], place, settings.quantised)
    tasks = load_tasks(settings.tasks, settings.include, allow_code=settings.allow_code)
    model = LocalModel.load(source)
    if settings.chat and model.form is not PromptForm.CHAT_TEMPLATE:
        raise AbilityError(f"{settings.model}: has no chat template; leave out --chat")
    results = ask(model, tasks, settings)
    scores = tuple(ability_scores(results, tasks.groups))
    if not scores:
        raise AbilityError(f"{', '.join(settings.tasks)}: no measure is a share from 0 to 1")
    return AbilityReport(
        model=settings.model,
        title=title,
        weights=settings.quantised or str(model.model.dtype).removeprefix("torch."),
        harness=f"lm-eval {metadata.version('lm_eval')}",
        chat=settings.chat,
        seed=settings.seed,
        command=settings.command,
        scores=scores,
    )


def ask(model: LocalModel, tasks: Tasks, settings: AbilitySettings) -> dict[str, Any]:
    """The harness's results, with every item's answers.

    Raises:
        AbilityError: if the model cannot be asked so.
    """
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM

    with model.model.base.held(model.model.adapter) as network:
        asked = HFLM(pretrained=network, tokenizer=model.tokenizer, batch_size=settings.batch)
        try:
            results: dict[str, Any] = simple_evaluate(
                asked,
                tasks=list(tasks.named),
                task_manager=tasks.manager,
                num_fewshot=settings.shots,
                limit=settings.limit,
                bootstrap_iters=1000,
                apply_chat_template=settings.chat,
                random_seed=settings.seed,
                numpy_random_seed=settings.seed,
                torch_random_seed=settings.seed,
                fewshot_random_seed=settings.seed,
                confirm_run_unsafe_code=settings.allow_code,
            )
        except (ValueError, AssertionError, RuntimeError) as error:
            raise AbilityError(f"{settings.model}: cannot be asked: {error}") from error
        length = lambda text: len(asked.tok_encode(text))  # noqa: E731
        if cut := cut_items(results["samples"], length, asked.max_length):
            print(
                f"Warning: {cut:,} items were longer than the {asked.max_length:,} tokens that the"
                " model reads, and lost their beginning"
            )
    return results


def _title(place: str) -> str:
    """What a model's card calls it, or the last part of its place that says something."""
    if (Path(place) / CARD_FILE).is_file():
        return read_card(Path(place)).title
    parts = Path(place).resolve().parts
    return parts[-2] if parts[-1] == "model" else parts[-1]


def _run() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", help="a model by name, a folder, or an id in the cache")
    parser.add_argument("--tasks", nargs="+", required=True, help="of the harness, by name")
    parser.add_argument("--include", type=Path, nargs="+", default=[OWN_TASKS], help="task folders")
    parser.add_argument("--title", help="what the Models page calls it")
    parser.add_argument("--quantised", type=Quantised, choices=list(Quantised))
    parser.add_argument("--shots", type=int, help="solved examples; each task's own unless given")
    parser.add_argument("--limit", type=int, help="only the first so many items of each task")
    parser.add_argument("--batch", type=int, default=8, help="texts in one forward pass")
    parser.add_argument("--chat", action="store_true", help="use the model's chat template")
    parser.add_argument("--allow-code", action="store_true", help="run code that the model wrote")
    parser.add_argument("--seed", type=int, default=1234)
    parser.add_argument("--out", type=Path, default=REPORTS, help="where the report is written")
    said = vars(parser.parse_args())
    said |= {"tasks": tuple(said["tasks"]), "include": tuple(said["include"])}
    main(AbilitySettings(**said))


if __name__ == "__main__":
    _run()
