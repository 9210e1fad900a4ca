"""The scripts that train, run to the end on invented workers."""

import csv
import gzip
import math

import pytest
import torch
from transformers import AutoModelForCausalLM

from occu_core.assets import asset_path
from occu_core.models.storage import load_model
from occu_core.occupations import occ1990dd
from tests.made_up_survey import write_survey
from train import pretrain_language_model, train_career, train_language_model
from train.pretrain_language_model import PretrainSettings, in_rows
from train.train_career import CareerSettings
from train.train_language_model import LanguageModelSettings

TOKENIZER = asset_path("models", "language_model")
SMALL = {"layers": 1, "width": 16, "heads": 1, "feed_forward": 32, "epochs": 2}


@pytest.fixture(scope="module")
def survey(tmp_path_factory):
    return str(write_survey(tmp_path_factory.mktemp("survey") / "survey.csv"))


@pytest.fixture(scope="module")
def career(survey, tmp_path_factory):
    settings = CareerSettings((survey,), out=tmp_path_factory.mktemp("career"), **SMALL)
    return _with_card(train_career.fit(settings))


@pytest.fixture
def occupational_text(tmp_path):
    """Sentences written for this test, in the layout of O*NET and the index."""
    onet = tmp_path / "onet"
    onet.mkdir()
    code, title = "O*NET-SOC Code", "Title"
    tables = {
        "Occupation Data.txt": [(code, title, "Description"), ("1", "Bakers", "Bake bread.")],
        "Task Statements.txt": [(code, "Task"), *[("1", f"Knead dough {k}.") for k in range(90)]],
        "Related Occupations.txt": [(code, f"Related {code}"), ("1", "1")],
    }
    for name, rows in tables.items():
        with (onet / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter="\t").writerows(rows)
    baker = occ1990dd().occupations[0].code
    with gzip.open(tmp_path / "job_titles.csv.gz", "wt", encoding="utf-8") as file:
        file.write(f"title,occ1990dd\nBread hand,{baker}\nNobody,999\n")
    return tmp_path


def _with_card(folder):
    """CAREER's weights with the shipped card, so that they load as a model."""
    card = asset_path("models", "career", "card.json").read_text(encoding="utf-8")
    (folder / "card.json").write_text(card, encoding="utf-8")
    return folder


def test_a_taught_language_model_learns_from_teachers_and_drawn_careers(survey, career, tmp_path):
    settings = LanguageModelSettings(
        (survey,), tokenizer=TOKENIZER, out=tmp_path, teachers=(str(career),), simulated=1, **SMALL
    )
    folder = train_language_model.fit(settings)
    assert AutoModelForCausalLM.from_pretrained(folder).config.hidden_size == 16
    again = train_language_model.fit(settings)  # finished: nothing more is learned
    assert again == folder


def test_a_taught_career_loads_as_a_model(survey, career, tmp_path):
    settings = CareerSettings(
        (survey,), out=tmp_path, teachers=(str(career),), simulated=1, **SMALL
    )
    model = load_model(str(_with_card(train_career.fit(settings))))
    assert model.network.config.width == 16


def test_a_start_of_another_shape_is_refused(survey, tmp_path):
    settings = LanguageModelSettings(
        (survey,), tokenizer=TOKENIZER, out=tmp_path, start=TOKENIZER, **SMALL
    )
    with pytest.raises(SystemExit, match="start .*language_model"):
        train_language_model.fit(settings)


def test_a_foundation_reads_occupational_text(occupational_text, tmp_path):
    settings = PretrainSettings(
        occupational_text, tokenizer=TOKENIZER, out=tmp_path / "out", row_tokens=32,
        held_out=0.2, batch_rows=4, **SMALL,
    )  # fmt: skip
    folder = pretrain_language_model.fit(settings)
    assert AutoModelForCausalLM.from_pretrained(folder).config.num_hidden_layers == 1


def test_text_is_cut_into_whole_rows_and_its_perplexity_counts_every_token_but_the_first():
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(TOKENIZER)
    rows = in_rows(tokenizer, [" Cooks\n"] * 50, 8)
    whole = tokenizer([" Cooks\n"], add_special_tokens=False)["input_ids"][0]
    assert rows.flatten().tolist() == (whole * 50)[: rows.numel()]
    model = AutoModelForCausalLM.from_pretrained(TOKENIZER).eval()
    with torch.inference_mode():
        mean = model(input_ids=rows, labels=rows).loss.item()
    found = pretrain_language_model.token_perplexity(model, [rows])
    assert found == pytest.approx(math.exp(mean), rel=1e-4)
