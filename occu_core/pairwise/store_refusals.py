"""Why a study, an annotator or a vote is refused: one class for each reason a page may answer."""

from __future__ import annotations


class StudyError(ValueError):
    """Anything about studies that cannot be done; the message says what is allowed."""


class StudySettingsError(StudyError):
    """Content or settings of a study that cannot be used."""


class UnknownStudyError(StudyError):
    """No study has this name."""


class StudyExistsError(StudyError):
    """A study of this name is there already."""


class StudyNotOpenError(StudyError):
    """The study is not launched yet."""


class StudyClosedError(StudyError):
    """The study takes no more votes."""


class StudyLaunchedError(StudyError):
    """The study is launched: its content and settings are fixed."""


class IdentityLeaksError(StudyError):
    """Answers give away which system wrote them."""


class UnknownTokenError(StudyError):
    """No invitation has this token."""


class RevokedTokenError(StudyError):
    """The invitation was taken back."""


class JoiningClosedError(StudyError):
    """The study is joined by invitation only, or a nickname cannot be used."""


class ConsentMissingError(StudyError):
    """The annotator has not agreed to the consent text."""


class UnknownPresentationError(StudyError):
    """No pair was shown under this id: it is forged, or was reset."""


class NotYoursError(StudyError):
    """The pair was shown to another annotator."""


class AlreadyAnsweredError(StudyError):
    """The pair is voted on, skipped or reported already, and not in this way."""


class TooSoonError(StudyError):
    """The pair was not in view for long enough; `seconds_left` says how much is missing."""

    def __init__(self, seconds_left: float) -> None:
        super().__init__(f"please read both answers: {seconds_left:.1f} more seconds")
        self.seconds_left = seconds_left


class BallotError(StudyError):
    """A ballot that does not answer what was asked."""


class NothingToUndoError(StudyError):
    """The annotator has no vote that can be taken back."""


class StoreError(StudyError):
    """The database cannot be opened or used."""
