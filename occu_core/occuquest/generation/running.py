"""A whole run: open its folder, generate, and leave what was made however it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from occu_core.endpoints import Caller, CapReachedError, Endpoint, EndpointError, Usage
from occu_core.endpoints.replies import now
from occu_core.occuquest.generation.folder import RunFolder
from occu_core.occuquest.generation.pipeline import Generation, Progress
from occu_core.occuquest.generation.plan import Plan
from occu_core.occuquest.generation.records import Ending, Manifest
from occu_core.occuquest.generation.splits import split

OnProgress = Callable[[Progress, Usage], None]


async def generate(
    plan: Plan,
    endpoint: Endpoint,
    path: Path,
    cap: float,
    *,
    api_key: str | None = None,
    on_progress: OnProgress | None = None,
) -> Manifest:
    """Generate into a folder, going on where an earlier run of the same plan stopped.

    Cancelling pauses it: calls under way are waited for and kept. Whatever happens, the items made
    so far are written.

    Args:
        plan: what to make.
        endpoint: whom to ask.
        path: the folder; new, or of the same plan.
        cap: the most dollars to spend in this folder, over all its runs.
        api_key: the key itself, in place of the endpoint's environment variable.
        on_progress: told of every reply.

    Returns:
        The run in numbers; its `ending` says whether it is complete or the cap was reached.

    Raises:
        PlanError: if the folder holds something else.
        EndpointRefusedError: if the endpoint cannot be used.
    """
    folder = RunFolder(path)
    with folder.opened(plan, endpoint) as store:
        caller = Caller(endpoint, store, cap, api_key=api_key)

        def tell(progress: Progress) -> None:
            if on_progress is not None:
                on_progress(progress, caller.usage)

        made = Generation(plan, caller, tell)
        ending, reason = Ending.PAUSED, ""
        try:
            async with caller:
                await made.run()
            ending = Ending.COMPLETE
        except CapReachedError as error:
            ending, reason = Ending.CAP, str(error)
        except EndpointError as error:
            ending, reason = Ending.REFUSED, str(error)
            raise
        finally:
            manifest = manifest_of(made, ending, reason)
            folder.save(made, manifest)
        return manifest


def manifest_of(made: Generation, ending: Ending, reason: str = "") -> Manifest:
    """A run in numbers as it stands."""
    items = made.items
    parts = split(items, made.plan.hold_out, made.plan.seed)
    return Manifest(
        ending,
        reason,
        now(),
        len(items),
        sum(item.is_dialogue for item in items),
        {part.value: len(members) for part, members in parts.items()},
        {part.value: dict(Counter(i.category or "" for i in got)) for part, got in parts.items()},
        made.stages,
        made.caller.usage,
    )
