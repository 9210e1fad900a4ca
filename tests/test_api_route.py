"""The JSON route: over real HTTP on the real server, and its answers alone."""

import http.client
import json
import socket
import threading
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occu_core import json_route
from occu_core.data.career_json import CareerJsonError, parse_query
from occu_core.models.model_files import ModelError
from occu_core.models.storage import load_model, read_card, shipped_models
from occu_core.predictions import predict, to_json
from pages.shared import json_routes
from tests.browser import running_app

pytestmark = pytest.mark.skipif(not shipped_models(), reason="no model in assets/models")
CAREER = {
    "dataset": "NLSY97",
    "birth_year": 1981,
    "records": [
        {"year": 2009, "education": "high school", "occupation": "Cooks"},
        {"year": 2010, "education": "high school", "occupation": "436"},
    ],
}
JSON = {"Content-Type": "application/json"}
LIMIT = 1_000_000


def body(**changes):
    return json.dumps({**CAREER, **changes}).encode()


# The answers alone


@pytest.fixture(scope="module")
def cards():
    return {folder.name: read_card(folder) for folder in shipped_models()}


@pytest.fixture(scope="module")
def markov():
    return load_model("markov")


def answered(raw, cards, ask):
    return json_route.predict_answer(raw, cards, ask)


def test_the_answer_is_the_prediction_as_the_command_line_prints_it(cards, markov):
    answer = answered(body(model="markov", top=3), cards, lambda _, query: predict(markov, query))
    query = parse_query(body())
    assert answer == json_route.Answer(200, to_json(predict(markov, query), 3))
    assert len(answer.content["distribution"]) == 3


def test_the_first_model_is_asked_unless_another_is_named(cards, markov):
    asked = []

    def ask(name, query):
        asked.append(name)
        return predict(markov, query)

    answered(body(), cards, ask)
    answered(body(model=None), cards, ask)
    answered(body(model="markov"), cards, ask)
    assert asked == ["language_model", "language_model", "markov"]


@pytest.mark.parametrize(
    ("raw", "status", "words"),
    [
        (b"", 400, "is not a career in JSON"),
        (b"{", 400, "is not a career in JSON"),
        (b"\xff\xfe", 400, "is not UTF-8"),
        (b"[" * 100_000, 400, "nested too deeply"),
        (b'{"records": [], "records": []}', 400, "given twice"),
        (b'{"birth_year": NaN}', 400, "NaN is not a JSON value"),
        (b"[]", 422, "expected an object with the keys"),
        (b"{}", 422, "a query year is needed"),
        (b"null", 422, "expected an object"),
        (body(model="gpt"), 404, "no model 'gpt'; expected one of language_model"),
        (body(model="../markov"), 404, "no model '../markov'"),
        (body(model="assets/models/markov"), 404, "no model"),
        (body(model=["markov"]), 404, "no model ['markov']"),
        (body(model="x" * 900), 404, "…; expected one of"),
        (body(top=0), 422, "top: 0 is not allowed"),
        (body(top=True), 422, "top: True is not allowed"),
        (body(top="9"), 422, "top: '9' is not allowed"),
        (body(wages=[1]), 422, "unknown key 'wages'"),
        (body(birth_year="1981"), 422, "a year such as 1997"),
        (body(records=[{"year": 1897, "occupation": "Cooks"}]), 422, "year 1897 is before 1950"),
        (body(query={"year": 2010}), 422, "cannot predict 2010 from a history that reaches 2010"),
        (b" " * LIMIT + b"{}", 413, "larger than 1 MB"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_cannot_be_answered_gets_a_status_and_a_sentence(raw, status, words, cards):
    def never(name, query):
        raise AssertionError("no model may be asked")

    answer = answered(raw, cards, never)
    assert (answer.status, list(answer.content)) == (status, ["error"])
    assert words in answer.content["error"]
    assert len(answer.content["error"]) < 400


def test_an_invalid_career_is_refused_in_the_words_of_the_command_line(cards):
    raw = body(records=[{"year": 2000, "occupation": "Coook"}])
    with pytest.raises(CareerJsonError) as refused:
        parse_query(raw)
    answer = answered(raw, cards, None)
    assert answer.content == {"error": str(refused.value)}
    assert "unknown occupation 'Coook'; nearest titles: Cooks" in answer.content["error"]


def test_a_fault_of_the_program_is_told_apart_and_shows_nothing_of_it(cards):
    def broken(name, query):
        raise RuntimeError("/home/secret/model.bin")

    def damaged(name, query):
        raise ModelError("/home/secret/model: the model cannot be loaded")

    for ask, status in ((broken, 500), (damaged, 503)):
        answer = answered(body(), cards, ask)
        assert answer.status == status
        assert "secret" not in answer.content["error"]


def test_without_a_model_the_route_says_so():
    assert answered(body(), {}, None).status == 503
    assert json_route.health_answer({}).status == 503


@given(st.binary(max_size=200) | st.text(max_size=60).map(lambda text: json.dumps(text).encode()))
def test_no_bytes_at_all_bring_it_down(raw):
    assert 400 <= answered(raw, {"markov": None}, None).status < 500


@pytest.mark.parametrize(
    ("content_type", "length", "status"),
    [
        ("application/json", "10", None),
        ("Application/JSON; charset=UTF-8", None, None),
        (None, "10", 415),
        ("text/plain", "10", 415),
        ("application/json; charset=latin-1", "10", 415),
        ("application/x-www-form-urlencoded", None, 415),
        ("application/json", str(LIMIT), None),
        ("application/json", str(LIMIT + 1), 413),
        ("application/json", "²", None),
    ],
)
def test_headers_alone_can_be_refused(content_type, length, status):
    refused = json_route.refused_unread(content_type, length)
    assert (refused.status if refused else None) == status


# Over HTTP


@pytest.fixture(scope="module")
def address():
    with running_app() as address:
        yield urlsplit(address).netloc


def send(address, method, path, raw=None, headers=JSON):
    connection = http.client.HTTPConnection(address, timeout=120)
    try:
        connection.request(method, path, body=raw, headers=headers)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


@pytest.mark.slow
def test_a_career_sent_is_answered_with_its_prediction(address, markov):
    answer, raw = send(address, "POST", "/api/predict", body(model="markov"))
    assert answer.status == 200
    assert json.loads(raw) == to_json(predict(markov, parse_query(body())))
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.slow
def test_health_and_models_are_there(address):
    answer, raw = send(address, "GET", "/api/health")
    assert (answer.status, json.loads(raw)) == (200, {"status": "ok"})
    _, raw = send(address, "GET", "/api/models")
    models = json.loads(raw)["models"]
    assert [m["name"] for m in models] == [folder.name for folder in shipped_models()]
    assert [m["default"] for m in models] == [True] + [False] * (len(models) - 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "path", "raw", "headers", "status"),
    [
        ("POST", "/api/predict", b"{", JSON, 400),
        ("POST", "/api/predict", body(), {"Content-Type": "text/plain"}, 415),
        ("POST", "/api/predict", body(), {}, 415),
        ("POST", "/api/predict", b"[" * 100_000, JSON, 400),
        ("POST", "/api/predict", body(model="gpt"), JSON, 404),
        ("POST", "/api/predict", body(top=0), JSON, 422),
        ("POST", "/api/predict", b" " * (LIMIT + 1), JSON, 413),
        ("GET", "/api/predict", None, {}, 405),
        ("PUT", "/api/predict", body(), JSON, 405),
        ("OPTIONS", "/api/predict", None, {"Origin": "https://other.example"}, 405),
        ("POST", "/api/health", b"{}", JSON, 405),
        ("GET", "/api/nothing", None, {}, 404),
        ("GET", "/api", None, {}, 404),
        ("POST", "/api/predict/", body(), JSON, 404),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_requests_are_refused_over_http(address, method, path, raw, headers, status):
    answer, found = send(address, method, path, raw, headers)
    assert answer.status == status
    assert list(json.loads(found)) == ["error"]
    assert b"Traceback" not in found
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.slow
def test_a_body_without_a_length_is_cut_off_at_the_limit(address):
    answer, _ = send(address, "POST", "/api/predict", iter([b" " * 60_000] * 100))
    assert answer.status == 413


@pytest.mark.slow
def test_who_hangs_up_or_lies_about_the_length_harms_nobody(address):
    host, port = address.split(":")
    with socket.create_connection((host, int(port))) as gone:
        gone.sendall(
            b"POST /api/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 500\r\n\r\n{"
        )
    answer, _ = send(address, "POST", "/api/predict", body(model="markov", top=1))
    assert answer.status == 200


@pytest.mark.slow
def test_many_at_once_are_all_answered_or_asked_to_come_back(address):
    found = []

    def ask(place):
        year = 1950 + place  # nothing is answered from memory
        raw = body(records=[], birth_year=None, query={"year": year}, model="language_model")
        answer, _ = send(address, "POST", "/api/predict", raw)
        found.append((answer.status, answer.headers["retry-after"]))

    send(address, "POST", "/api/predict", body())  # the model is loaded
    threads = [threading.Thread(target=ask, args=(k,)) for k in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    limit = json_routes.MOST_AT_ONCE + json_routes.MOST_WAITING
    answered = found.count((200, None))
    refused = found.count((503, str(json_route.RETRY_SECONDS)))
    assert answered + refused == 60
    assert answered >= limit
    assert refused > 0
    assert send(address, "GET", "/api/health")[0].status == 200
