"""A user's own models: added by name, seen by the command line and the app, never trusted."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from occu_core import cli
from occu_core.models import registry
from occu_core.models.model_files import ModelError, check_files
from occu_core.models.storage import (
    add_model,
    available_models,
    load_model,
    model_folder,
    read_card,
    write_card,
)
from tests.conftest import ROOT


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A data folder of the test's own."""
    monkeypatch.setenv("OCCU_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path):
    """A model of the user's: a copy of the Markov table under its own name."""
    folder = tmp_path / "mine"
    shutil.copytree(model_folder("markov"), folder)
    card = read_card(folder)
    write_card(folder, replace(card, name="mine", title="My table", settings={}))
    return folder


def occu(*arguments):
    return CliRunner().invoke(cli.app, ["models", *(str(a) for a in arguments)])


def refused(result):
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    return result.stderr


def test_an_added_model_answers_to_its_name_until_it_is_removed(folder):
    before = list(available_models())
    assert occu("add", folder).stdout == "mine\n"
    assert list(available_models()) == [*before, "mine"]
    assert load_model("mine").card.title == "My table"
    listed = json.loads(occu("list", "--json").stdout)
    assert listed == json.loads(occu("--json").stdout)
    assert listed[-1] == {
        "name": "mine",
        "kind": "markov",
        "folder": str(folder.resolve()),
        "default": False,
    }
    assert str(folder) in occu().stdout
    assert occu("remove", "mine").stdout == "mine\n"
    assert list(available_models()) == before
    assert (folder / "card.json").exists()
    with pytest.raises(ModelError, match="no model 'mine'"):
        load_model("mine")


def test_a_model_may_be_given_another_name_and_be_added_twice(folder):
    occu("add", folder, "--name", "table-2")
    assert occu("add", folder, "--name", "table-2").exit_code == 0
    assert load_model("table-2").card.name == "mine"


def test_a_name_that_is_taken_or_not_allowed_is_refused(folder, tmp_path):
    add_model(folder)
    other = shutil.copytree(folder, tmp_path / "other")
    assert "'mine' was added from" in refused(occu("add", other))
    assert "name of a shipped model" in refused(occu("add", other, "--name", "markov"))
    for name in ("../evil", "", ".hidden", "a b", "x" * 65):
        if name:
            assert "is not allowed" in refused(occu("add", other, "--name", name))


def test_what_is_no_model_is_refused(tmp_path):
    assert "is not a model folder" in refused(occu("add", tmp_path))
    assert "is not a model folder" in refused(occu("add", tmp_path / "nowhere"))
    assert "no model 'x' was added; added models: none" in refused(occu("remove", "x"))


def test_a_model_of_another_taxonomy_is_refused(folder):
    write_card(folder, replace(read_card(folder), taxonomy_digest="0" * 12))
    assert "made for taxonomy occ1990dd (000000000000)" in refused(occu("add", folder))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "sub/rng.pkl", "modeling_x.py", "W.PT"])
def test_a_file_that_could_run_code_is_refused_by_name(folder, name):
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"x")
    message = refused(occu("add", folder))
    assert Path(name).name in message
    assert "could run code" in message


def test_weights_must_be_there_and_whole(folder):
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    for damaged in (whole[:-1], whole[:4], b"\xff" * 64, whole + b"x"):
        weights.write_bytes(damaged)
        with pytest.raises(ModelError, match="is not a whole safetensors file"):
            check_files(folder)
    weights.unlink()
    with pytest.raises(ModelError, match="holds no weights"):
        check_files(folder)


def test_an_adapter_without_its_base_is_refused(folder):
    settings = {"base_model_name_or_path": "nobody/nothing-7b"}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    assert "its base 'nobody/nothing-7b' is not here" in refused(occu("add", folder))
    (folder / "adapter_config.json").write_text("{}")
    assert "is not an adapter's settings" in refused(occu("add", folder))
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "markov"}))
    assert occu("add", folder).exit_code == 0


def test_a_model_whose_folder_is_gone_is_left_out_with_a_note(folder):
    add_model(folder)
    shutil.rmtree(folder)
    listed = occu("--json")
    assert "mine" not in {m["name"] for m in json.loads(listed.stdout)}
    assert "note: mine was left out" in listed.stderr
    assert occu("remove", "mine").exit_code == 0


def test_foreign_files_in_the_data_folder_are_passed_over(folder, home):
    add_model(folder)
    (home / "models/notes.json").write_text("not json")
    assert list(registry.added_models()) == ["mine"]


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, ".local/share/occuscope"),
        ("linux", {"XDG_DATA_HOME": "/data"}, "/data/occuscope"),
        ("darwin", {}, "Library/Application Support/occuscope"),
        ("linux", {"OCCU_HOME": "/mine"}, "/mine"),
    ],
)
def test_where_the_users_things_are_kept(monkeypatch, tmp_path, platform, environment, expected):
    for name in ("OCCU_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert registry.data_folder() == tmp_path / expected


def test_the_app_offers_an_added_model(folder):
    add_model(folder)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    app.switch_page("pages/next_job.py").run()
    assert not app.exception
    picker = app.selectbox(key="next_job.model")
    assert "My table" in picker.options
    picker.select("mine").run()
    assert not app.exception
