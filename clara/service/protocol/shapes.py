"""What callers send. The generated page of the interface shows these docstrings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from clara.errors import RequestRefused

MOST_MESSAGES = 500
"""Messages of one conversation."""

Text = Annotated[str, StringConstraints(max_length=1 << 20)]


class TextPart(BaseModel):
    """One part of a message; only text can be read."""

    type: Literal["text"]
    text: Text


class Message(BaseModel):
    """One message of a conversation. Messages of the roles system, developer and tool are not read."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Text | list[TextPart] | None = None

    @property
    def text(self) -> str:
        """All text of the message."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream tells beside the answer."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """A chat completion. Sampling parameters and tools are accepted and not used: CLARA samples as the service is set."""

    model_config = ConfigDict(extra="allow")

    model: Annotated[str, StringConstraints(max_length=200)]
    messages: list[Message] = Field(min_length=1, max_length=MOST_MESSAGES)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: int | None = None
    response_format: dict[str, Any] | None = None
    language: str | None = Field(default=None, max_length=40, description="Language of the questions; none detects it.")

    def check(self, longest: int) -> None:
        """Refuse what CLARA would have to ignore although it changes what a reply means.

        Raises:
            RequestRefused: several choices or another form than text are asked for, a message is too long, or the last
                message is not the user's.
        """
        if self.n not in (None, 1):
            raise RequestRefused("CLARA gives one answer: leave n out", status=400, code="unsupported_value")
        if self.response_format and self.response_format.get("type", "text") != "text":
            raise RequestRefused(
                "CLARA answers in text only: leave response_format out, or ask /v1/ask for JSON",
                status=400,
                code="unsupported_value",
            )
        if self.messages[-1].role != "user":
            raise RequestRefused("the last message must be the user's question", status=400, code="invalid_messages")
        for message in self.messages:
            if message.role == "user":
                check_length(message.text, longest)


class AskRequest(BaseModel):
    """One question, as ``clara ask`` takes it."""

    model_config = ConfigDict(extra="forbid")

    question: Text = Field(description="The question; options may stand in it as a) ... b) ...")
    options: dict[str, Text] | None = Field(default=None, max_length=26, description="Letter to text.")
    language: str | None = Field(default=None, max_length=40, description="Code or English name; none detects it.")
    strategy: str | None = Field(default=None, max_length=80, description="Name of a strategy; none takes the service's.")
    without: list[str] = Field(default_factory=list, max_length=20, description="Steps to leave out.")
    stream: bool = Field(default=False, description="Send each step as a server-sent event.")

    def check(self, longest: int) -> None:
        """Raises: RequestRefused: the question and its options are too long."""
        check_length(self.question + "".join((self.options or {}).values()), longest)


class BatchRequest(BaseModel):
    """Many questions; each is a text or a question with its options."""

    model_config = ConfigDict(extra="forbid")

    questions: list[Text | AskRequest] = Field(min_length=1, max_length=1000)
    strategy: str | None = Field(default=None, max_length=80, description="Strategy of those that name none.")
    stream: bool = Field(default=False, description="Send each answer as a server-sent event when it is there.")

    @field_validator("questions")
    @classmethod
    def _as_questions(cls, questions: list[str | AskRequest]) -> list[str | AskRequest]:
        return [AskRequest(question=question) if isinstance(question, str) else question for question in questions]

    @property
    def requests(self) -> list[AskRequest]:
        """The questions, those without a strategy with that of the batch."""
        requests: list[AskRequest] = []
        for question in self.questions:
            if isinstance(question, AskRequest):
                requests.append(question.model_copy(update={"strategy": question.strategy or self.strategy}))
        return requests


def check_length(text: str, longest: int) -> None:
    """Refuse a text that is too long (413).

    Raises:
        RequestRefused: it is.
    """
    if len(text) > longest:
        raise RequestRefused(
            f"the question has {len(text):,} characters, and {longest:,} are the most", status=413, code="question_too_long"
        )
