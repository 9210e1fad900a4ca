"""Which tasks of lm-evaluation-harness a model is asked, checked before a model is loaded."""

from __future__ import annotations

import os
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lm_eval.tasks import TaskManager

OWN_TASKS = Path("assets/ability")
_CODE = "HF_ALLOW_CODE_EVAL"  # what the harness's metric for code wants set


class AbilityError(ValueError):
    """A measurement that cannot be made: says why, and the way out."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """Tasks with their items.

    Attributes:
        named: the harness's tasks and groups that were asked by name.
        groups: the names of what is directly in each group.
        manager: the index that they were found in, which takes seconds to read again.
    """

    named: tuple[Any, ...]
    groups: dict[str, tuple[str, ...]]
    manager: TaskManager


def load_tasks(names: tuple[str, ...], include: tuple[Path, ...], *, allow_code: bool) -> Tasks:
    """Find tasks and fetch their items.

    Args:
        names: tasks, groups or tags.
        include: folders with tasks of one's own.
        allow_code: whether a task may run code that the model wrote.

    Raises:
        AbilityError: if a task is not known, runs code unasked, or its items cannot be had.
    """
    manager = _manager(names, include)
    for name in names:
        _check(name, manager, allow_code=allow_code)
    if allow_code:
        os.environ[_CODE] = "1"
    try:
        loaded = manager.load(list(names))
    except Exception as error:
        why = f"{type(error).__name__}: {error}".partition("\n")[0][:300]
        raise AbilityError(
            f"{', '.join(names)}: the items cannot be loaded ({why}). The harness fetches them from"
            " the Hugging Face Hub; where there is no network, bring a cache that holds them"
            " (HF_HOME), or take a task of a local file such as occupations_quiz"
        ) from error
    if not allow_code:
        for name, task in loaded["tasks"].items():
            if task.config.unsafe_code:
                raise AbilityError(_unasked(name))
    groups = {group: tuple(parts) for group, parts in loaded.get("group_map", {}).items()}
    inside = {part for parts in groups.values() for part in parts}
    found = {**loaded.get("groups", {}), **loaded["tasks"]}
    named = tuple(thing for name, thing in found.items() if name not in inside)
    return Tasks(named, groups, manager)


def _manager(names: tuple[str, ...], include: tuple[Path, ...]) -> TaskManager:
    """The index of tasks; the harness's thousands are read only where one of them is asked."""
    try:
        from lm_eval.tasks import TaskManager
    except ImportError:
        raise AbilityError(
            'lm-evaluation-harness is not installed: `pip install "occuscope[ability]"`'
        ) from None
    for folder in include:
        if not folder.is_dir():
            raise AbilityError(f"{folder}: is no folder of tasks; run this from the repository")
    folders = [str(folder) for folder in include]
    own = TaskManager(include_path=folders, include_defaults=False)
    return own if set(names) <= set(own.all_tasks) else TaskManager(include_path=folders)


def _check(name: str, manager: TaskManager, *, allow_code: bool) -> None:
    """Refuse a task that is not known, or that runs code unasked, before it is loaded."""
    from lm_eval.tasks._yaml_loader import load_yaml

    entry = manager.task_index.get(name)
    if entry is None:
        near = get_close_matches(name, manager.all_tasks, 3) or ["occupations_quiz", "mmlu"]
        raise AbilityError(
            f"no task {name[:80]!r}; there are {', '.join(near)}; `lm-eval ls tasks` lists all"
        )
    written = load_yaml(entry.yaml_path, resolve_func=False) if entry.yaml_path else {}
    if written.get("unsafe_code") and not allow_code:
        raise AbilityError(_unasked(name))


def _unasked(task: str) -> str:
    return (
        f"{task}: runs code that the model wrote, with your rights on this computer; give"
        " --allow-code to run it, in a container of its own"
    )
