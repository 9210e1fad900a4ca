"""The store: one vote for each pair shown, refusals by reason, and nothing lost or told."""

import threading
from collections import Counter
from dataclasses import asdict, fields, replace

import pytest
from sqlalchemy.exc import DBAPIError

from occu_core.pairwise.ballots import Ballot, Presented, Rest, SkipReason
from occu_core.pairwise.store import Store
from occu_core.pairwise.store_lookup import EventKind
from occu_core.pairwise.store_refusals import (
    AlreadyAnsweredError,
    BallotError,
    ConsentMissingError,
    IdentityLeaksError,
    JoiningClosedError,
    NothingToUndoError,
    NotYoursError,
    RevokedTokenError,
    StoreError,
    StudyClosedError,
    StudyExistsError,
    StudyNotOpenError,
    StudySettingsError,
    TooSoonError,
    UnknownPresentationError,
    UnknownStudyError,
    UnknownTokenError,
)
from occu_core.pairwise.studies import (
    CRITERIA,
    Expertise,
    ItemKind,
    PairChoice,
    Response,
    StudyQuestion,
    StudySettings,
    StudyState,
)
from occu_core.pairwise.tables import METADATA
from occu_core.pairwise.tokens import digest, has_admin_token, is_admin
from occu_core.pairwise.votes import Verdict, Vote
from tests.small_studies import (
    OPEN,
    Clock,
    annotator,
    answer_all,
    ballot,
    gold,
    launched,
    question,
    questions,
    shown,
    vote,
)

ODD = "'; DROP TABLE vote; -- \"`$$ %s %(x)s :x ‮שלום <script>alert(1)</script> \\ 🙂"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(database_url, clock):
    opened = Store(database_url, clock)
    yield opened
    opened.close()


def system_of(text):
    """Answers of small studies begin with their system's name."""
    return text.split("'")[0]


def test_the_migrations_make_the_tables_that_the_code_uses(store):
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    with store._database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_a_database_of_a_newer_version_is_refused(store, database_url):
    with store._database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="at '9999', which this version does not know"):
        Store(database_url)


def test_a_vote_is_there_after_the_store_is_opened_again(store, database_url, clock):
    launched(store, questions(3))
    who = annotator(store)
    vote(store, who)
    before = shown(store, who)
    again = Store(database_url, clock)
    assert len(again.votes("study")) == 1
    assert again.next(who) == before
    again.close()


def test_a_vote_says_what_was_seen(store, clock):
    launched(store, [question(1, category="law", field="Law", group="g")])
    who = annotator(store, field=" LAW ")
    pair = shown(store, who)
    clock.now += 7.5
    store.cast(who, pair.id, ballot(Verdict.RIGHT))
    (found,) = store.votes("study")
    assert found == Vote(
        question_id="q1",
        system_left=system_of(pair.left),
        system_right=system_of(pair.right),
        verdict=Verdict.RIGHT,
        annotator="annotator 1",
        response_left=pair.left,
        response_right=pair.right,
        category="law",
        seconds=7.5,
        criterion="overall",
        expert=True,
        time="2027-01-15T08:00:07.500000+00:00",
        group="g",
    )


def test_every_criterion_gives_a_vote_and_acceptable_stands_apart(store):
    settings = replace(OPEN, criteria=CRITERIA, ask_acceptable=True)
    launched(store, questions(1), settings)
    who = annotator(store)
    verdicts = zip(CRITERIA, Verdict, strict=True)
    given = Ballot(tuple((one.name, verdict) for one, verdict in verdicts), True, False)
    store.cast(who, shown(store, who).id, given)
    assert [(one.criterion, one.verdict) for one in store.votes("study")] == list(given.verdicts)
    assert {(v.acceptable_left, v.acceptable_right) for v in store.votes("study")} == {
        (True, False)
    }


def test_what_an_annotator_is_handed_names_no_system_and_no_item(store):
    quiet = StudyQuestion("secret-q", "What?", (Response("sys-x", "A"), Response("sys-y", "B")))
    launched(store, [quiet])
    who = annotator(store)
    handed = f"{asdict(shown(store, who))} {asdict(store.view(who))} {asdict(who)}"
    assert not any(word in handed for word in ("sys-x", "sys-y", "secret-q", "main"))
    assert {field.name for field in fields(Presented)} == {
        *("id", "question", "left", "right", "number", "total"),
        *("practice", "seconds_left", "may_undo"),
    }


def test_reload_and_other_people_leave_a_pair_as_it_was(store):
    launched(store, questions(5))
    one, other = annotator(store), annotator(store)
    pair = shown(store, one)
    assert shown(store, other).question != pair.question
    assert shown(store, one) == pair
    assert shown(store, one).number == 1


def test_the_same_ballot_again_gives_the_same_receipt_and_another_is_refused(store):
    launched(store, questions(2))
    who = annotator(store)
    pair = shown(store, who)
    receipt = store.cast(who, pair.id, ballot())
    assert store.cast(who, pair.id, ballot()) == receipt
    for other in (ballot(Verdict.RIGHT), ballot(comment="and why")):
        with pytest.raises(AlreadyAnsweredError):
            store.cast(who, pair.id, other)
    assert [one.verdict for one in store.votes("study")] == [Verdict.LEFT]


def test_simultaneous_votes_on_one_pair_are_one_vote(store):
    launched(store, questions(1))
    who = annotator(store)
    pair, outcomes = shown(store, who), []
    start = threading.Barrier(8)

    def cast(verdict):
        start.wait()
        try:
            outcomes.append(store.cast(who, pair.id, ballot(verdict)).done)
        except AlreadyAnsweredError:
            outcomes.append("refused")

    threads = [
        threading.Thread(target=cast, args=(verdict,))
        for verdict in [Verdict.LEFT, Verdict.TIE] * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(outcomes) == {1: 4, "refused": 4}
    assert len(store.votes("study")) == 1


def test_the_database_itself_refuses_a_second_vote(store):
    launched(store, questions(1))
    vote(store, annotator(store))
    with pytest.raises(StoreError), store._database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO vote SELECT * FROM vote")


@pytest.mark.parametrize("forged", ["", "x", "A" * 22, ODD, "x" * 10_000])
def test_a_forged_presentation_is_refused(store, forged):
    launched(store, questions(1))
    who = annotator(store)
    shown(store, who)
    with pytest.raises(UnknownPresentationError):
        store.cast(who, forged, ballot())


def test_another_annotators_pair_is_refused(store):
    launched(store, questions(2))
    one, other = annotator(store), annotator(store)
    pair = shown(store, one)
    for act in (
        lambda: store.cast(other, pair.id, ballot()),
        lambda: store.skip(other, pair.id, SkipReason.OTHER),
        lambda: store.report_harm(other, pair.id, "bad"),
    ):
        with pytest.raises(NotYoursError):
            act()
    assert store.votes("study") == []


def test_votes_are_taken_only_while_the_study_is_open(store):
    store.create("study", "A study", questions(2), OPEN)
    who = annotator(store)
    with pytest.raises(StudyNotOpenError):
        store.next(who)
    store.launch("study", allow_leaks=True)
    done = shown(store, who)
    store.cast(who, done.id, ballot())
    pair = shown(store, who)
    store.close_study("study")
    for act in (
        lambda: store.cast(who, pair.id, ballot()),
        lambda: store.skip(who, pair.id, SkipReason.OTHER),
        lambda: store.undo(who),
        lambda: store.next(who),
    ):
        with pytest.raises(StudyClosedError):
            act()
    assert store.cast(who, done.id, ballot()).done == 1  # an acknowledgement that was lost
    assert len(store.votes("study")) == 1
    store.reopen("study")
    assert shown(store, who) == pair


def test_a_vote_before_the_minimum_viewing_time_is_refused(store, clock):
    launched(store, questions(2), StudySettings(minimum_seconds=2.0))
    who = annotator(store)
    pair = shown(store, who)
    assert pair.seconds_left == 2.0
    clock.now += 1.5
    with pytest.raises(TooSoonError) as refusal:
        store.cast(who, pair.id, ballot())
    assert refusal.value.seconds_left == pytest.approx(0.5)
    assert shown(store, who).seconds_left == pytest.approx(0.5)  # a reload does not begin again
    clock.now += 0.5
    store.cast(who, pair.id, ballot())
    assert shown(store, who).seconds_left == 2.0  # a held key meets a new pair


def test_undo_gives_the_same_pair_again_and_the_log_keeps_both_votes(store, clock):
    launched(store, questions(3), StudySettings(minimum_seconds=2.0))
    who = annotator(store)
    first = shown(store, who)
    assert not first.may_undo
    with pytest.raises(NothingToUndoError):
        store.undo(who)
    clock.now += 2
    store.cast(who, first.id, ballot())
    second = shown(store, who)
    store.undo(who)
    assert store.votes("study") == []
    assert shown(store, who) == first
    with pytest.raises(TooSoonError):
        store.cast(who, first.id, ballot(Verdict.RIGHT))
    clock.now += 2
    store.cast(who, first.id, ballot(Verdict.RIGHT))
    assert shown(store, who).id == second.id
    assert [one.verdict for one in store.votes("study")] == [Verdict.RIGHT]
    kinds = [event.kind for event in store.events("study") if event.presentation_id == first.id]
    assert kinds == [EventKind.SHOWN, EventKind.VOTED, EventKind.UNDONE, EventKind.VOTED]


def test_undo_takes_back_one_vote_after_another(store, clock):
    launched(store, questions(3))
    who = annotator(store)
    numbers = []
    for _ in range(3):
        vote(store, who)
        clock.now += 1
    for _ in range(3):
        store.undo(who)
        numbers.append(shown(store, who).number)
    assert numbers == [3, 2, 1]
    with pytest.raises(NothingToUndoError):
        store.undo(who)


def test_a_skipped_pair_goes_to_others_and_not_back(store):
    launched(store, questions(1))
    one, other = annotator(store), annotator(store)
    pair = shown(store, one)
    store.skip(one, pair.id, SkipReason.NOT_MY_FIELD, "I am a cook")
    store.skip(one, pair.id, SkipReason.NOT_MY_FIELD, "I am a cook")  # the same click again
    assert store.next(one) == Rest(finished=True, done=0)
    with pytest.raises(AlreadyAnsweredError):
        store.cast(one, pair.id, ballot())
    assert shown(store, other).question == pair.question
    (note,) = store.notes("study")
    assert (note.kind, note.annotator, note.reason, note.text) == (
        *(EventKind.SKIPPED, 1, "not_my_field", "I am a cook"),
    )


def test_harm_and_comments_reach_the_maker(store):
    launched(store, questions(2))
    who = annotator(store)
    store.report_harm(who, shown(store, who).id, "dangerous advice")
    store.cast(who, shown(store, who).id, ballot(comment="close"))
    notes = [(note.kind, note.text) for note in store.notes("study")]
    assert notes == [(EventKind.VOTED, "close"), (EventKind.REPORTED, "dangerous advice")]
    (quality,) = store.quality("study")
    assert (quality.votes, quality.reported, quality.skipped) == (1, 1, 0)


def test_a_lease_that_ran_out_gives_the_pair_to_another_and_blocks_nobody(store, clock):
    launched(store, questions(1), replace(OPEN, lease_minutes=10.0, overlap=1))
    one, other = annotator(store), annotator(store)
    pair = shown(store, one)
    assert store.next(other) == Rest(finished=False, retry_seconds=600.0)
    clock.now += 601
    assert shown(store, other).question == pair.question
    assert shown(store, one) == replace(pair)  # whoever comes back finds their work
    store.cast(one, pair.id, ballot())
    vote(store, other)
    assert len(store.votes("study")) == 2


def test_coming_back_in_time_keeps_the_lease(store, clock):
    launched(store, questions(1), replace(OPEN, lease_minutes=10.0))
    one, other = annotator(store), annotator(store)
    shown(store, one)
    clock.now += 540
    shown(store, one)
    clock.now += 540
    assert store.next(other) == Rest(finished=False, retry_seconds=60.0)


@pytest.mark.parametrize("systems", [("alto", "bass"), ("alto", "bass", "cello")])
def test_sides_are_balanced_in_all_and_for_each_annotator(store, systems):
    launched(store, questions(12, systems), replace(OPEN, overlap=3))
    people = [annotator(store) for _ in range(3)]
    open_for = list(people)
    while open_for:  # everybody in turn, so that plan order alone would give each one side
        for who in list(open_for):
            if isinstance(store.next(who), Rest):
                open_for.remove(who)
            else:
                vote(store, who)
    votes = store.votes("study")
    pairs = {v.systems for v in votes}
    assert len(votes) == 12 * len(pairs) * 3
    for systems_met in pairs:
        met = [v for v in votes if v.systems == systems_met]
        assert sum(v.first_on_left for v in met) == len(met) / 2
        for name in {v.annotator for v in met}:
            own = [v.first_on_left for v in met if v.annotator == name]
            assert abs(2 * sum(own) - len(own)) <= 4
    assert Counter((v.annotator, v.item) for v in votes).most_common(1)[0][1] == 1


def test_each_pair_gets_the_votes_wanted_by_as_many_annotators(store):
    launched(store, questions(4), replace(OPEN, overlap=2))
    for _ in range(3):
        answer_all(store, annotator(store))
    votes = store.votes("study")
    assert Counter(vote.question_id for vote in votes) == dict.fromkeys(["q0", "q1", "q2", "q3"], 2)
    assert {vote.annotator for vote in votes} == {"annotator 1", "annotator 2"}


def test_people_of_the_field_get_its_questions_first(store):
    content = [question(n, field="Law" if n % 4 == 0 else "Cooking") for n in range(12)]
    launched(store, content)
    lawyer = annotator(store, field="law", expertise=Expertise.EXPERT)
    student = annotator(store, field="Cooking", expertise=Expertise.STUDENT)
    layman = annotator(store)
    for _ in range(3):
        vote(store, lawyer)
        vote(store, student)
    vote(store, layman)
    votes = store.votes("study")
    by_lawyer = [v for v in votes if v.annotator == "annotator 1"]
    assert {vote.question_id for vote in by_lawyer} == {"q0", "q4", "q8"}
    assert {(vote.annotator, vote.expert) for vote in votes} == {
        ("annotator 1", True),
        ("annotator 2", False),
        ("annotator 3", None),
    }


def test_practice_comes_first_explains_itself_and_counts_for_nothing(store):
    practice = question(9, kind=ItemKind.PRACTICE, expected="bass", explanation="It is deeper.")
    launched(store, [*questions(2), practice])
    who = annotator(store)
    pair = shown(store, who)
    assert pair.practice
    assert (pair.question, pair.total) == ("Question 9?", 3)
    receipt = store.cast(who, pair.id, ballot())
    deeper = Verdict.LEFT if system_of(pair.left) == "bass" else Verdict.RIGHT
    assert (receipt.expected, receipt.explanation) == (deeper, "It is deeper.")
    after = store.cast(who, shown(store, who).id, ballot())
    assert (after.expected, after.explanation) == (None, None)
    assert len(store.votes("study")) == 1
    assert len(store.votes("study", [ItemKind.PRACTICE])) == 1


def test_checks_and_repeats_come_among_the_others_and_are_kept_apart(store, clock):
    content = [*questions(20), gold(30, "alto"), gold(31, "bass", ItemKind.ATTENTION)]
    launched(store, content, replace(OPEN, checks_every=5, repeats_every=10))
    who = annotator(store)
    seen = []
    while not isinstance(pair := store.next(who), Rest):
        seen.append(pair)
        clock.now += 4
        on_left = system_of(pair.left) == "alto"
        store.cast(who, pair.id, ballot(Verdict.LEFT if on_left else Verdict.RIGHT))
    assert [pair.number for pair in seen] == list(range(1, 25))
    assert {pair.total for pair in seen} == {24}
    assert not any(pair.practice for pair in seen)
    kinds = {kind: store.votes("study", [kind]) for kind in ItemKind}
    assert {kind: len(votes) for kind, votes in kinds.items()} == {
        ItemKind.MAIN: 20,
        ItemKind.REPEAT: 2,
        ItemKind.GOLD: 1,
        ItemKind.ATTENTION: 1,
        ItemKind.PRACTICE: 0,
    }
    first = {vote.question_id: vote.system_left for vote in kinds[ItemKind.MAIN]}
    assert all(vote.system_left != first[vote.question_id] for vote in kinds[ItemKind.REPEAT])
    assert len(store.votes("study")) == 22
    (quality,) = store.quality("study")
    assert (quality.gold_right, quality.gold) == (1, 1)
    assert (quality.attention_passed, quality.attention) == (0, 1)
    assert (quality.repeats_same, quality.repeats) == (2, 2)
    assert (quality.votes, quality.median_seconds) == (20, 4.0)


def test_an_annotator_is_given_no_more_than_the_limit(store):
    launched(store, questions(9), replace(OPEN, per_annotator=4, completion_code="C0DE"))
    who = annotator(store)
    assert [pair.total for pair in answer_all(store, who)] == [4] * 4
    rest = store.next(who)
    assert rest == Rest(finished=True, completion_code="C0DE", done=4, may_undo=True)


def test_adaptive_choice_goes_where_least_is_known_and_marks_why(store):
    systems = ("alto", "bass", "cello")
    settings = replace(
        OPEN, pair_choice=PairChoice.ADAPTIVE, random_share=0.25, pairs_per_question=1, seed=3
    )
    launched(store, questions(90, systems), settings)
    who = annotator(store)
    while not isinstance(pair := store.next(who), Rest):
        left, right = system_of(pair.left), system_of(pair.right)
        # alto always beats cello and the others are even, so that pair is known soonest
        wins = {("alto", "cello"): Verdict.LEFT, ("cello", "alto"): Verdict.RIGHT}
        even = Verdict.LEFT if pair.number % 2 else Verdict.RIGHT
        store.cast(who, pair.id, ballot(wins.get((left, right), even)))
    votes = store.votes("study")
    assert len(votes) == 90  # as many as a balanced study with one pair a question
    by_chance = sum(not vote.adaptive for vote in votes)
    assert 10 <= by_chance <= 40
    adaptive = Counter(vote.systems for vote in votes if vote.adaptive)
    assert adaptive["alto", "cello"] < min(adaptive["alto", "bass"], adaptive["bass", "cello"])


def test_answers_that_give_away_their_system_stop_a_launch_until_allowed(store):
    content = [
        StudyQuestion(
            "q", "?", (Response("x1", "As Vicuna, no.", "f line 3"), Response("y1", "N"))
        ),
    ]
    (leak,) = store.create("study", "A study", content, OPEN).leaks
    assert (leak.place, leak.found) == ("f line 3", "As Vicuna")
    with pytest.raises(IdentityLeaksError, match=r"f line 3: the answer of x1 says 'As Vicuna'"):
        store.launch("study")
    assert store.summary("study").state is StudyState.DRAFT
    assert store.check("study").leaks == (leak,)
    store.launch("study", allow_leaks=True)
    assert store.summary("study").state is StudyState.OPEN


def test_invitations_are_secrets_of_128_bits_kept_as_digests(store):
    launched(store, questions(1))
    invitation = store.invite("study", label="Ada")
    assert len(invitation.token) == 22
    assert store.sign_in(f" {invitation.token}\n") == invitation.annotator
    with store._database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT token_digest FROM annotator").all()
    assert rows == [(digest(invitation.token),)]
    for token in ("", "x", invitation.token[:-1], digest(invitation.token), ODD):
        with pytest.raises(UnknownTokenError):
            store.sign_in(token)


def test_a_revoked_annotator_can_do_nothing_and_keeps_their_votes(store):
    launched(store, questions(3))
    token = store.invite("study").token
    who = store.sign_in(token)
    vote(store, who)
    pair = shown(store, who)
    store.revoke("study", who.number)
    for act in (
        lambda: store.sign_in(token),
        lambda: store.next(who),
        lambda: store.view(who),
        lambda: store.cast(who, pair.id, ballot()),
        lambda: store.undo(who),
    ):
        with pytest.raises(RevokedTokenError):
            act()
    assert len(store.votes("study")) == 1
    with pytest.raises(UnknownTokenError, match="has no annotator 9"):
        store.revoke("study", 9)


def test_a_verified_identity_comes_in_without_a_token(store):
    launched(store, questions(1))
    who = store.invite("study", identity="Ada@Example.org ").annotator
    assert store.sign_in_as("study", "ada@example.org") == who
    with pytest.raises(UnknownTokenError):
        store.sign_in_as("study", "eve@example.org")
    with pytest.raises(StudyExistsError):
        store.invite("study", identity="ADA@example.org")
    store.invite("study", identity="https://issuer|Sub")
    with pytest.raises(UnknownTokenError):
        store.sign_in_as("study", "https://issuer|sub")


def test_consent_comes_before_the_first_pair(store):
    launched(store, questions(1), replace(OPEN, consent="I take part."))
    token = store.invite("study").token
    who = store.sign_in(token)
    assert store.view(who).needs_consent
    with pytest.raises(ConsentMissingError):
        store.next(who)
    assert store.consent(who).consented
    assert store.sign_in(token).consented
    assert not store.view(who).needs_consent
    vote(store, who)


def test_anybody_joins_a_demo_and_it_can_be_reset(store):
    launched(store, questions(2), replace(OPEN, open_joining=True, demo=True))
    joined = store.join("study", " Ada ")
    vote(store, store.sign_in(joined.token))
    pair = shown(store, joined.annotator)
    assert sum(asdict(store.tally("study")[0])[side] for side in ("first_wins", "second_wins")) == 1
    store.reset("study")
    assert store.votes("study") == []
    assert (store.summary("study").annotators, store.summary("study").votes) == (0, 0)
    with pytest.raises(UnknownTokenError):
        store.sign_in(joined.token)
    with pytest.raises(UnknownTokenError):
        store.cast(joined.annotator, pair.id, ballot())
    assert EventKind.VOTED in {event.kind for event in store.events("study")}
    assert len(answer_all(store, store.join("study", "Bo").annotator)) == 2


def test_only_open_studies_are_joined_and_only_demos_reset(store):
    launched(store, questions(1))
    with pytest.raises(JoiningClosedError, match="by invitation only"):
        store.join("study", "Ada")
    with pytest.raises(StudySettingsError, match="is no demo"):
        store.reset("study")
    launched(store, questions(1), replace(OPEN, open_joining=True), "other")
    for nickname in ("", "  ", "x" * 41):
        with pytest.raises(JoiningClosedError, match="1 to 40 characters"):
            store.join("other", nickname)


def test_the_event_log_is_only_ever_added_to(store):
    launched(store, questions(1))
    for change in ("UPDATE event SET kind = 'x'", "DELETE FROM event"):
        with (
            pytest.raises(StoreError, match="only ever added to"),
            store._database.writing() as connection,
        ):
            connection.exec_driver_sql(change)
    assert [event.kind for event in store.events("study")] == [
        EventKind.CREATED,
        EventKind.LAUNCHED,
    ]


def test_the_tally_counts_by_system_on_main_items(store):
    launched(store, questions(4))
    who = annotator(store)
    for verdict in (Verdict.TIE, Verdict.BOTH_BAD):
        vote(store, who, verdict)
    for winner in ("alto", "bass"):
        pair = shown(store, who)
        side = Verdict.LEFT if system_of(pair.left) == winner else Verdict.RIGHT
        store.cast(who, pair.id, ballot(side))
    (tally,) = store.tally("study")
    assert tally.systems == ("alto", "bass")
    assert (tally.first_wins, tally.second_wins, tally.ties, tally.both_bad) == (1, 1, 1, 1)


def test_votes_cast_elsewhere_stand_beside_the_studys_own_once(store):
    launched(store, questions(1))
    vote(store, annotator(store))
    judged = Vote("q0", "alto", "bass", Verdict.TIE, "judge", automatic=True, criterion="overall")
    assert store.add_votes("study", "judge.jsonl", [judged]) == 1
    assert store.votes("study")[1:] == [judged]
    with pytest.raises(StudyExistsError, match=r"has votes from 'judge\.jsonl' already"):
        store.add_votes("study", "judge.jsonl", [judged])


def test_sql_and_scripts_in_every_field_are_only_text(store):
    answers = (Response(f"a{ODD}", f"1{ODD}", ODD), Response(f"b{ODD}", f"2{ODD}", ODD))
    content = [
        StudyQuestion(ODD, ODD, answers, ODD, ODD, ODD),
        StudyQuestion(f"p{ODD}", ODD, answers, kind=ItemKind.PRACTICE, explanation=ODD),
    ]
    settings = replace(OPEN, guidelines=ODD, consent=ODD, completion_code=ODD, open_joining=True)
    store.create("study", ODD, content, settings)
    store.launch("study", allow_leaks=True)
    who = store.consent(store.invite("study", ODD, ODD, identity=ODD).annotator)
    assert store.sign_in_as("study", ODD).number == who.number
    view = store.view(who)
    assert (view.title, view.guidelines, view.consent) == (ODD, ODD, ODD)
    assert store.cast(who, shown(store, who).id, ballot(comment=ODD)).explanation == ODD
    pair = shown(store, who)
    assert (pair.question, {pair.left, pair.right}) == (ODD, {f"1{ODD}", f"2{ODD}"})
    store.cast(who, pair.id, ballot(comment=ODD))
    assert store.next(who).completion_code == ODD
    (found,) = store.votes("study")
    assert {found.system_left, found.system_right} == {f"a{ODD}", f"b{ODD}"}
    assert (found.question_id, found.category, found.group, found.expert) == (ODD, ODD, ODD, True)
    store.join("study", ODD[:40])
    for name in (ODD, "nobody"):
        with pytest.raises(UnknownStudyError, match="studies: study"):
            store.summary(name)


def test_text_of_a_hundred_thousand_characters_comes_back_whole(store):
    huge = tuple(Response(system, system * 100_000) for system in "xy")
    launched(store, [StudyQuestion("q", "?" * 100_000, huge)])
    who = annotator(store)
    pair = shown(store, who)
    assert {pair.left, pair.right} == {"x" * 100_000, "y" * 100_000}
    with pytest.raises(BallotError, match="5,001 characters"):
        store.cast(who, pair.id, ballot(comment="x" * 5_001))


def test_a_name_is_taken_once(store):
    launched(store, questions(1))
    with pytest.raises(StudyExistsError, match="there is a study 'study' already"):
        store.create("study", "Another", questions(1), OPEN)
    assert [study.title for study in store.studies()] == ["A study"]


@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        ("nonsense", "is not a URL"),
        ("mysql://host/base", "is for 'mysql'"),
        ("sqlite://", "names no file"),
        ("sqlite:////dev/null/x/studies.sqlite3", "/dev/null"),
        ("postgresql://user:hunter2@127.0.0.1:1/base", "the database refused"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused_without_its_password(url, refusal):
    with pytest.raises(StoreError) as error:
        Store(url)
    assert refusal in str(error.value)
    assert "hunter2" not in str(error.value)


def test_only_the_admin_token_is_the_admins(monkeypatch):
    monkeypatch.delenv("OCCU_ADMIN_TOKEN", raising=False)
    assert not has_admin_token()
    assert not any(map(is_admin, (None, "", "x")))
    monkeypatch.setenv("OCCU_ADMIN_TOKEN", "short")
    assert not is_admin("short")
    monkeypatch.setenv("OCCU_ADMIN_TOKEN", "a-long-enough-secret")
    assert is_admin("a-long-enough-secret")
    assert not is_admin("a-long-enough-secreT")


def test_errors_of_the_database_come_as_refusals(store):
    with pytest.raises(StoreError) as error, store._database.writing() as connection:
        connection.exec_driver_sql("SELECT nothing FROM nowhere")
    assert isinstance(error.value.__cause__, DBAPIError)
