"""What the README and the model cards say is true of the project."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from occu_core.cli import app
from occu_core.data.career_json import parse_query
from occu_core.evaluation.report_files import load_reports
from occu_core.evaluation.reports import Part
from occu_core.models.storage import read_card, shipped_models

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CARDS = {folder.name: read_card(folder) for folder in shipped_models()}


def test_four_models_ship_and_together_stay_under_60_megabytes():
    assert list(CARDS) == ["language_model", "career", "ensemble", "markov"]
    files = [path for folder in shipped_models() for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 60e6


@pytest.mark.parametrize("name", CARDS)
def test_the_readme_shows_each_models_test_perplexities_as_its_card_has_them(name):
    card = CARDS[name]
    shown = [f"{m.perplexity_raw:.2f}" for m in card.metrics if m.split == "test"]
    assert len(shown) == 3
    assert f"| {card.title} | {' | '.join(shown)} |" in README


@pytest.mark.parametrize("folder", shipped_models(), ids=lambda folder: folder.name)
def test_each_model_card_says_what_it_is_for_and_what_not(folder):
    text = (folder / "README.md").read_text(encoding="utf-8")
    for part in ("## Data", "## Metrics", "## Settings", "## Intended use", "## Limits"):
        assert part in text
    assert "Never for hiring" in text


def test_the_readme_shows_the_sample_report_of_normalised_perplexity():
    path = ROOT / "assets/reports/normalised_language_model.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    assert f"{report['perplexity_raw']:.3f}" in README
    assert f"{report['perplexity']:.3f}" in README
    assert report["coverage_mean"] >= 0.999


def test_the_readme_shows_comparisons_as_the_reports_have_them():
    found = {
        (one.title_a, one.title_b, one.part): one.difference_percent
        for one in load_reports(ROOT / "assets/reports").comparisons
        if one.rows_label.startswith("NLSY97 1997–2011")
    }
    table = README.partition("<!-- comparisons -->")[2].partition("<!-- /comparisons -->")[0]
    rows = re.findall(r"^\| (.+) against (.+?) \| (.+) \| (.+) \| (.+) \|$", table, re.MULTILINE)
    assert len(rows) == 4
    for title_a, title_b, *shown in rows:
        for part, cell in zip((Part.ALL, Part.STAY, Part.MOVE), shown, strict=True):
            percent = found[title_a, title_b, part]
            low, high = f"{percent.low:+.1f}", f"{percent.high:+.1f}"
            assert cell == f"{percent.value:+.1f}% ({low} to {high})".replace("-", "−")


def section(name):
    return README.partition(f"<!-- {name} -->")[2].partition(f"<!-- /{name} -->")[0]


def test_the_readme_shows_experiments_as_their_reports_have_them():
    findings = " ".join(
        json.loads(path.read_text(encoding="utf-8"))["finding"]
        for path in (ROOT / "assets/reports").glob("curve-*.json")
    )
    shown = re.findall(r"[^\s|(]+ \(95% interval [^)]+\)", section("experiments"))
    assert len(shown) == 5
    for one in shown:
        assert one in findings


def test_the_readme_shows_the_taggers_measures():
    report = json.loads((ROOT / "assets/occuquest/reports/tagger.json").read_text(encoding="utf-8"))
    accuracy = report["experts"]["accuracy"]
    rows = dict(re.findall(r"^\| (.+?) \| (0.+) \|$", section("tagger"), re.MULTILINE))
    for shown, name in {
        "the tagger": "tagger",
        "the tagger, taught no expert's question": "tagger, untaught in experts' questions",
        "a linear classifier on O*NET text": "linear on O*NET text",
        "TF-IDF, nearest centroid": "TF-IDF nearest centroid",
    }.items():
        one = accuracy[name]
        assert rows[shown] == f"{one['value']:.3f} ({one['low']:.3f}–{one['high']:.3f})"
    either = report["prompts"]["accuracy_either_reader"]
    numbers = (f"{100 * either[end]:.1f}" for end in ("value", "low", "high"))
    assert "right {}% of the time ({}–{})".format(*numbers) in section("tagger")


def test_the_readme_shows_the_simulated_coverage():
    report = json.loads((ROOT / "assets/studies/coverage.json").read_text(encoding="utf-8"))
    cells = [cell for cell in report["cells"] if cell["annotators"] == 10]
    assert len(cells) == 6
    for cell in cells:
        counts = f"| {cell['questions']} | {cell['votes_per_question']} |"
        shares = f"{100 * cell['clustered']:.1f} | {100 * cell['wilson']:.1f} |"
        assert f"{counts} {shares}" in section("coverage")


def test_the_json_of_the_readme_is_a_career():
    (example,) = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
    assert parse_query(example).year == 2005


def test_every_command_of_the_readme_exists_and_has_help():
    commands = set(re.findall(r"^occu (\w+)", README, re.MULTILINE))
    assert commands == {command.name for command in app.registered_commands} | {
        group.name for group in app.registered_groups
    }
    for command in commands:
        result = CliRunner().invoke(app, [command, "--help"])
        assert result.exit_code == 0
        assert "Usage" in result.output


def test_every_script_and_file_the_readme_names_exists():
    for module in re.findall(r"python -m (train\.\w+)", README):
        assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module
    for path in re.findall(r"(?:train/settings|assets/samples)/[\w.-]+", README):
        assert (ROOT / path).exists(), path


def test_no_file_names_a_machine():
    kinds = {".py", ".md", ".toml", ".json", ".yml", ""}
    files = [
        p
        for folder in ("occu_core", "pages", "train", "assets", ".ci")
        for p in (ROOT / folder).rglob("*")
        if p.is_file() and p.suffix in kinds
    ]
    for path in [*files, ROOT / "README.md", ROOT / "Makefile", ROOT / "app.py"]:
        if "__pycache__" not in path.parts:
            assert not re.search(r"/(home|root|work|Users)/", path.read_text(encoding="utf-8")), (
                path
            )
