"""An item of instruction data: whose work it is about, and what is asked and answered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str

    def __post_init__(self) -> None:
        if not self.content.strip():
            raise ValueError(f"a message of the {self.role} is empty; expected text")


@dataclass(frozen=True, slots=True)
class Origin:
    """How an item was made: the model that wrote it, the prompts' version, and when (ISO 8601)."""

    source_model: str | None = None
    prompt_version: str | None = None
    made_at: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A question with its answer, a dialogue, or a question alone; what is unknown is None.

    `category` is one of the 26 in OccuQuest's own data; elsewhere it is unknown until tagged.
    """

    messages: tuple[Message, ...]
    category: str | None = None
    occupation: str | None = None
    responsibility: str | None = None
    topic: str | None = None
    features: tuple[str, ...] = ()
    origin: Origin = Origin()

    def __post_init__(self) -> None:
        if not any(message.role is Role.USER for message in self.messages):
            raise ValueError("nothing is asked: expected at least one message of the user")

    @property
    def question(self) -> str:
        """What the user asks first."""
        return next(m.content for m in self.messages if m.role is Role.USER)

    @property
    def answer(self) -> str | None:
        """The first answer; None for a question alone."""
        return next((m.content for m in self.messages if m.role is Role.ASSISTANT), None)

    @property
    def is_dialogue(self) -> bool:
        """Whether the user speaks more than once."""
        return sum(message.role is Role.USER for message in self.messages) > 1

    @property
    def item_id(self) -> str:
        """Twelve hexadecimal digits of what is said, the same wherever the item is read."""
        said = "\x1f".join(f"{m.role}\x1e{m.content}" for m in self.messages)
        return sha256(said.encode()).hexdigest()[:12]
