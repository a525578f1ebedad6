"""What a reader sees where no language model answers: passages as they stand, and apart from them the closest option."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from clara.agent.citing import cite
from clara.agent.state import Candidate
from clara.config import SHIPPED_KB
from clara.language.messages import say
from clara.language.text import search_tokens, spans
from clara.types import Answer, Passage, Verdict

_LIST_MARK = re.compile(r"^(\s*\d+)([.)])", re.MULTILINE)
"""A number that Markdown would take for the beginning of a list."""
_SHOWN = 3
"""Most passages that are shown."""


def as_search_results(answer: Answer, candidate: Candidate, english: str, kbs: Sequence[str]) -> Answer:
    """The answer with the passages whole instead of a composed text, and with no claim that anything was verified.

    Args:
        answer: as the graph ended; letter, confidence and votes stay, they are the baseline of a replay.
        candidate: what the answer step chose, with the passages that it was shown.
        english: the English wording of the question; its words are marked in the passages.
        kbs: names of the knowledge bases that were searched.
    """
    if answer.failure:
        return answer
    unjudged = replace(answer, verdict=Verdict(reason="no language model was used, so nothing was judged"), capped=False)
    if answer.abstained:
        return unjudged
    passages = _shown(candidate)
    blocks = [_nothing(answer.language, kbs)]
    if passages:
        blocks = _blocks(passages, english, answer.language)
    option = answer.question.option_text(answer.label or "")
    if option is not None:
        blocks.append(say("closest_option", answer.language, label=answer.label, option=option))
    citations = tuple(cite(passage, english) for passage in passages)
    return replace(unjudged, answer="\n\n".join(blocks), answer_english="", citations=citations)


def without_passages(answer: Answer) -> Answer:
    """The answer below an urgent line: nobody has confirmed that a passage fits, so none is shown there. A letter stays."""
    if answer.failure:
        return answer
    return replace(answer, answer=say("urgent_no_passages", answer.language), citations=())


def _shown(candidate: Candidate) -> list[Passage]:
    """The passages that the candidate cites; beside the one behind a letter the next best."""
    passages = candidate.cited_passages()
    if passages and candidate.label is not None:
        passages += [passage for passage in candidate.passages if passage not in passages]
    return passages[:_SHOWN]


def _blocks(passages: Sequence[Passage], english: str, language: str) -> list[str]:
    """A heading, and each passage under its number, title and section."""
    heading = say("search_results", language)
    are_english = all(passage.language == "en" for passage in passages)
    if language != "en" and are_english:
        heading = f"{say('passages_in_english', language)} {heading}"
    blocks = [heading]
    for number, passage in enumerate(passages, 1):
        name = f"**[{number}] {passage.title}**"
        if passage.section:
            name += f" · {passage.section}"
        blocks += [name, emphasised(passage.text, english)]
    return blocks


def _nothing(language: str, kbs: Sequence[str]) -> str:
    sentence = say("nothing_found", language)
    if SHIPPED_KB not in kbs:
        return sentence
    return f"{sentence} {say('kb_topics', language)}"


def emphasised(text: str, question: str) -> str:
    """Markdown text with the words that the question holds too in bold, and no others."""
    question_tokens = set(search_tokens(question))
    text = _LIST_MARK.sub(r"\1\\\2", text.replace("**", ""))
    pieces: list[str] = []
    end = 0
    for word in spans(text):
        pieces.append(text[end : word.start])
        surface = text[word.start : word.end]
        if question_tokens.isdisjoint(search_tokens(surface)):
            pieces.append(surface)
        else:
            pieces.append(f"**{surface}**")
        end = word.end
    return "".join(pieces) + text[end:]
