"""What a run finds out before it tunes and writes down after: losses, weights, card."""

from __future__ import annotations

import copy
import json
from collections import Counter
from dataclasses import asdict, dataclass
from importlib.metadata import version

from peft import PeftModel
from transformers import PreTrainedModel

from train.checkpoints import replace_folder, written_settings
from train.instruction_card import RunFacts
from train.instruction_checks import Begun
from train.instruction_examples import Lessons
from train.instruction_losses import CategoryLoss, losses_by_category
from train.instruction_settings import InstructionSettings
from train.processes import Processes
from train.tuning import Tunable, Tuning, narrow, save_tuned

MODEL = "model"
_RUN = "run.json"


@dataclass(frozen=True, slots=True)
class Found:
    """All that was found out before the run itself.

    Attributes:
        begun: the base.
        lessons: what is learned from and measured.
        end: the token that ends an answer.
        packed: whether items stand side by side.
        before: losses of the base.
    """

    begun: Begun
    lessons: Lessons
    end: int
    packed: bool
    before: tuple[CategoryLoss, ...]


def losses_before(
    settings: InstructionSettings,
    lessons: Lessons,
    model: Tunable,
    processes: Processes,
    *,
    packed: bool,
) -> tuple[CategoryLoss, ...]:
    """The base's losses, measured once and kept for a run that goes on.

    Raises:
        SystemExit: if the folder holds a run with other settings or data.
    """
    kept = settings.out / _RUN
    asked = {"settings": json.loads(written_settings(settings)), "data": lessons.digest}
    run = json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else None
    processes.wait()  # nobody writes before everybody has read
    if run is not None:
        if any(run[name] != value for name, value in asked.items()):
            raise SystemExit(
                f"{settings.out}: holds a run with other settings or data; choose another `out`"
            )
        return tuple(CategoryLoss(**loss) for loss in run["before"])
    before = measured(settings, lessons, model, processes, packed=packed)
    if processes.first:
        partial = kept.with_suffix(".new")
        written = asked | {"before": [asdict(loss) for loss in before]}
        partial.write_text(json.dumps(written), encoding="utf-8")
        partial.replace(kept)
    return before


def measured(
    settings: InstructionSettings,
    lessons: Lessons,
    model: Tunable,
    processes: Processes,
    *,
    packed: bool,
) -> tuple[CategoryLoss, ...]:
    """Losses on what was held out, by category."""
    return losses_by_category(
        *(model, lessons.held_out, processes),
        pack_tokens=settings.pack_tokens,
        packed=packed,
        bf16=settings.bf16,
    )


def save(settings: InstructionSettings, found: Found, model: Tunable) -> None:
    """Write what was learned, with the tokenizer in its form and the token that ends an answer."""
    folder = settings.out / MODEL
    replace_folder(folder, lambda new: save_tuned(model, found.begun.tokenizer, new))
    if settings.kind is Tuning.FULL:
        narrow(folder, found.begun.base)
    generation = copy.deepcopy(network_of(model).generation_config)
    known = generation.eos_token_id
    others = known if isinstance(known, list) else [known]
    generation.eos_token_id = sorted({found.end, *(end for end in others if end is not None)})
    generation.save_pretrained(folder)


def facts_of(
    settings: InstructionSettings,
    found: Found,
    after: tuple[CategoryLoss, ...],
    epochs: tuple[float, ...],
) -> RunFacts:
    """What the card says."""
    lessons = found.lessons
    libraries = ("torch", "transformers", "trl", "peft", "bitsandbytes")
    return RunFacts(
        name=settings.out.name,
        base=found.begun.base.name,
        base_digest=found.begun.digest,
        settings=json.loads(written_settings(settings)),
        sources=lessons.sources,
        categories=dict(sorted(Counter(one.category for one in lessons.train).items())),
        cut_tokens=lessons.cut_tokens,
        tokens=lessons.tokens,
        answered=lessons.answered,
        packed=found.packed,
        hold_out=settings.hold_out,
        before=found.before,
        after=after,
        epochs=epochs,
        versions={name: version(name) for name in libraries},
    )


def network_of(model: Tunable) -> PreTrainedModel:
    """The transformers model itself, without what peft lays around it."""
    network: PreTrainedModel = model.get_base_model() if isinstance(model, PeftModel) else model
    return network
