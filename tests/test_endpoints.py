"""Calls to an OpenAI-compatible server: paid once, in pace, under the cap, no secret out."""

import asyncio
import time
from dataclasses import replace

import pytest

from occu_core.endpoints import (
    Caller,
    CallFailedError,
    CapReachedError,
    Endpoint,
    EndpointRefusedError,
    Reply,
    ReplyStore,
    conversation,
)
from tests.misbehaving_server import (
    BUSY,
    DOWN,
    EMPTY,
    GARBAGE,
    GATEWAY,
    HTML,
    KEY,
    MODEL,
    NO_USAGE,
    SLOW,
    TOKENS_IN,
    TOKENS_OUT,
    MisbehavingServer,
    apart,
    error,
)

PRICES = {"price_in": 1.0, "price_out": 2.0}
COST = (TOKENS_IN * 1.0 + TOKENS_OUT * 2.0) / 1e6
"""Of one call, by hand: 100 tokens at a dollar and 50 at two dollars a million."""


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("TEST_KEY", KEY)
    monkeypatch.setattr("occu_core.endpoints.troubles._FIRST_REST", 0.01)


def endpoint(server, **changes):
    usual = {"model": MODEL, "api_key_variable": "TEST_KEY", "max_tokens": 100, "timeout": 5.0}
    return Endpoint(server.url, **{**usual, **changes})


def first(*faults):
    """These faults for the first requests, then good answers."""
    return lambda number, _: faults[number] if number < len(faults) else None


def ask(where, *questions, store=None, cap=None, api_key=None):
    """All the answers to some questions, and what was used."""

    async def run():
        async with Caller(where, store, cap, api_key=api_key) as caller:
            found = await caller.ask_all([conversation(one) for one in questions])
            return found, caller.usage

    return apart(asyncio.run, run())


def test_an_answer_comes_with_its_tokens_cost_and_model():
    with MisbehavingServer() as server:
        (reply,), usage = ask(endpoint(server, **PRICES), "What is a keel?")
    assert (reply.tokens_in, reply.tokens_out, reply.model) == (100, 50, MODEL)
    assert reply.cost == usage.cost == usage.spent == COST
    assert not reply.cut
    assert not reply.cached


def test_parameters_travel_and_what_is_not_set_does_not():
    with MisbehavingServer() as server:
        ask(endpoint(server), "a")
        ask(endpoint(server, temperature=0.5, seed=7), "a")
    plain, set_ = server.bodies
    assert plain.keys() == {"model", "messages", "max_tokens"}
    assert (set_["temperature"], set_["seed"], set_["max_tokens"]) == (0.5, 7, 100)


def test_what_was_asked_before_is_not_paid_for_again(tmp_path):
    path = tmp_path / "replies.sqlite"
    with MisbehavingServer() as server:
        with ReplyStore(path) as store:
            (before,), _ = ask(endpoint(server), "What is a keel?", store=store)
        with ReplyStore(path) as store:
            (after,), usage = ask(endpoint(server), "What is a keel?", store=store)
    assert len(server.seen) == 1
    assert after == replace(before, cached=True)
    assert (usage.calls, usage.cached, usage.cost) == (0, 1, 0)


def test_the_same_question_at_the_same_time_is_paid_once():
    with MisbehavingServer(latency=0.1) as server:
        found, usage = ask(endpoint(server), *["What is a keel?"] * 20)
    assert len(server.seen) == 1
    assert len({reply.text for reply in found}) == 1
    assert (usage.calls, usage.cached) == (1, 19)


@pytest.mark.parametrize(
    "change",
    [{"model": "other"}, {"temperature": 0.1}, {"max_tokens": 99}, {"seed": 1}],
    ids=lambda change: next(iter(change)),
)
def test_another_model_or_parameter_is_another_question(change):
    one = Endpoint("http://a/v1", "m")
    turns = conversation("x")
    assert replace(one, **change).key(turns) != one.key(turns)
    assert one.key(turns, draw=1) != one.key(turns)
    assert one.key(conversation("x", system="y")) != one.key(turns)


def test_the_address_and_the_key_are_no_part_of_the_question():
    turns = conversation("x")
    one = Endpoint("http://a/v1", "m", "KEY_A")
    assert one.key(turns) == Endpoint("https://b/v1", "m", "KEY_B", timeout=1).key(turns)


@pytest.mark.parametrize("fault", [BUSY, DOWN, GATEWAY, EMPTY, GARBAGE])
def test_a_passing_fault_is_tried_again(fault):
    with MisbehavingServer(first(fault, fault)) as server:
        (reply,), usage = ask(endpoint(server), "a")
    assert isinstance(reply, Reply)
    assert len(server.seen) == 3
    assert (usage.calls, usage.failed) == (1, 0)


def test_a_timeout_is_tried_again_and_counted_at_the_most_it_can_have_cost():
    with MisbehavingServer(first(SLOW)) as server:
        where = endpoint(server, timeout=0.3, **PRICES)
        (reply,), usage = ask(where, "abc")
    # by hand: 3 bytes and 16 for the message and 16 for the whole at $1, 100 tokens out at $2
    assert usage.cost == pytest.approx(COST + (3 + 16 + 16 + 200) / 1e6, abs=1e-12)
    assert isinstance(reply, Reply)


def test_retry_after_is_waited_for_by_all_calls():
    busy = error(429, "slow", ("Retry-After", "0.6"))
    with MisbehavingServer(first(busy)) as server:
        ask(endpoint(server, concurrency=1), "a", "b")
    assert server.at[1] - server.at[0] >= 0.6
    assert len(server.seen) == 3


def test_a_rest_longer_than_two_minutes_is_refused_not_waited_for():
    with (
        MisbehavingServer(first(error(429, "quota", ("Retry-After", "3600")))) as server,
        pytest.raises(EndpointRefusedError, match="3,600 seconds"),
    ):
        ask(endpoint(server), "a")


def test_retries_end():
    with MisbehavingServer(lambda *_: DOWN) as server:
        (failed,), usage = ask(endpoint(server, retries=2), "a")
    assert isinstance(failed, CallFailedError)
    assert "answered 500: out of memory" in str(failed)
    assert len(server.seen) == 3
    assert usage.failed == 1


def test_ten_calls_that_fail_in_a_row_end_the_run():
    with (
        MisbehavingServer(lambda *_: DOWN) as server,
        pytest.raises(EndpointRefusedError, match="10 calls in a row failed"),
    ):
        ask(endpoint(server, retries=0, concurrency=1), *map(str, range(100)))
    assert len(server.seen) == 10


def test_one_refused_call_does_not_end_the_others():
    bad = error(400, "content policy")
    with MisbehavingServer(lambda _, said: bad if said == "b" else None) as server:
        found, _ = ask(endpoint(server), "a", "b", "c")
    assert [isinstance(one, Reply) for one in found] == [True, False, True]
    assert "refused this call (400): content policy" in str(found[1])
    assert len(server.seen) == 3


@pytest.mark.parametrize(
    ("faults", "changes", "said"),
    [
        ([HTML], {}, "web page, not with JSON; an OpenAI-compatible address usually ends in /v1"),
        ([], {"model": "gpt-0"}, "does not know the model 'gpt-0'"),
        ([error(429, "pay first", code="insufficient_quota")], {}, "answered 429: pay first"),
        ([error(403, "no access")], {}, "does not accept the key (403: no access)"),
    ],
    ids=["html", "model", "credit", "forbidden"],
)
def test_what_no_retry_can_help_is_refused_at_once(faults, changes, said):
    with (
        MisbehavingServer(first(*faults)) as server,
        pytest.raises(EndpointRefusedError) as refused,
    ):
        ask(endpoint(server, concurrency=1, **changes), "a", "b", "c")
    assert said in str(refused.value)
    assert len(server.seen) == 1


def test_an_address_without_chat_completions_is_named():
    with MisbehavingServer() as server:
        where = replace(endpoint(server), base_url=server.url.removesuffix("/v1"))
        with pytest.raises(EndpointRefusedError, match=r"no /chat/completions .* ends in /v1"):
            ask(where, "a")


def test_nobody_at_the_address_is_said_and_costs_nothing():
    with MisbehavingServer() as server:
        where = endpoint(server, retries=1, **PRICES)
    (failed,), usage = ask(where, "a")
    assert f"no connection to {where.base_url}" in str(failed)
    assert usage.cost == 0


def test_a_missing_key_is_refused_before_any_call(monkeypatch):
    monkeypatch.delenv("TEST_KEY")
    with (
        MisbehavingServer() as server,
        pytest.raises(EndpointRefusedError, match="variable TEST_KEY is not set"),
    ):
        ask(endpoint(server), "a")
    assert not server.seen


def test_a_wrong_key_is_said_without_repeating_it(monkeypatch):
    monkeypatch.setenv("TEST_KEY", "sk-wrong-9876543210")
    with MisbehavingServer() as server, pytest.raises(EndpointRefusedError) as refused:
        ask(endpoint(server), "a")
    assert "does not accept the key" in str(refused.value)
    assert "check the key in TEST_KEY" in str(refused.value)
    assert "9876543210" not in str(refused.value)


def test_a_key_given_by_hand_is_used_and_kept_nowhere(tmp_path):
    with MisbehavingServer() as server, ReplyStore(tmp_path / "r.sqlite") as store:
        where = endpoint(server, api_key_variable=None)
        ask(where, "a", store=store, api_key=KEY)
    assert KEY not in repr(where)
    for path in tmp_path.iterdir():
        assert KEY.encode() not in path.read_bytes()


def test_the_key_of_another_service_in_the_environment_is_not_sent(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody-else")
    with MisbehavingServer() as server, pytest.raises(EndpointRefusedError) as refused:
        ask(endpoint(server, api_key_variable=None), "a")
    # the server repeats the key that it was sent
    assert "Bearer none" in str(refused.value)


def test_a_key_in_the_place_of_its_variables_name_is_refused_and_not_repeated():
    with pytest.raises(EndpointRefusedError, match="never the key itself") as refused:
        Endpoint("http://a/v1", "m", KEY)
    assert KEY not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://me:word@a/v1",
        "http://a/v1?key=word",
        "ftp://a",
        "file:///word",
        "a",
        "",
        "http://a:x",
    ],
)
def test_an_address_is_http_and_holds_no_secret(url):
    with pytest.raises(EndpointRefusedError) as refused:
        Endpoint(url, "m")
    assert "me:word" not in str(refused.value)


def test_numbers_outside_their_range_are_refused_by_name():
    with pytest.raises(EndpointRefusedError, match="concurrency is 0; expected 1–256"):
        Endpoint("http://a/v1", "m", concurrency=0)
    with pytest.raises(EndpointRefusedError, match="price_in is nan"):
        Endpoint("http://a/v1", "m", price_in=float("nan"))


def test_no_more_calls_at_a_time_than_allowed():
    with MisbehavingServer(latency=0.03) as server:
        ask(endpoint(server, concurrency=3), *map(str, range(12)))
    assert server.busiest == 3


def test_calls_start_no_faster_than_allowed():
    with MisbehavingServer() as server:
        ask(endpoint(server, requests_per_minute=600), *map(str, range(5)))
    gaps = [b - a for a, b in zip(server.at, server.at[1:], strict=False)]
    assert min(gaps) > 0.03
    assert server.at[-1] - server.at[0] >= 0.3


def test_the_cap_is_never_broken_and_used_as_far_as_it_goes():
    # A call costs $0.0002 and at most (1 + 32 + 200) / 1e6 = $0.000233: four fit under $0.00099,
    # since after four $0.0008 is spent; a fifth could come to $0.001033.
    with MisbehavingServer(latency=0.02) as server:
        where = endpoint(server, concurrency=8, **PRICES)
        with ReplyStore() as store:
            with pytest.raises(CapReachedError, match=r"cap of \$0.00 is reached: \$0.0008 spent"):
                ask(where, *"abcdefgh", store=store, cap=0.00099)
            assert store.spent() == pytest.approx(4 * COST, abs=1e-12)
    assert sum(server.paid.values()) == 4


def test_the_cap_holds_over_all_runs(tmp_path):
    with MisbehavingServer() as server:
        where = endpoint(server, **PRICES)
        for questions, paid in (("ab", 2), ("abc", 3), ("abcdef", 4)):
            with ReplyStore(tmp_path / "r.sqlite") as store:
                try:
                    ask(where, *questions, store=store, cap=0.00099)
                except CapReachedError:
                    assert questions == "abcdef"
            assert sum(server.paid.values()) == paid


def test_a_call_that_was_never_heard_of_again_counts_in_full():
    with MisbehavingServer() as server, ReplyStore() as store:
        store.enter("torn away by a kill", 0.0009)
        with pytest.raises(CapReachedError):
            ask(endpoint(server, **PRICES), "a", store=store, cap=0.001)
    assert not server.seen


def test_a_cap_needs_prices():
    with (
        MisbehavingServer() as server,
        pytest.raises(EndpointRefusedError, match=r"cap of \$1.00 needs prices"),
    ):
        ask(endpoint(server), "a", cap=1.0)


def test_a_server_that_reports_no_usage_is_counted_at_the_most():
    with MisbehavingServer(lambda *_: NO_USAGE) as server:
        (reply,), _ = ask(endpoint(server, **PRICES), "abc")
    assert (reply.tokens_in, reply.tokens_out) == (3 + 16 + 16, 100)


def test_a_server_that_wants_the_newer_name_of_the_limit_gets_it():
    newer = error(400, "Unsupported parameter: use 'max_completion_tokens' instead")

    def fault(number, _):
        return newer if "max_tokens" in server.bodies[number] else None

    with MisbehavingServer(fault) as server:
        found, _ = ask(endpoint(server, concurrency=1), "a", "b")
    assert all(isinstance(one, Reply) for one in found)
    assert [sorted(body)[0] for body in server.bodies] == [
        *("max_tokens", "max_completion_tokens", "max_completion_tokens")
    ]


def test_cancelling_keeps_every_reply_that_is_being_paid_for():
    async def run(where, store):
        async with Caller(where, store) as caller:
            asking = asyncio.create_task(caller.ask_all([conversation(str(n)) for n in range(40)]))
            while len(server.seen) < 6:
                await asyncio.sleep(0.01)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking

    with MisbehavingServer(latency=0.2) as server, ReplyStore() as store:
        where = endpoint(server, concurrency=4)
        apart(asyncio.run, run(where, store))
        assert not store.unsettled()
        asked = len(server.seen)
        assert 6 <= asked <= 8
        _, usage = ask(where, *map(str, range(40)), store=store)
        assert usage.cached == asked
    assert max(server.paid.values()) == 1


def test_a_hundred_answers_from_the_store_take_no_time(tmp_path):
    questions = [str(n) for n in range(100)]
    with MisbehavingServer() as server, ReplyStore(tmp_path / "r.sqlite") as store:
        ask(endpoint(server), *questions, store=store)
        began = time.perf_counter()
        _, usage = ask(endpoint(server), *questions, store=store)
        assert time.perf_counter() - began < 1
    assert usage.cached == 100


def test_a_file_that_is_something_else_is_refused(tmp_path):
    path = tmp_path / "replies.sqlite"
    path.write_text("not a database, only words " * 100)
    with pytest.raises(ValueError, match="replies.sqlite: replies cannot be kept here"):
        ReplyStore(path)
