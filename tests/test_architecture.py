"""The arrows of the README: app → pages → pages/shared → occu_core ← train."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(
    [ROOT / "app.py"]
    + [path for folder in ("pages", "occu_core", "train") for path in (ROOT / folder).rglob("*.py")]
)
LEARNED = {"torch", "transformers"}
MAY_LEARN = {
    *("occu_core.models.career", "occu_core.models.language_model"),
    *("occu_core.models.scoring", "occu_core.models.tokens"),
    *("occu_core.models.tree_attention", "occu_core.models.tree_rows"),
    "occu_core.models.adapters",
    *("occu_core.models.influence_scoring", "occu_core.models.turns"),
    *("occu_core.models.sampling", "occu_core.models.shared_context"),
    *("occu_core.models.prompt_ends", "occu_core.occuquest.tagging_network"),
    "occu_core.occuquest.tagging_classifier",
    *("occu_core.answering.adapter_fit", "occu_core.answering.decoding"),
    "occu_core.answering.local_model",
}
CAREER_SIDE = (
    *("occu_core.careers", "occu_core.data", "occu_core.models", "occu_core.evaluation"),
    "occu_core.bulk",
)
APART = ("occu_core.pairwise", "occu_core.occuquest", CAREER_SIDE)


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path}: relative imports hide the arrows"
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def inside(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def forbidden(module: str) -> tuple[str, ...]:
    """What a module may not import, by where it stands."""
    if module == "app":
        return ("occu_core", "train", *LEARNED)
    if module.startswith("pages.shared"):
        return ("train", "app", *LEARNED)
    if module.startswith("pages"):
        return ("train", "app", "sqlalchemy", *LEARNED)
    if module.startswith("train"):
        return ("streamlit", "pages", "app")
    learned = () if module in MAY_LEARN else tuple(LEARNED)
    return ("streamlit", "pages", "train", "app", *learned)


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_imports_follow_the_arrows(path):
    module = module_name(path)
    wrong = [name for name in imported(path) if inside(name, forbidden(module))]
    assert not wrong, f"{module} may not import {wrong}"


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_the_three_systems_do_not_import_each_other(path):
    module = module_name(path)
    sides = [side if isinstance(side, tuple) else (side,) for side in APART]
    home = [side for side in sides if inside(module, side)]
    for side in sides:
        if home and side not in home:
            wrong = [name for name in imported(path) if inside(name, side)]
            assert not wrong, f"{module} may not import {wrong}"


def test_pages_do_not_import_each_other():
    pages = {module_name(path) for path in (ROOT / "pages").glob("*.py")}
    for path in (ROOT / "pages").glob("*.py"):
        assert not imported(path) & pages, f"{path.name} imports another page"


def test_no_file_has_a_name_that_says_nothing():
    empty = {"utils", "helpers", "common", "misc", "manager"}
    assert not [path for path in SOURCES if path.stem in empty]


def test_importing_the_core_and_the_command_line_loads_neither_torch_nor_streamlit():
    code = (
        "import sys, occu_core, occu_core.cli, occu_core.models.storage;"
        "print([m for m in ('torch', 'transformers', 'streamlit', 'pandas') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
