"""Datasets of every layout and in every state of damage."""

import csv
import gzip
import io
import json
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from occu_core.occuquest import reading_hub
from occu_core.occuquest.items import Role
from occu_core.occuquest.reading import first_rows, read_dataset, without_repeats
from occu_core.occuquest.reading_hub import OccuQuestSplit, local_split, split_files
from occu_core.occuquest.reading_layouts import Layout, layout_of, recognise
from occu_core.occuquest.reading_rows import MOST_ROW_BYTES, BadRow, DatasetError, opened_rows
from tests.conftest import SHARED

TURNS = [{"role": "user", "content": "Q?"}, {"role": "assistant", "content": "A."}]
ROWS = {
    Layout.OCCUQUEST: {"category": "Legal", "occupation": "Judge", "topic": "t", "messages": TURNS},
    Layout.MESSAGES: {"dataset": "tulu", "id": "x", "messages": TURNS},
    Layout.SHAREGPT: {
        "id": "x",
        "conversations": [{"from": "human", "value": "Q?"}, {"from": "gpt", "value": "A."}],
    },
    Layout.DOLLY: {"instruction": "Q?", "context": "", "response": "A.", "category": "open_qa"},
    Layout.ALPACA: {"instruction": "Q?", "input": "", "output": "A."},
    Layout.WIZARDLM: {"instruction": "Q?", "output": "A."},
    Layout.PROMPTS: {"prompt": "Q?"},
}


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def read(raw, name="data.jsonl", layout=None, most_bytes=None):
    with read_dataset(raw, layout, name=name, most_bytes=most_bytes) as (found, aside):
        return list(found), aside


def said(items):
    return [[(m.role, m.content) for m in item.messages] for item in items]


# Layouts


@pytest.mark.parametrize("layout", Layout)
def test_every_layout_is_recognised_and_read(layout):
    assert recognise([ROWS[layout]]) is layout
    found, aside = read(lines(ROWS[layout]))
    answered = [(Role.USER, "Q?"), (Role.ASSISTANT, "A.")]
    assert said(found) == [answered[:1] if layout is Layout.PROMPTS else answered]
    assert not aside.count


def test_occuquest_keeps_its_subject_and_other_sets_do_not_pass_theirs_off_as_one():
    (item,), _ = read(lines(ROWS[Layout.OCCUQUEST]))
    assert (item.category, item.occupation, item.topic) == ("Legal", "Judge", "t")
    (item,), _ = read(lines(ROWS[Layout.DOLLY]))
    assert item.category is None


def test_a_tag_is_the_category_of_what_has_none():
    tagged = {"tag_category": "Sales", "tag_occupation": "Cashier", "tag_confidence": 0.7}
    (item,), _ = read(lines(ROWS[Layout.ALPACA] | tagged))
    assert (item.category, item.occupation) == ("Sales", "Cashier")
    (item,), _ = read(lines(ROWS[Layout.OCCUQUEST] | tagged))
    assert (item.category, item.occupation) == ("Legal", "Judge")


def test_an_input_stands_below_its_instruction():
    (item,), _ = read(lines({"instruction": "Add", "input": "1 and 2", "output": "3"}))
    assert item.question == "Add\n\n1 and 2"


def test_turns_of_a_prompt_are_the_users():
    (item,), _ = read(lines({"question_id": 1, "turns": ["One?", "And two?"]}))
    assert said([item]) == [[(Role.USER, "One?"), (Role.USER, "And two?")]]
    assert item.is_dialogue


def test_the_format_may_be_chosen_where_it_would_be_taken_for_another():
    row = {"instruction": "Q?", "output": "A.", "prompt": "P?"}
    assert layout_of(row) is Layout.WIZARDLM
    (item,), _ = read(lines(row), layout=Layout.PROMPTS)
    assert item.question == "P?"


def test_a_layout_nobody_knows_is_refused_with_its_fields_and_the_way_out():
    with pytest.raises(
        DatasetError, match=r"not known: colour, size; expected one of occuquest.*--"
    ):
        read(lines({"colour": "red", "size": 3}))


def test_other_languages_are_read_letter_by_letter():
    asked = "怎样给病人换药？ كيف أقيس الضغط؟ 👩‍⚕️"
    raw = lines(asked) + json.dumps({"prompt": asked}, ensure_ascii=False).encode() + b"\n"
    assert [item.question for item in read(raw)[0]] == [asked, asked]


# Containers


def parquet(rows):
    file = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file.getvalue()


def table(rows, delimiter=","):
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("d.jsonl", lambda rows: lines(*rows)),
        ("d.json", lambda rows: json.dumps(rows, indent=2).encode()),
        ("d.json", lambda rows: json.dumps(rows).encode()),
        ("d.jsonl.gz", lambda rows: gzip.compress(lines(*rows))),
        ("d.json.gz", lambda rows: gzip.compress(json.dumps(rows).encode())),
        ("d.csv", table),
        ("d.csv", lambda rows: b"\xef\xbb\xbf" + table(rows, ";")),
        ("d.tsv", lambda rows: table(rows, "\t")),
        ("d.csv.gz", lambda rows: gzip.compress(table(rows))),
        ("d.parquet", parquet),
    ],
)
def test_the_same_rows_are_read_from_every_container(tmp_path, name, made):
    rows = [{"instruction": f"Q{k}, \n?", "input": "", "output": "A"} for k in range(30)]
    (tmp_path / name).write_bytes(made(rows))
    found, aside = read(tmp_path / name)
    assert [item.question for item in found] == [f"Q{k}, \n?" for k in range(30)]
    assert not aside.count


def test_plain_prompts_may_be_a_list_of_texts_or_a_column():
    assert [i.question for i in read(b'["One?", "Two?"]')[0]] == ["One?", "Two?"]
    assert [i.question for i in read(b'"One?"\n"Two?"\n')[0]] == ["One?", "Two?"]
    assert [i.question for i in read(b'"Prompt"\n"One, two?"\n', "p.csv")[0]] == ["One, two?"]


def test_elements_of_a_list_are_found_wherever_a_block_ends():
    rows = [{"prompt": "x" * 700_000 + str(k)} for k in range(5)]
    assert [i.question[-1] for i in read(json.dumps(rows).encode())[0]] == list("01234")


# Damage


def test_bad_rows_are_kept_aside_by_number_and_the_others_are_read():
    good = ROWS[Layout.MESSAGES]
    raw = lines(good) + b'{"messages": [{"role"\n\n' + lines({"messages": 3}, [1], good, {"a": 1})
    found, aside = read(raw)
    assert len(found) == 2
    assert [row.number for row in aside.first] == [2, 4, 5, 7]
    assert "is not JSON at character" in aside.first[0].problem
    assert aside.first[1].problem == "messages is 3; expected a list with `role, content`"
    assert aside.lines(2) == [str(aside.first[0]), str(aside.first[1]), "and 2 more rows"]


def test_bytes_that_are_not_text_spoil_only_their_row():
    good = lines({"prompt": "Q?"})
    found, aside = read(good + b'{"prompt": "\xff\xfe"}\n' + b'{"prompt": "\\ud800"}\n' + good)
    assert len(found) == 2
    assert [row.problem for row in aside.first] == [
        "is not UTF-8 text",
        "holds bytes or half characters that are no text",
    ]
    found, aside = read(b"prompt\nOne\n\xff\nTwo\n", "p.csv")
    assert [i.question for i in found] == ["One", "Two"]
    assert aside.lines() == ["row 3: is not UTF-8 text"]
    found, aside = read(b'["One", "\xff", "Two"]')
    assert [i.question for i in found] == ["One", "Two"]
    assert aside.first[0].number == 2


@pytest.mark.parametrize(
    ("raw", "number", "problem"),
    [
        (b'[{"prompt": "One?"}, {"prompt": "Tw', 2, "is not JSON"),
        (b'[{"prompt": "One?"}', 2, "the file ends where , or ] is expected"),
        (b'[{"prompt": "One?"} {"prompt": "Two?"}]', 2, "found '{' where , or ] is expected"),
        (b'[{"prompt": "One?"}, {bad}, {"prompt": "3"}]', 2, "nothing after it can be read"),
    ],
)
def test_a_torn_list_is_read_up_to_the_tear(raw, number, problem):
    found, aside = read(raw)
    assert [item.question for item in found] == ["One?"]
    assert aside.first[0].number == number
    assert problem in aside.first[0].problem


def test_a_torn_gzip_file_is_read_up_to_the_tear():
    rows = [{"prompt": f"Question {k} " + str(hash(k * 7919)) * 9} for k in range(5000)]
    packed = gzip.compress(lines(*rows))
    found, aside = read(packed[: len(packed) // 2])
    assert 100 < len(found) < 5000
    assert aside.lines() == [
        f"row {len(found) + 1}: the gzip file is damaged here; nothing after it can be read"
    ]
    wrong = bytearray(packed)
    wrong[len(packed) // 2] ^= 0xFF
    found, aside = read(bytes(wrong))
    assert aside.count >= 1


def test_a_csv_row_of_the_wrong_length_is_kept_aside():
    found, aside = read(b"prompt,answer\nOne,1\nTwo\n\nThree,3\n", "p.csv")
    assert [i.question for i in found] == ["One", "Three"]
    assert aside.lines() == ["row 3: has 1 values; expected 2, as the header"]


def test_a_damaged_parquet_file_is_named():
    raw = bytearray(parquet([{"prompt": "x" * 50}] * 3000))
    with pytest.raises(DatasetError, match=r"d\.parquet: no row can be read; row 1: the parquet"):
        read(bytes(raw[: len(raw) // 2]), "d.parquet")


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "is empty"),
        (b" \n ", "is empty"),
        (b"[]", "no row can be read; it has no rows"),
        (b"PK\x03\x04 sheet", "is a zip or spreadsheet file"),
        (b"\xff\xfep\x00", "is UTF-16 text"),
        (b"\x1f\x8bnonsense", "is a damaged gzip file"),
        (b"<html><body>404</body></html>", "layout that is not known|no row can be read"),
        (b'{"a": \n', "no row can be read; row 1: is not JSON"),
    ],
)
def test_what_is_no_dataset_is_refused_by_name(raw, problem):
    with pytest.raises(DatasetError, match=f"data: .*({problem})"):
        read(raw, "data")


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="there is no such file"):
        read(tmp_path / "gone.jsonl")


def test_an_upload_is_bounded_also_once_it_is_unpacked():
    raw = lines({"prompt": "x" * 900}) * 2000
    packed = gzip.compress(raw)
    assert len(packed) < 20_000
    for upload in (raw, packed):
        with pytest.raises(DatasetError, match=r"big: is larger than 1 MB"):
            read(upload, "big", most_bytes=1_000_000)
    assert len(read(packed, "big", most_bytes=2_000_000)[0]) == 2000
    with pytest.raises(DatasetError, match="unpacks to"):
        read(
            parquet([{"prompt": f"{k}" + "x" * 900} for k in range(2000)]),
            "p",
            most_bytes=1_000_000,
        )


def test_a_line_without_end_is_passed_over_and_never_held():
    raw = lines({"prompt": "One?"}) + b'"' + b"x" * (2 * MOST_ROW_BYTES) + b'"\n' + lines("Two?")
    tracemalloc.start()
    found, aside = read(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [item.question for item in found] == ["One?", "Two?"]
    assert aside.lines() == ["row 2: is longer than 16 MB"]
    assert peak < 2.5 * MOST_ROW_BYTES


def test_memory_does_not_grow_with_the_file(tmp_path):
    def peak(rows):
        path = tmp_path / f"{rows}.jsonl.gz"
        with gzip.open(path, "wb", compresslevel=1) as file:
            for k in range(rows):
                file.write(lines({"prompt": f"{k} " + "words " * 100}))
        tracemalloc.start()
        with read_dataset(path) as (items, _):
            assert sum(1 for _ in items) == rows
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(40_000) < 1.2 * peak(10_000)


def test_rows_with_the_same_id_are_told_apart_by_what_they_say():
    one, other = ({"id": "7", "prompt": prompt} for prompt in ("One?", "Other?"))
    found, _ = read(lines(one, other, {"id": "8", "prompt": "One?"}))
    assert [item.question for item in without_repeats(iter(found))] == ["One?", "Other?"]


def test_the_first_rows_are_looked_at_and_then_read():
    with opened_rows(lines(*({"prompt": str(k)} for k in range(30)))) as rows:
        again, contents = first_rows(rows, "x")
        assert len(contents) == 20
        assert [row.number for row in again] == list(range(1, 31))


def test_most_of_the_first_rows_decide_the_layout():
    strange = {"instruction": "Q", "output": "A"}
    assert recognise([strange, ROWS[Layout.ALPACA], ROWS[Layout.ALPACA], 3]) is Layout.ALPACA
    assert recognise([3, None, {}]) is None


# OccuQuest's six splits

RELEASED = [
    "README.md",
    "train.jsonl",
    "dialog.jsonl",
    "validation.jsonl",
    "test.jsonl",
    "estate_test.jsonl",
    "quora_test.jsonl",
]


def test_each_split_is_found_by_its_files_name():
    assert split_files(RELEASED) == {
        split: [next(name for name in RELEASED if name.startswith(split.value))]
        for split in OccuQuestSplit
    }
    sharded = ["data/train-00001-of-00002.parquet", "data/train-00000-of-00002.parquet"]
    assert split_files(sharded) == {OccuQuestSplit.TRAIN: sorted(sharded)}


def test_a_folders_split_is_read_and_a_missing_one_named(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "quora.jsonl").write_bytes(lines(ROWS[Layout.PROMPTS]))
    (path,) = local_split(tmp_path, OccuQuestSplit.QUORA)
    assert read(path)[0][0].question == "Q?"
    with pytest.raises(DatasetError, match="no file of split train; splits found: quora"):
        local_split(tmp_path, OccuQuestSplit.TRAIN)


def test_the_hub_is_asked_for_one_splits_files(monkeypatch, tmp_path):
    import huggingface_hub

    asked = []

    def download(repository, name, repo_type):
        asked.append((repository, name, repo_type))
        return str(tmp_path / name)

    monkeypatch.setattr(huggingface_hub.HfApi, "list_repo_files", lambda *a, **k: RELEASED)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)
    assert reading_hub.download_split(OccuQuestSplit.ESTATE) == [tmp_path / "estate_test.jsonl"]
    assert asked == [("OFA-Sys/OccuQuest", "estate_test.jsonl", "dataset")]


def test_a_hub_that_cannot_be_reached_is_a_refusal_with_the_way_out(monkeypatch):
    import huggingface_hub

    def fail(*args, **kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr(huggingface_hub.HfApi, "list_repo_files", fail)
    with pytest.raises(DatasetError, match="no route to host; download it where"):
        reading_hub.download_split(OccuQuestSplit.TEST)


# Real datasets, where they are

REAL = {
    "train/alpaca_random_9k.json.gz": (9_229, 0),
    "train/dolly_3k_filtered.json": (2_996, 0),
    "train/sharegpt_v3_first_prompt_500.json": (500, None),
    "train/oasst_prompt_lottery_en_250.jsonl": (250, 0),
    "prompts/arena_hard_v0.1_500.jsonl": (500, 0),
    "prompts/koala_test_180.jsonl": (180, 0),
    "prompts/vicuna_80.jsonl": (80, 0),
    "prompts/wizardlm_testset_218.jsonl": (218, 0),
    "prompts/self_instruct_user_oriented_252.jsonl": (252, 0),
}


@pytest.mark.parametrize("path", REAL)
def test_real_datasets_are_read_whole(path):
    file = SHARED / "instruct" / path
    if not file.exists():
        pytest.skip("no instruction data beside the project")
    found, aside = read(file)
    rows, left_out = REAL[path]
    assert len(found) + aside.count == rows
    assert left_out is None or aside.count == left_out
    assert all(isinstance(row, BadRow) for row in aside.first)
