"""The Ask page: the sample's answers, models of the setting, and pairs for a study."""

import json
import re
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from occu_core.answering.asking import MOST_UNFINISHED, Answerers
from occu_core.answering.local_model import LocalModel
from occu_core.answering.questions import asked
from occu_core.answering.sources import LocalSource, ServerSource, SourceError, Writing
from occu_core.endpoints import Endpoint
from occu_core.pairwise.store import Store
from pages.shared import asking, asking_models, study_access
from tests.misbehaving_server import KEY
from tests.small_answer_models import TEMPLATE, save_adapter, save_base
from tests.streaming_server import MODEL, StreamingServer

ROOT = Path(__file__).resolve().parent.parent
HOSTILE = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) :material/home: $x$ `"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A base with a chat template, and an adapter on it."""
    folder = tmp_path_factory.mktemp("models")
    base = save_base(folder / "base", template=TEMPLATE)
    return {"base": base, "tuned": save_adapter(folder / "tuned", base)}


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    """A home, a store and a worker of this test alone; the visitor sits at this computer."""
    monkeypatch.setenv("OCCU_HOME", str(tmp_path))
    monkeypatch.setenv("TEST_KEY", KEY)
    monkeypatch.delenv("OCCU_ANSWER_MODELS", raising=False)
    monkeypatch.setattr(asking_models, "at_this_computer", lambda: True)
    monkeypatch.setattr(study_access, "at_this_computer", lambda: True)
    workers = Answerers(tmp_path / "asked")
    for module in (asking, asking_models):
        monkeypatch.setattr(module, "answerers", lambda: workers)
    return workers


def opened():
    """The page as a visitor finds it; through app.py, so that its links are known."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    return checked(at.run().switch_page("pages/ask.py").run())


def checked(at):
    assert not at.exception, at.exception[0].message
    return at


def plain(at):
    written = [*at.markdown, *at.caption, *at.info, *at.warning, *at.error, *at.success]
    return re.sub(r"\\(?=[^a-zA-Z0-9\s])", "", " ".join(element.value for element in written))


def select(at, name, value):
    """Choose in the box whose key begins so."""
    box = next(one for one in at.selectbox if one.key.startswith(f"ask.{name}"))
    return checked(box.select(value).run())


def typed(at, text):
    checked(at.segmented_control(key="ask.source").set_value("My own").run())
    return checked(at.text_area(key="ask.text").set_value(text).run())


def press(at, key):
    return checked(at.button(key=f"ask.{key}").click().run())


def answered(at):
    """The page once every answer has ended."""
    jobs = at.session_state["ask.jobs"]
    until = time.monotonic() + 60
    while not all(job.state.ended for job in jobs):
        assert time.monotonic() < until
        time.sleep(0.02)
    return checked(at.run())


def served(server, cap=1.0):
    return ServerSource("served", Endpoint(server.url, MODEL, price_in=1.0, price_out=2.0), cap)


def ended(job):
    until = time.monotonic() + 20
    while not job.state.ended:
        assert time.monotonic() < until
        time.sleep(0.01)
    return job.state


# The page


def test_without_a_model_it_says_so_and_shows_the_samples_own_answer_as_what_it_is():
    at = opened()
    assert "No model is set up to answer here" in plain(at)
    assert "OCCU_ANSWER_MODELS" in plain(at)
    select(at, "category", "Retail")
    at = press(at, "ask")
    assert "written for the project, by no model" in plain(at)
    assert "Work out what she paid: two at" in plain(at)
    assert not [
        button for button in at.button if button.key == "ask.add_pair" and not button.disabled
    ]


def test_a_question_of_ones_own_needs_a_model():
    at = typed(opened(), "Why does a weld crack?")
    assert at.button(key="ask.ask").disabled


def test_a_tuned_adapter_and_its_base_answer_side_by_side_and_go_to_a_study(models, monkeypatch):
    line = f"tuned={models['tuned']};base={models['base']}"
    monkeypatch.setenv("OCCU_ANSWER_MODELS", line)
    at = typed(opened(), "Why does a weld crack?")
    assert "No model is set up" not in plain(at)
    at.number_input(key="ask.tokens").set_value(16)
    at = select(at, "second", "base")
    at = answered(press(at, "ask"))
    model = LocalModel.load(LocalSource("tuned", str(models["tuned"])))
    prompt = model.prompt(asked("Why does a weld crack?").turns)
    (one,) = model.write([prompt], Writing(16))
    tuned, base = at.session_state["ask.jobs"]
    assert tuned.state.text == one.text != base.state.text
    assert "16 tokens in" in plain(at)
    assert "form: chat template" in plain(at)
    at = press(at, "add_pair")
    assert at.button(key="ask.add_pair").disabled
    at.text_input(key="ask.title").set_value("Two models").run()
    at = press(at, "create")
    assert "Study `two-models` is made" in plain(at)
    summary = Store().summary("two-models")
    assert summary.systems == ("base", "tuned")
    # the same title again is refused, and the first study stays
    assert "two-models" in plain(press(at, "create"))
    assert len(Store().studies()) == 1


def test_a_model_answers_beside_the_sample(models, monkeypatch):
    monkeypatch.setenv("OCCU_ANSWER_MODELS", f"tuned={models['tuned']}")
    at = select(opened(), "category", "Legal")
    at.number_input(key="ask.tokens").set_value(16)
    at = answered(press(select(at, "second", "sample"), "ask"))
    assert [job.system for job in at.session_state["ask.jobs"]] == ["tuned", "sample"]
    at = press(at, "add_pair")
    (pair,) = at.session_state["ask.gathered"]
    assert dict(pair[0].question.kept) == {"category": "Legal"}


def test_hostile_text_of_a_visitor_and_of_a_model_is_shown_and_does_nothing(monkeypatch):
    with StreamingServer([HOSTILE, " ", HOSTILE]) as server:
        monkeypatch.setenv("OCCU_ANSWER_MODELS", f"bad={server.url}#{MODEL}")
        at = answered(press(typed(opened(), HOSTILE), "ask"))
    shown = [one.value for one in at.markdown if "onerror" in one.value]
    assert len(shown) == 2
    for text in shown:
        assert "\\<img" in text
        assert "\\[x\\](" in text
    assert not [one for one in at.markdown if one.allow_html]


def test_a_server_is_added_on_the_page_and_its_key_is_never_shown(monkeypatch):
    with StreamingServer(["Cool it ", "slowly."]) as server:
        at = opened()
        at.text_input(key="ask.url").set_value(server.url)
        at.text_input(key="ask.model").set_value(MODEL)
        at.text_input(key="ask.variable").set_value("TEST_KEY")
        at.number_input(key="ask.price_read").set_value(1.0)
        at.number_input(key="ask.price_written").set_value(2.0)
        checked(at.button(key="ask.add").click().run())
        at = typed(at, "Why does a weld crack?")
        at = answered(press(select(at, "first", MODEL), "ask"))
        assert server.keys == [f"Bearer {KEY}"]
    assert "Cool it slowly." in plain(at)
    # 7 tokens in and 3 out at $1 and $2 a million
    assert "$0.0000" in plain(at)
    assert KEY not in plain(at)


@pytest.mark.parametrize(
    ("url", "variable", "why"),
    [
        ("file:///etc/passwd", "", "is not an address"),
        ("http://127.0.0.1:9/v1", "HOME", "must end in KEY or TOKEN"),
        ("http://127.0.0.1:9/v1", "NO_SUCH_KEY", "NO_SUCH_KEY is not set"),
        ("http://127.0.0.1:9/v1", "", "both prices are needed"),
    ],
)
def test_a_server_that_cannot_be_asked_is_not_added(url, variable, why):
    at = opened()
    at.text_input(key="ask.url").set_value(url)
    at.text_input(key="ask.model").set_value("m")
    at.text_input(key="ask.variable").set_value(variable)
    if "prices" not in why:
        at.number_input(key="ask.price_read").set_value(1.0)
        at.number_input(key="ask.price_written").set_value(1.0)
    at = checked(at.button(key="ask.add").click().run())
    assert why in plain(at)
    assert "ask.own" not in at.session_state


def test_a_setting_that_cannot_be_used_is_said_and_the_sample_stays(monkeypatch):
    monkeypatch.setenv("OCCU_ANSWER_MODELS", "gone=/no/such/folder")
    at = opened()
    assert "neither a model folder" in plain(at)
    (first,) = (box for box in at.selectbox if box.key.startswith("ask.first"))
    assert first.options == ["The sample's own answer (by no model)"]


def test_an_adapter_of_another_base_is_said_on_the_page(models, tmp_path, monkeypatch):
    tuned = save_adapter(tmp_path / "mine", models["base"])
    settings = json.loads((tuned / "adapter_config.json").read_text())
    settings["base_model_name_or_path"] = str(save_base(tmp_path / "gpt2", architecture="gpt2"))
    (tuned / "adapter_config.json").write_text(json.dumps(settings))
    monkeypatch.setenv("OCCU_ANSWER_MODELS", f"mine={tuned}")
    at = answered(press(typed(opened(), "Why?"), "ask"))
    assert "does not have" in plain(at)
    assert "no answer" in plain(at)


def test_a_question_that_is_too_long_for_the_model_is_said(models, monkeypatch):
    monkeypatch.setenv("OCCU_ANSWER_MODELS", f"base={models['base']}")
    at = answered(press(typed(opened(), "x" * 5_000), "ask"))
    assert "the model reads 4,096 with its answer" in plain(at)


def test_visitors_at_other_computers_have_the_sample_unless_it_is_switched_on(models, monkeypatch):
    monkeypatch.setenv("OCCU_ANSWER_MODELS", f"base={models['base']}")
    monkeypatch.setattr(asking_models, "at_this_computer", lambda: False)
    at = opened()
    assert "only in a browser on the computer that runs Occuscope" in plain(at)
    assert not at.text_input
    monkeypatch.setenv("OCCU_ASK", "on")
    at = opened()
    assert "base" in str([box.options for box in at.selectbox])
    assert not at.text_input  # no server of theirs: this one's keys could be sent there
    monkeypatch.setenv("OCCU_ASK", "off")
    monkeypatch.setattr(asking_models, "at_this_computer", lambda: True)
    assert "base" not in str([box.options for box in opened().selectbox if "first" in box.key])


def test_only_who_may_run_studies_makes_one(models, monkeypatch):
    monkeypatch.setenv("OCCU_ANSWER_MODELS", f"tuned={models['tuned']}")
    monkeypatch.setattr(study_access, "at_this_computer", lambda: False)
    at = opened()
    at.number_input(key="ask.tokens").set_value(16)
    at = press(answered(press(select(at, "second", "sample"), "ask")), "add_pair")
    assert "Studies are run from the computer that runs Occuscope" in plain(at)
    assert not [button for button in at.button if button.key == "ask.create"]


# Behind the page


def test_an_answer_is_streamed_as_it_grows_and_paid_for_by_its_usage(own):
    with StreamingServer(["Cool ", "it ", "slowly."], apart=0.1) as server:
        source = served(server)
        job = own.start(asked("Why?"), source, Writing(50, seed=3))
        seen = set()
        while not job.state.ended:
            seen.add(job.state.text)
            time.sleep(0.01)
        state = job.state
        assert {"Cool", "Cool it"} <= {text.strip() for text in seen}
        assert state.answer.reply.text == "Cool it slowly."
        assert state.answer.reply.cost == pytest.approx((7 + 2 * 3) / 1e6)
        assert own.spent(source) == pytest.approx((7 + 2 * 3) / 1e6)
        assert server.bodies[0]["max_tokens"] == 50
        again = ended(own.start(asked("Why?"), source, Writing(50, seed=3)))
        assert again.answer.reply.cached
        assert len(server.bodies) == 1


def test_a_stopped_answer_is_not_kept_as_one_and_counts_at_its_most(own):
    with StreamingServer(["word "] * 200, apart=0.05) as server:
        source = served(server)
        job = own.start(asked("Why?"), source, Writing(1_000))
        while not job.state.text:
            time.sleep(0.01)
        job.stop()
        state = ended(job)
        assert state.problem == "stopped before its end"
        assert state.text.startswith("word")
        assert state.answer is None
        assert server.sent < 100
        # 1,000 tokens at $2 a million, and the question's
        assert 0.002 < own.spent(source) < 0.0022
    assert not ended(own.start(asked("Why?"), source, Writing(1_000))).answer


@pytest.mark.parametrize("refuses", ["stream_options", None])
def test_servers_that_stream_without_options_or_not_at_all_answer_too(own, refuses):
    with StreamingServer(["Cool ", "it."], streams=bool(refuses), refuses=refuses) as server:
        state = ended(own.start(asked("Why?"), served(server), Writing(50)))
        assert state.answer.reply.text == state.text == "Cool it."
        assert len(server.bodies) == (2 if refuses else 1)


def test_a_stream_that_breaks_off_is_no_answer(own):
    with StreamingServer(["Cool "], breaks=True) as server:
        source = ServerSource(
            "any", Endpoint(server.url, MODEL, price_in=0.0, price_out=0.0, retries=0), 1.0
        )
        state = ended(own.start(asked("Why?"), source, Writing(50)))
    assert "broke off its answer" in state.problem
    assert state.text == "Cool "


def test_the_cap_holds_over_all_questions(own):
    with StreamingServer(["Cool it."]) as server:
        source = served(server, cap=0.0003)  # one call of 50 tokens may cost about 0.00014
        found = [own.start(asked(f"Why {k}?"), source, Writing(50)) for k in range(3)]
        # each costs 0.000013 when it is settled, so all three fit one after the other
        assert all(ended(job).answer for job in found)
        poor = served(server, cap=0.0001)
        state = ended(own.start(asked("And this?"), poor, Writing(50)))
        assert "the spending cap of $0.00 is reached" in state.problem
        assert len(server.bodies) == 3


def test_no_more_answers_are_begun_than_may_be(own):
    with StreamingServer(["word "] * 50, apart=0.05) as server:
        jobs = [
            own.start(asked(str(k)), served(server), Writing(50)) for k in range(MOST_UNFINISHED)
        ]
        with pytest.raises(SourceError, match="8 answers are being written"):
            own.start(asked("one more"), served(server), Writing(50))
        for job in jobs:
            job.stop()
        assert all(ended(job).ended for job in jobs)


def test_a_local_answer_is_stopped_where_it_is(own, models):
    source = LocalSource("base", str(models["base"]))
    job = own.start(asked("Why?"), source, Writing(2_000))
    waiting = own.start(asked("How?"), source, Writing(2_000))
    while not job.state.text:
        time.sleep(0.005)
    assert not waiting.state.begun
    waiting.stop()
    job.stop()
    assert ended(job).problem == "stopped before its end"
    assert job.state.text
    assert ended(waiting).problem == "stopped before it began"
