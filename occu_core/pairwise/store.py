"""Where studies, annotators and votes are kept, safe from reloads, restarts and each other."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from occu_core.pairwise import (
    store_annotating,
    store_export,
    store_layout,
    store_people,
    store_presenting,
    store_quality,
    store_reading,
    store_studies,
)
from occu_core.pairwise.ballots import (
    Annotator,
    Ballot,
    Invitation,
    Presented,
    Receipt,
    Rest,
    SkipReason,
    StudyView,
)
from occu_core.pairwise.launching import Check
from occu_core.pairwise.store_database import Database, database_url
from occu_core.pairwise.store_export import Exported
from occu_core.pairwise.store_reading import VOTED_KINDS
from occu_core.pairwise.store_summaries import (
    AnnotatorQuality,
    Event,
    Note,
    StudySummary,
    Tally,
)
from occu_core.pairwise.studies import (
    Expertise,
    ItemKind,
    StudyQuestion,
    StudySettings,
)
from occu_core.pairwise.votes import Vote


class Store:
    """The one door to the database; one object serves all threads of a process.

    Every method is one transaction: when it returns, what it did is on disk. Refusals are
    subclasses of `StudyError` (see `store_refusals`), each for one reason.

    Args:
        url: an SQLAlchemy URL; `OCCU_DATABASE_URL`, or a file in the user's data folder, if None.
        clock: seconds since 1970; tests give their own.

    Raises:
        StoreError: if the database cannot be opened, or was written by a newer version.
    """

    def __init__(self, url: str | None = None, clock: Callable[[], float] = time.time) -> None:
        self._database = Database(url or database_url())
        self._clock = clock

    def close(self) -> None:
        """Let go of the database's connections."""
        self._database.close()

    # ---- making and running a study (for its maker) ----

    def create(
        self, name: str, title: str, questions: Sequence[StudyQuestion], settings: StudySettings
    ) -> Check:
        """Prepare a study; it takes votes once it is launched.

        Identical answers are dropped and counted, sides and order are planned by the seed.
        What comes back says what the study holds, and which answers give away their system.

        Raises:
            StudyExistsError: if the name is taken.
            StudySettingsError: if content or settings cannot be used.
        """
        with self._database.writing() as connection:
            return store_layout.create(
                connection, name, title, questions, settings, now=self._clock()
            )

    def check(self, study: str) -> Check:
        """What a study holds, and which answers give away their system."""
        with self._database.reading() as connection:
            return store_studies.check(connection, study)

    def launch(self, study: str, *, allow_leaks: bool = False) -> None:
        """Open a study for votes; a launched study is left as it is.

        Raises:
            IdentityLeaksError: if answers give away their system and this is not allowed.
            StudyClosedError: if it is closed; `reopen` is for that.
        """
        with self._database.writing() as connection:
            store_studies.launch(connection, study, allow_leaks=allow_leaks, now=self._clock())

    def close_study(self, study: str) -> None:
        """Take no more votes."""
        with self._database.writing() as connection:
            store_studies.close(connection, study, now=self._clock())

    def reopen(self, study: str) -> None:
        """Take votes again after closing."""
        with self._database.writing() as connection:
            store_studies.reopen(connection, study, now=self._clock())

    def reset(self, study: str) -> None:
        """Forget a demo study's annotators and votes; its event log stays.

        Raises:
            StudySettingsError: if the study is no demo.
        """
        with self._database.writing() as connection:
            store_studies.reset(connection, study, now=self._clock())

    def studies(self) -> tuple[StudySummary, ...]:
        """Every study, the newest first."""
        with self._database.reading() as connection:
            return store_reading.studies(connection)

    def summary(self, study: str) -> StudySummary:
        """One study with its settings and counts.

        Raises:
            UnknownStudyError: naming the studies there are.
        """
        with self._database.reading() as connection:
            return store_reading.summary(connection, study)

    # ---- annotators ----

    def invite(
        self,
        study: str,
        label: str = "",
        field: str | None = None,
        expertise: Expertise | None = None,
        identity: str | None = None,
    ) -> Invitation:
        """Make an annotator and the secret token of their link.

        Args:
            study: its name.
            label: the maker's note of who this is; never shown to annotators or exported.
            field: of work, as questions name it.
            expertise: in that field.
            identity: of a signed-in user (such as `issuer|subject` or an e-mail address of OIDC),
                who may then come in without the token; kept as a digest.
        """
        with self._database.writing() as connection:
            return store_people.invite(
                connection,
                study,
                store_people.Person(label, field, expertise, identity),
                now=self._clock(),
            )

    def join(
        self,
        study: str,
        nickname: str,
        field: str | None = None,
        expertise: Expertise | None = None,
    ) -> Invitation:
        """Come into a study with open joining; the token resumes after a reload.

        Raises:
            JoiningClosedError: if the study is by invitation, or the nickname is empty or long.
        """
        with self._database.writing() as connection:
            return store_people.join(
                connection,
                study,
                store_people.Person(nickname, field, expertise),
                now=self._clock(),
            )

    def sign_in(self, token: str) -> Annotator:
        """Who a token belongs to.

        Raises:
            UnknownTokenError: if nobody has it.
            RevokedTokenError: if it was taken back.
        """
        with self._database.reading() as connection:
            return store_people.sign_in(connection, token)

    def sign_in_as(self, study: str, identity: str) -> Annotator:
        """Who was invited under an identity that the caller has verified, such as by OIDC.

        Raises:
            UnknownTokenError: if nobody was.
            RevokedTokenError: if the invitation was taken back.
        """
        with self._database.reading() as connection:
            return store_people.sign_in_as(connection, study, identity)

    def revoke(self, study: str, number: int) -> None:
        """Take an annotator's invitation back; votes they gave stay."""
        with self._database.writing() as connection:
            store_people.revoke(connection, study, number, now=self._clock())

    def consent(self, annotator: Annotator) -> Annotator:
        """Note that the annotator agreed to the consent text."""
        with self._database.writing() as connection:
            return store_people.consent(connection, annotator, now=self._clock())

    # ---- annotating ----

    def view(self, annotator: Annotator) -> StudyView:
        """What the annotator may know of the study.

        Raises:
            RevokedTokenError: if the invitation was taken back.
        """
        with self._database.reading() as connection:
            return store_annotating.view(connection, annotator)

    def next(self, annotator: Annotator) -> Presented | Rest:
        """The pair to vote on now: the same one, on the same sides, until it is answered.

        Raises:
            StudyNotOpenError, StudyClosedError: if the study takes no votes.
            ConsentMissingError: if there is a consent text and no consent.
            RevokedTokenError: if the invitation was taken back.
        """
        with self._database.writing() as connection:
            return store_presenting.next_pair(connection, annotator, now=self._clock())

    def cast(self, annotator: Annotator, presentation_id: str, ballot: Ballot) -> Receipt:
        """Store a vote. The same ballot on the same pair again gives the same receipt.

        Raises:
            UnknownPresentationError: if nothing was shown under this id.
            NotYoursError: if it was shown to somebody else.
            AlreadyAnsweredError: if it was voted on otherwise, skipped or reported.
            StudyClosedError: if the study takes no more votes.
            TooSoonError: before the minimum viewing time has passed.
            BallotError: if the ballot does not answer what is asked.
        """
        with self._database.writing() as connection:
            return store_annotating.cast(
                connection, annotator, presentation_id, ballot, now=self._clock()
            )

    def skip(
        self, annotator: Annotator, presentation_id: str, reason: SkipReason, comment: str = ""
    ) -> None:
        """Pass a pair over; it goes to others, and not to this annotator again."""
        with self._database.writing() as connection:
            store_annotating.skip(
                connection, annotator, presentation_id, reason, comment, now=self._clock()
            )

    def report_harm(self, annotator: Annotator, presentation_id: str, comment: str) -> None:
        """Report harmful content instead of voting; shown to the maker by `notes`."""
        with self._database.writing() as connection:
            store_annotating.report_harm(
                connection, annotator, presentation_id, comment, now=self._clock()
            )

    def undo(self, annotator: Annotator) -> None:
        """Take the annotator's last vote back; `next` then gives the same pair again.

        Raises:
            NothingToUndoError: if there is none.
        """
        with self._database.writing() as connection:
            store_annotating.undo(connection, annotator, now=self._clock())

    # ---- reading (for the maker) ----

    def votes(self, study: str, kinds: Collection[ItemKind] = VOTED_KINDS) -> list[Vote]:
        """The votes for `study_report`, one for each criterion, in the order they were cast.

        By default those on the systems: main items and repeats, with votes from `add_votes`.
        Annotators are called by number.
        """
        with self._database.reading() as connection:
            return store_reading.votes(connection, study, kinds)

    def add_votes(self, study: str, source: str, votes: Sequence[Vote]) -> int:
        """Keep votes cast elsewhere, such as a judge's, beside the study's own; once per source.

        Raises:
            StudyExistsError: if votes of this source are there already.
        """
        with self._database.writing() as connection:
            return store_studies.add_votes(connection, study, source, votes, now=self._clock())

    def create_for_votes(self, study: str, title: str, votes: Sequence[Vote]) -> None:
        """Make a closed study that holds votes cast elsewhere, to report on them here.

        Raises:
            StudyExistsError: if the name is taken.
        """
        with self._database.writing() as connection:
            store_studies.create_for_votes(connection, study, title, votes, now=self._clock())

    def export(self, study: str) -> Exported:
        """Everything others need to check the study; nobody's name, token or comment."""
        with self._database.reading() as connection:
            return store_export.export(connection, study)

    def tally(self, study: str) -> tuple[Tally, ...]:
        """Wins so far for each pair of systems, by the main criterion; for a presenter's screen."""
        with self._database.reading() as connection:
            return store_reading.tally(connection, study)

    def quality(self, study: str) -> tuple[AnnotatorQuality, ...]:
        """Each annotator's votes, checks passed, consistency and pace."""
        with self._database.reading() as connection:
            return store_quality.quality(connection, study)

    def notes(self, study: str) -> tuple[Note, ...]:
        """Comments, skips and reports of harmful content, the newest first."""
        with self._database.reading() as connection:
            return store_reading.notes(connection, study)

    def events(self, study: str) -> tuple[Event, ...]:
        """All that ever happened in the study, in order; nothing can be taken out of it."""
        with self._database.reading() as connection:
            return store_reading.events(connection, study)
