"""Killed at any moment and started again, a run ends where an unbroken one does."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from tests.conftest import ROOT
from tests.made_up_survey import write_survey
from train.checkpoints import Position, load_checkpoint, save_checkpoint, written_settings
from train.loop import LoopSettings, Work, run, take_step
from train.processes import Processes
from train.run_log import RunLog

ALONE = Processes()


class Killed(BaseException):
    """What stands in for a kill inside one process."""


@dataclass
class Fitting:
    """A small network with dropout on made-up numbers; dies where told."""

    folder: Path
    seconds: float = 0.0
    dies_at: int | None = None
    seed: int = 1
    epochs: int = 4

    def __post_init__(self):
        torch.manual_seed(7)
        self.model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.5), nn.Linear(8, 1))
        self.optimiser = torch.optim.AdamW(self.model.parameters())
        self.data = torch.randn(24, 4)
        self.lessons = 0

    def steps(self, epoch):
        order = random.Random(epoch).sample(range(24), 24)
        batches = [self.data[order[k : k + 3]] for k in range(0, 24, 3)]
        return [batches[k : k + 2] for k in range(0, 8, 2)]

    def loss(self, batch):
        self.lessons += 1
        if self.lessons == self.dies_at:
            raise Killed
        noise = random.random() + torch.rand(())  # both kinds of randomness
        return ((self.model(batch[:, :3])[:, 0] - batch[:, 3]) ** 2).sum() * (1 + noise)

    def score(self):
        with torch.no_grad():
            return ((self.model(self.data[:, :3])[:, 0] - self.data[:, 3]) ** 2).mean().item()

    def save(self, folder):
        save_file(self.model.state_dict(), folder / "model.safetensors")

    def run(self):
        work = Work(
            *(self.model, self.optimiser, self.steps, self.loss, len, self.score, self.save)
        )
        settings = LoopSettings(
            *(self.folder, f"seed {self.seed}", self.epochs, 9, 0.05, 0.1, self.seed, self.seconds)
        )
        return run(work, settings, ALONE)


def weights(fitting):
    return torch.cat([w.detach().flatten() for w in fitting.model.parameters()])


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    fitting = Fitting(tmp_path_factory.mktemp("unbroken"))
    return fitting, fitting.run()


@pytest.mark.parametrize("dies_at", [1, 2, 5, 8, 9, 12, 31, 32])
@pytest.mark.parametrize("seconds", [0.0, 1e9], ids=["every step", "every epoch"])
def test_a_run_that_died_ends_where_an_unbroken_one_does(tmp_path, unbroken, dies_at, seconds):
    with pytest.raises(Killed):
        Fitting(tmp_path, seconds, dies_at).run()
    again = Fitting(tmp_path, seconds)
    expected, position = unbroken
    assert again.run() == position
    assert torch.equal(weights(again), weights(expected))
    if seconds == 0.0:
        whole_steps = (dies_at - 1) // 2
        assert again.lessons == 32 - 2 * whole_steps  # no step is done twice
    best, other = (f.folder / "best/model.safetensors" for f in (again, expected))
    assert best.read_bytes() == other.read_bytes()
    logs = [(f.folder / "log.jsonl").read_text().splitlines() for f in (again, expected)]
    scores = [[json.loads(line) for line in log if "score" in line] for log in logs]
    assert scores[0] == scores[1]
    assert len(scores[0]) == 4


def test_a_finished_run_has_nothing_left_to_do(tmp_path):
    first = Fitting(tmp_path)
    position = first.run()
    again = Fitting(tmp_path)
    assert again.run() == position
    assert again.lessons == 0


def test_a_run_with_other_settings_is_refused(tmp_path):
    Fitting(tmp_path, epochs=1).run()
    with pytest.raises(SystemExit, match="holds a run with other settings"):
        Fitting(tmp_path, seed=2).run()


def test_what_a_dead_run_noted_after_its_checkpoint_is_forgotten(tmp_path):
    log = tmp_path / "log.jsonl"
    lines = ['{"epoch": 0, "step": 3}\n', '{"epoch": 1, "step": 0}\n', '{"epoch": 1, "step": 2}\n']
    log.write_text("".join(lines) + '{"epoch": 1, "st')
    RunLog(tmp_path, Position(1, 1, 2.0, 1), 3, silent=False)
    assert log.read_text() == "".join(lines[:2])


def test_the_time_left_is_steps_and_evaluations_at_their_measured_speed(tmp_path, monkeypatch):
    clock = iter([0.0, 2.0, 4.0, 14.0, 16.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    log = RunLog(tmp_path, Position(), 3, silent=True)
    log.step(1.0, Position(0, 1), 2)
    log.step(1.0, Position(0, 2), 2)
    log.epoch(9.0, Position(1, 0))  # ten seconds
    log.step(1.0, Position(1, 1), 2)
    assert log.minutes_left(Position(1, 1), 2) == pytest.approx((3 * 2 + 2 * 10) / 60)


def test_a_score_that_is_no_number_ends_the_run(tmp_path):
    fitting = Fitting(tmp_path)
    fitting.score = lambda: float("nan")
    with pytest.raises(SystemExit, match="valid score after epoch 1 is nan"):
        fitting.run()


def test_a_step_of_several_batches_is_the_step_of_one_large_batch(tmp_path):
    ends = []
    for parts in (1, 4):
        fitting = Fitting(tmp_path)
        fitting.model[1].p = 0.0
        fitting.loss = lambda batch, model=fitting.model: (
            (model(batch[:, :3])[:, 0] - batch[:, 3]) ** 2
        ).sum()
        batches = list(fitting.data.chunk(parts))
        work = Work(
            *(fitting.model, fitting.optimiser, fitting.steps, fitting.loss, len),
            *(fitting.score, fitting.save),
        )
        loss = take_step(work, batches, "here", ALONE)
        ends.append((loss, weights(fitting)))
    assert ends[0][0] == pytest.approx(ends[1][0], rel=1e-5)
    torch.testing.assert_close(ends[0][1], ends[1][1])


def test_a_checkpoint_holds_what_learns_and_nothing_else(tmp_path):
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[0].requires_grad_(False)
    optimiser = torch.optim.AdamW(model[1].parameters())
    save_checkpoint(tmp_path, "s", Position(1, 2, 3.0, 1), model, optimiser)
    state = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert set(state["weights"]) == {"1.weight", "1.bias"}
    assert load_checkpoint(tmp_path, "s", model, optimiser) == Position(1, 2, 3.0, 1)


def test_written_settings_tell_runs_apart():
    @dataclass(frozen=True)
    class Rate:
        rate: float
        out: Path = Path("runs/x")

    assert written_settings(Rate(1e-5)) == written_settings(Rate(1e-5))
    assert written_settings(Rate(1e-5)) != written_settings(Rate(2e-5))


def start(out, table):
    """A real fine-tuning run in a process of its own, a checkpoint after every step."""
    settings = out.with_suffix(".toml")
    settings.write_text(
        f'base = "language_model"\ntables = ["{table}"]\nout = "{out}"\nepochs = 3\n'
        "checkpoint_seconds = 0.0\nbf16 = false\npack_tokens = 256\npacks_a_step = 2\n"
        "patience = 9\nmeasured_workers = 1\nhidden_share = 0.3\n"
    )
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "train.finetune_language_model", str(settings)]
    return partial(
        subprocess.Popen, command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.slow
def test_sigkill_at_three_random_moments_changes_nothing(tmp_path):
    table = write_survey(tmp_path / "survey.csv", workers=24)
    alone = start(tmp_path / "unbroken", table)()
    moments = random.Random(time.time_ns())
    broken = tmp_path / "broken"
    begin = start(broken, table)
    killed_at = []
    for _ in range(3):
        started = begin()
        lines = moments.randint(1, 4)  # of the loop, before the kill
        for line in started.stdout:
            lines -= "loss" in line or line.startswith(("epoch", "resuming"))
            if lines <= 0:
                break
        time.sleep(moments.random() * 0.2)
        started.send_signal(signal.SIGKILL)
        started.wait()
        started.stdout.close()
        assert started.returncode == -signal.SIGKILL or len(killed_at) == 2
        state = torch.load(broken / "checkpoint.pt", weights_only=True)
        killed_at.append((state["position"]["epoch"], state["position"]["step"]))
    last = begin()
    said, _ = last.communicate(timeout=120)
    assert last.returncode == 0
    assert "resuming after" in said
    alone.communicate(timeout=120)
    assert alone.returncode == 0
    found, expected = (
        load_file(folder / "best/adapter_model.safetensors")
        for folder in (broken, tmp_path / "unbroken")
    )
    assert found.keys() == expected.keys()
    for name, learned in expected.items():
        torch.testing.assert_close(found[name], learned, atol=1e-6, rtol=1e-5, msg=str(killed_at))
    ends = [
        torch.load(f / "checkpoint.pt", weights_only=True)
        for f in (broken, table.parent / "unbroken")
    ]
    for name, learned in ends[1]["weights"].items():
        torch.testing.assert_close(ends[0]["weights"][name], learned, atol=1e-6, rtol=1e-5)
