"""Answers that give away who wrote them are found, and ordinary answers are left in peace."""

import pytest

from occu_core.pairwise.identity_leaks import find_leaks
from occu_core.pairwise.studies import Response, StudyQuestion


def leaks_in(text, system="system-x7"):
    answers = (Response(system, text, "answers.jsonl line 9"), Response("other-y8", "Fine."))
    return find_leaks([StudyQuestion("q1", "What?", answers)])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("As Vicuna, I have no hands.", "As Vicuna"),
        ("Hello! I'm ChatGPT, and I can help.", "I'm ChatGPT"),
        ("I’m ChatGPT.", "I’m ChatGPT"),
        ("I am an AI language model called Claude.", "I am an AI language model called Claude"),
        ("My name is Tülu.", "My name is Tülu"),
        ("As GPT-4, I would say no.", "As GPT-4"),
        ("this is\nBard speaking", "this is\nBard"),
        ("I was trained by OpenAI to help.", "I was trained by OpenAI"),
        (
            "I'm a language model developed by the team at Anthropic.",
            "I'm a language model developed by the team at Anthropic",
        ),
        ("Ask System X7 again.", "System X7"),
        ("SYSTEM_X7 says no.", "SYSTEM_X7"),
    ],
)
def test_an_answer_that_names_itself_is_found(text, found):
    (leak,) = leaks_in(text)
    assert leak.found == found
    assert (leak.place, leak.question_id, leak.system) == (
        "answers.jsonl line 9",
        "q1",
        "system-x7",
    )


@pytest.mark.parametrize(
    "text",
    [
        "As a nurse, I would wash my hands.",
        "The llama is kept for its wool, and alpacas too.",
        "Claude Monet was a painter. Falcons hunt by day.",
        "Use ChatGPT to draft the letter, then check it.",
        "The car was made by Google, they say. I drive a car built by Google.",
        "System x77 is another one; so is subsystem x7b.",
        "I am a language model and have no hands.",
        "",
    ],
)
def test_an_ordinary_answer_is_left_in_peace(text):
    assert leaks_in(text) == ()


@pytest.mark.parametrize(
    ("text", "leaking"),
    [
        ("The human body is warm, in short.", False),
        ("I am human, and tired.", True),
        ("As human beings go, fine.", False),
    ],
)
def test_a_system_called_by_an_ordinary_word_leaks_only_where_it_names_itself(text, leaking):
    assert bool(leaks_in(text, "human")) is leaking


def test_the_excerpt_shows_what_stands_around_on_one_line():
    (leak,) = leaks_in("x" * 100 + "\nAs Vicuna, I\nknow. " + "y" * 100)
    assert "As Vicuna, I know." in leak.excerpt
    assert leak.excerpt.startswith("…x")
    assert leak.excerpt.endswith("y…")


def test_a_hundred_thousand_characters_are_searched_in_no_time():
    text = "i am the model that " * 5_000
    assert leaks_in(text) == ()


def test_a_system_named_by_signs_only_leaks_nothing():
    assert leaks_in("Anything...", "***") == ()
