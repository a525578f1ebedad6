"""What a turn asks: its language, its options, and a question that stands alone; or a question back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clara.backbone.base import Backbone
from clara.chat.courtesy import courtesy
from clara.chat.turns import Turn, remembered
from clara.language.codes import LANGUAGES
from clara.language.detection import UNKNOWN, question_language
from clara.language.messages import say
from clara.language.questions import parse_question
from clara.language.text import words
from clara.tasks.model import CONDENSE, CondenseIn
from clara.types import Question

_TELLING = 4
"""Words from which on a first question is taken as it stands; a shorter one may say too little."""


@dataclass(frozen=True, slots=True)
class Understood:
    """A question that stands alone, or what to ask back."""

    question: Question
    clarification: str = ""


async def understand(
    text: str, turns: Sequence[Turn], backbone: Backbone, *, language: str | None, interface: str
) -> Understood:
    """Read a turn in the light of the conversation.

    Args:
        text: what was typed.
        turns: the conversation so far.
        backbone: condenses a follow-up.
        language: fixed by the user, or None to follow the text.
        interface: language of the user's interface, for a text that shows none or may be of several.

    Raises:
        BackboneError: the server cannot be reached or refuses.
    """
    question = parse_question(text)
    polite = courtesy(text)
    if polite is not None:
        message, phrase_language = polite
        return Understood(replace(question, language=phrase_language), say(message, phrase_language))
    code = language or spoken(question, turns, interface)
    reply_language = code if code in LANGUAGES else interface
    question = replace(question, language=code)
    if not any(char.isalpha() for char in question.text):
        return Understood(question, say("clarify_empty", reply_language))
    if code == UNKNOWN:
        return Understood(question, say("clarify_language", interface))
    if question.options:
        return Understood(question)
    return await _condensed(question, turns, backbone, reply_language)


async def _condensed(question: Question, turns: Sequence[Turn], backbone: Backbone, reply_language: str) -> Understood:
    """A free-text question as it stands alone, with the help of the backbone where it may lean on the conversation."""
    history = remembered(turns)
    uses_model = (await backbone.info()).uses_model
    if not history and uses_model and len(words(question.text)) >= _TELLING:
        return Understood(question)
    language = question.language or UNKNOWN
    result = await backbone.perform(CONDENSE, CondenseIn(language=language, question=question.text, history=history))
    if result.output is None:  # no usable reply: the words as they stand are the best there is
        return Understood(question)
    if not result.output.question.strip():
        return Understood(question, result.output.clarification.strip() or say("clarify_topic", reply_language))
    return Understood(replace(question, text=result.output.question.strip()))


def spoken(question: Question, turns: Sequence[Turn], interface: str | None = None) -> str:
    """The language of a text; one that shows none, or may be of several, is in that of the conversation or the interface.

    ``und`` where a text that begins a conversation is as likely in two languages, neither of which is the interface's.
    """
    detection = question_language(question, turns[-1].language if turns else interface)
    if detection.confidence == 0 and turns:
        return turns[-1].language
    return UNKNOWN if detection.is_tie and not turns else detection.code
