"""The folder of one run: its plan, replies, items and manifest, written whole and never mixed."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from occu_core.endpoints import Endpoint, ReplyStore
from occu_core.occuquest.generation.pipeline import Generation
from occu_core.occuquest.generation.plan import Plan, PlanError, Sizes, Stage, Subject
from occu_core.occuquest.generation.prompts import PROMPT_VERSION
from occu_core.occuquest.generation.records import Ending, Manifest, SetAside, parameters
from occu_core.occuquest.generation.splits import Part, split
from occu_core.occuquest.item_files import save_items

ITEMS, QUARANTINE, MANIFEST = "items.jsonl", "quarantine.jsonl", "manifest.json"
_PLAN, _REPLIES, _LOCK = "plan.json", "replies.sqlite", ".lock"


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where one run is kept."""

    path: Path

    @contextmanager
    def opened(self, plan: Plan, endpoint: Endpoint) -> Iterator[ReplyStore]:
        """The replies of this run, for one process at a time.

        Raises:
            PlanError: if the folder holds another plan, or a run is going on in it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        self._refuse_strangers()
        lock = FileLock(self.path / _LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise PlanError(f"{self.path}: another run is going on in this folder") from None
        try:
            with ReplyStore(self.path / _REPLIES) as store:
                self._claim(plan, endpoint, begun=not store.empty)
                yield store
        finally:
            lock.release()

    def save(self, made: Generation, manifest: Manifest) -> None:
        """Write what was made, the manifest last; fewer items never replace more."""
        if manifest.ending is not Ending.COMPLETE and manifest.items < self.items():
            return
        items = made.items
        for part, members in split(items, made.plan.hold_out, made.plan.seed).items():
            if part is not Part.HELD_OUT or made.plan.hold_out is not None:
                save_items(members, self.path / f"{part}.jsonl")
        save_items(items, self.path / ITEMS)
        aside = (json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in made.set_aside)
        write_whole(self.path / QUARANTINE, "".join(aside))
        write_whole(self.path / MANIFEST, manifest.text(made.plan, made.caller.endpoint))

    def items(self) -> int:
        """How many items the manifest tells of; 0 without one."""
        manifest = self.manifest()
        return int(manifest["items"]) if manifest else 0

    def manifest(self) -> dict[str, Any] | None:
        """The manifest as it was written; None where there is none."""
        try:
            return dict(json.loads((self.path / MANIFEST).read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return None

    def set_aside(self) -> tuple[SetAside, ...]:
        """What was not used."""
        try:
            lines = (self.path / QUARANTINE).read_text(encoding="utf-8").splitlines()
        except OSError:
            return ()
        rows = [json.loads(line) for line in lines]
        return tuple(SetAside(**{**row, "stage": Stage(row["stage"])}) for row in rows)

    def plan(self) -> Plan:
        """The plan that the folder was begun with.

        Raises:
            PlanError: if there is none.
        """
        try:
            written = json.loads((self.path / _PLAN).read_text(encoding="utf-8"))["plan"]
            subjects = tuple(Subject(**one) for one in written.pop("subjects"))
            return Plan(subjects, Sizes(**written.pop("sizes")), **written)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PlanError(f"{self.path}: holds no plan: {error}") from None

    def endpoint(self) -> Endpoint:
        """The endpoint that the folder was begun with; it names the key's variable, not the key.

        Raises:
            PlanError: if there is none.
        """
        try:
            written = json.loads((self.path / _PLAN).read_text(encoding="utf-8"))["endpoint"]
            return Endpoint(**written)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PlanError(f"{self.path}: names no endpoint: {error}") from None

    def _refuse_strangers(self) -> None:
        """Nothing is written into a folder that is somebody else's."""
        entries = [entry.name for entry in self.path.iterdir() if not entry.name.startswith(".")]
        if _PLAN not in entries and any(not name.startswith(_REPLIES) for name in entries):
            raise PlanError(f"{self.path}: is not empty and holds no run; choose a new folder")

    def _claim(self, plan: Plan, endpoint: Endpoint, *, begun: bool) -> None:
        """Write the plan; where an earlier one has been answered to, make sure it is the same."""
        written = json.loads(json.dumps(_decisive(plan, endpoint)))
        path = self.path / _PLAN
        if not begun:
            begun_with = {**written, "endpoint": asdict(endpoint)}
            write_whole(path, json.dumps(begun_with, indent=1, ensure_ascii=False) + "\n")
            return
        try:
            before = dict(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            raise PlanError(f"{path}: is damaged; choose a new folder") from None
        before.pop("endpoint", None)  # where and how fast to ask may change
        if before != written:
            differ = ", ".join(_differences(before, written))
            raise PlanError(
                f"{self.path}: holds a run with other settings ({differ}); choose a new folder, or"
                " give the same settings to go on with it"
            )


def write_whole(path: Path, text: str) -> None:
    """Write a file that appears under its name only once it is whole."""
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(partial).chmod(0o644)
        Path(partial).replace(path)
    finally:
        Path(partial).unlink(missing_ok=True)


def _decisive(plan: Plan, endpoint: Endpoint) -> dict[str, object]:
    """What decides which items come out."""
    return {
        "plan": asdict(plan),
        "parameters": parameters(endpoint),
        "prompt_version": PROMPT_VERSION,
    }


def _differences(before: object, now: object, name: str = "") -> Iterator[str]:
    """The settings that differ, with both values where they are short."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in dict.fromkeys([*before, *now]):
            yield from _differences(before.get(key), now.get(key), key)
    elif before != now:
        short = all(not isinstance(value, list) for value in (before, now))
        yield f"{name} was {before}, now {now}" if short else name
