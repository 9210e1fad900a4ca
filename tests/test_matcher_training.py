import json
from string import ascii_lowercase

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import BertConfig, BertModel

from occu_core.assets import asset_path
from occu_core.matching.features import Vocabulary
from occu_core.matching.few_bits import packed
from occu_core.matching.matcher_report import read_figures
from occu_core.matching.title_encoder import pieces_of
from tests.conftest import SHARED
from train.matcher_choices import made_up_words, ranks_of, threshold
from train.matcher_encoder import EncoderSettings, Rounded, tables_of, teach_encoder
from train.matcher_feature_network import (
    FeatureSettings,
    TitleNetwork,
    averaged,
    batch_of,
    loss_of,
    teach,
)
from train.matcher_lessons import (
    Lessons,
    Meanings,
    first_text,
    no_meanings,
    shares_of,
    vocabulary_of,
)
from train.matcher_titles import (
    ListedTitle,
    Listing,
    Part,
    Source,
    _families,
    _long_form,
    part_of,
    read_titles,
)
from train.measure_matcher import questions

needs_data = pytest.mark.skipif(
    not (SHARED / "occupations").exists(), reason="no data beside the project: ../shared/data"
)
SMALL = FeatureSettings(1, 1, 8, 30, 2, 0.05, 0.0, 0.0, 1.0, 1, False, False)


def title(key, codes, **texts):
    known = {Source[name]: text for name, text in texts.items()}
    return ListedTitle(key, Part.TRAIN, codes, known, {text: s for s, text in known.items()})


COOK = title("cook", {"436": 2.0}, ONET="Cooks", CENSUS_2000="Cook")
CLERK = title("clerk", {"337": 1.0, "389": 3.0}, CENSUS_1990="Clerk")


def test_codes_share_a_title_by_how_often_they_are_listed():
    shares = shares_of([COOK, CLERK], ["337", "389", "436"])
    assert shares.tolist() == [[0, 0, 1], [0.25, 0.75, 0]]


def test_the_newest_index_speaks_for_a_title():
    assert first_text(COOK) == "Cook"
    assert [(one.title, one.source, one.text) for one in questions([COOK, CLERK])] == [
        (0, None, "Cook"),
        (0, Source.ONET, "Cooks"),
        (0, Source.CENSUS_2000, "Cook"),
        (1, None, "Clerk"),
        (1, Source.CENSUS_1990, "Clerk"),
    ]


@pytest.mark.parametrize(
    ("written", "short", "long"),
    [
        ("Registered Nurse (RN)", "RN", "Registered Nurse"),
        ("CEO (Chief Executive Officer)", "CEO", "Chief Executive Officer"),
        ("Finance Vice President (Finance VP)", "Finance VP", "Finance Vice President"),
        ("RN", "RN", "RN"),
    ],
)
def test_a_title_and_its_short_form_are_told_apart(written, short, long):
    assert _long_form(written, short) == long


def test_a_title_and_its_short_form_stay_in_one_part():
    rows = [
        Listing("Chief Executive", "CEO", Source.ONET, ("4",)),
        Listing("Chief Executive Officer", "CEO", Source.ONET, ("4",)),
        Listing("Cook", None, Source.ONET, ("436",)),
    ]
    families = _families(rows)
    assert families["chief executive"] == families["chief executive officer"]
    assert families["cook"] == "cook"


def test_a_tenth_of_keys_is_for_testing_and_a_tenth_for_choosing():
    parts = [part_of(f"title {number}") for number in range(5000)]
    assert parts.count(Part.TEST) / 5000 == pytest.approx(0.1, abs=0.015)
    assert parts.count(Part.VALID) / 5000 == pytest.approx(0.1, abs=0.015)


@needs_data
def test_no_form_of_a_test_title_is_learned():
    titles = read_titles()
    assert len({one.key for one in titles}) == len(titles)
    learned = {one.key for one in titles if one.part is Part.TRAIN}
    tested = [one for one in titles if one.part is Part.TEST]
    assert len(tested) == pytest.approx(0.1 * len(titles), rel=0.05)
    assert not learned & {one.key for one in tested}


def test_the_loss_is_satisfied_by_any_listed_code_or_wants_each_by_its_share():
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]))
    shares = torch.tensor([[0.9, 0.1, 0.0], [0.0, 0.0, 1.0]])
    any_listed = -(np.log(0.8) + np.log(0.8)) / 2
    by_share = -(0.9 * np.log(0.5) + 0.1 * np.log(0.3) + np.log(0.8)) / 2
    assert loss_of(logits, shares, 1.0).item() == pytest.approx(any_listed, abs=1e-6)
    assert loss_of(logits, shares, 0.0).item() == pytest.approx(by_share, abs=1e-6)


def test_the_average_of_networks_has_the_mean_of_their_logits():
    torch.manual_seed(3)
    networks = [TitleNetwork(6, 4, SMALL).eval() for _ in range(2)]
    for network in networks:
        torch.nn.init.normal_(network.vectors.weight)
    places = np.array([0, 3, 5])
    meanings = Meanings(np.array([3]), np.full((1, 384), 0.02, np.float32))
    batch = batch_of([places], meanings.of(places)[None])
    logits = np.mean([network(batch).detach().numpy()[0] for network in networks], axis=0)
    together = averaged(networks, vocabulary_with(6), meanings)
    assert together.logits_of([places])[0] == pytest.approx(logits, abs=0.2)


def test_a_network_learns_what_it_is_taught():
    forms = [[np.array([0, 1])], [np.array([2, 3])]] * 4
    shares = np.array([[1, 0], [0, 1]] * 4, np.float32)
    meant = [[np.zeros(384, np.float16)]] * 8
    taught = teach(Lessons(forms, meant, shares), 4, 1, SMALL)
    network = averaged([taught], vocabulary_with(4), no_meanings())
    logits = network.logits_of([np.array([0, 1]), np.array([2, 3])])
    assert logits[0, 0] > logits[0, 1] + 2
    assert logits[1, 1] > logits[1, 0] + 2


def vocabulary_with(features):
    return Vocabulary(np.arange(features, dtype=np.uint32), np.zeros(0, np.uint32))


# The encoder


PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *ascii_lowercase]
PIECES += [f"##{letter}" for letter in ascii_lowercase]
PIECES += ["truck", "driver", "registered", "nurse", "cook", "actuary"]


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """A small encoder after some steps, as torch runs it and as it is stored."""
    folder = tmp_path_factory.mktemp("encoder")
    words = models.WordPiece({piece: row for row, piece in enumerate(PIECES)}, unk_token="[UNK]")
    tokenizer = Tokenizer(words)
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.save(str(folder / "tokenizer.json"))
    torch.manual_seed(0)
    sizes = {"hidden_size": 48, "num_hidden_layers": 2, "intermediate_size": 96}
    BertModel(BertConfig(vocab_size=len(PIECES), num_attention_heads=12, **sizes)).save_pretrained(
        folder
    )
    forms = [["Truck driver"], ["Registered nurse", "Nurse, registered"], ["Cook"]] * 8
    shares = np.eye(3, dtype=np.float32)[[0, 1, 2] * 8]
    settings = EncoderSettings(1, 40, 12, 3e-3, 3e-3, 0.0, 0.1, 0.5, 1)
    network, tokenizer = teach_encoder(forms, shares, settings, folder)
    return network, tables_of(network, tokenizer)


def test_the_stored_encoder_says_what_was_taught_with_its_rounded_weights(taught):
    network, tables = taught
    encoder = tables.encoder()
    for title in ("truck driver", "RN", "cook of trucks and nurses", "zzz"):
        pieces = torch.tensor([pieces_of(tables.tokenizer, title)])
        with torch.inference_mode():
            expected = network(pieces, torch.ones(pieces.shape)).numpy()
        assert encoder.logits([title]) == pytest.approx(expected, abs=1e-4)


def test_the_encoder_learns_what_it_is_taught(taught):
    logits = taught[1].encoder().logits(["truck driver", "nurse, registered", "cooks"])
    assert logits.argmax(axis=1).tolist() == [0, 1, 2]


def test_titles_read_together_say_the_same_as_alone(taught):
    encoder = taught[1].encoder()
    titles = ["cook", "truck driver", "cook", "registered nurse of the night", ""]
    alone = np.concatenate([encoder.logits([title]) for title in titles])
    assert encoder.logits(titles) == pytest.approx(alone, abs=1e-4)
    assert encoder.logits([]).shape == (0, 3)


def test_a_word_of_rare_pieces_is_spelt_with_smaller_ones(taught):
    tokenizer = taught[1].tokenizer
    assert "truck" in tokenizer.encode("truck").tokens
    spelt = tokenizer.encode("actuary").tokens
    assert "".join(piece.removeprefix("##") for piece in spelt) == "actuary"


def test_a_rounded_weight_has_sixteen_levels_and_passes_its_gradient_on():
    weight = torch.randn(5, 64, requires_grad=True)
    rounded = Rounded(weight)(weight)
    assert all(len(row.unique()) <= 16 for row in rounded)
    assert rounded.detach().numpy() == pytest.approx(
        packed(weight.detach().numpy()).rows(), abs=1e-6
    )
    rounded.sum().backward()
    assert weight.grad.tolist() == torch.ones(5, 64).tolist()


def test_a_feature_of_too_few_titles_is_not_kept_but_its_word_is_known():
    vocabulary = vocabulary_of([COOK, CLERK], 2)
    assert len(vocabulary.places("cook")) == 0
    assert vocabulary.unknown_words("cook clerk baker") == ("baker",)


def test_ranks_count_only_wrong_codes_before_the_first_right_one():
    scores = np.array([[0.4, 0.3, 0.2, 0.1]] * 3, np.float32)
    accepted = np.array([[1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 0, 1]], bool)
    assert ranks_of(scores, accepted).tolist() == [0, 2, 3]


def test_nothing_is_sure_where_no_confidence_is_precise_enough():
    assert threshold(np.array([0.9, 0.8]), np.array([False, False]), 0.95) == 1.0
    assert threshold(np.array([0.9, 0.8]), np.array([True, True]), 0.95) == 0.8


def test_made_up_words_are_the_same_again():
    assert made_up_words(5, 1) == made_up_words(5, 1)
    assert all(word.replace(" ", "").isalpha() for word in made_up_words(50, 2))


# The report that ships


def report():
    return json.loads((asset_path("matching") / "report.json").read_text(encoding="utf-8"))


def test_the_report_names_its_command_and_leads_every_baseline():
    found = report()
    assert found["made_by"].startswith("python -m train.measure_matcher")
    systems = {name for name, one in found["all"].items() if isinstance(one, dict)}
    assert len(systems - {"matcher", "lead_top1"}) == 3
    assert found["all"]["lead_top1"]["low"] > 0


def test_the_page_says_what_the_report_says():
    found, words = report(), read_figures().in_words()
    assert f"{found['all']['titles']:,} titles" in words
    assert f"{100 * found['all']['matcher']['top1']['value']:.0f}% (" in words


def test_a_missing_or_damaged_report_says_nothing(tmp_path):
    assert read_figures(tmp_path / "none.json") is None
    (tmp_path / "report.json").write_text("{}")
    assert read_figures(tmp_path / "report.json") is None
