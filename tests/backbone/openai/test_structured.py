from __future__ import annotations

import json
import math
from typing import Any

import pytest

from clara.backbone.openai.structured import Misfit, read_letter, read_reply, reply_schema
from clara.tasks.model import TASKS, AnswerIn, AssessOut, ChoiceOut, ReactIn, ReactOut, Task, TaskModel, TextOut, VerifyOut
from clara.types import Option
from tests.backbone.fake_server import INPUTS


def inputs_of(task: Task[Any, Any]) -> TaskModel:
    """An input of the task with nothing in it but options, where it has them."""
    fields = task.inputs.model_fields
    return task.inputs.model_construct(options=(Option("A", "x"), Option("B", "y"))) if "options" in fields else INPUTS


def unbounded(schema: dict[str, Any], place: str = "") -> list[str]:
    """The places of a schema where a model could write without end."""
    kind = schema.get("type")
    if kind == "object":
        if schema.get("additionalProperties") is not False:
            return [place]
        return [found for name, part in schema["properties"].items() for found in unbounded(part, f"{place}.{name}")]
    if kind == "array":
        return ([] if "maxItems" in schema else [place]) + unbounded(schema["items"], f"{place}[]")
    return [] if kind != "string" or "maxLength" in schema or "enum" in schema else [place]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_every_reply_ends(task: Task[Any, Any]) -> None:
    schema = reply_schema(task.output, inputs_of(task))
    assert unbounded(schema) == []
    assert schema["required"] == list(schema["properties"])


def test_a_schema_is_made_once_for_the_same_letters_and_passages() -> None:
    again = INPUTS.model_copy(update={"stem": "another question"})
    fewer = INPUTS.model_copy(update={"passages": INPUTS.passages[:1]})
    assert reply_schema(ChoiceOut, INPUTS) is reply_schema(ChoiceOut, again)
    assert reply_schema(ChoiceOut, INPUTS) is not reply_schema(ChoiceOut, fewer)


def test_only_the_tools_that_there_are_can_be_called() -> None:
    schema = reply_schema(ReactOut, ReactIn(language="en", stem="q", tools=("search_pubmed",)))
    assert schema["properties"]["action"]["enum"] == ["search_pubmed", "answer"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no complete JSON object"),
        ('{"problem": "', "adequate: Field required"),
        ('{"problem": ""}', "adequate: Field required"),
        ("{" * 100_000, "no complete JSON object"),
    ],
)
def test_what_does_not_fit_is_said_for_the_model(text: str, said: str) -> None:
    with pytest.raises(Misfit, match=said):
        read_reply(text, AssessOut, INPUTS)


def test_remarks_and_lists_beyond_their_bounds_are_cut() -> None:
    verdict = json.dumps({"reason": "x" * 900, "grounded": True, "answers_question": True})
    assert read_reply(verdict, VerifyOut, INPUTS).reason == "x" * 300
    choice = json.dumps({"reasoning": "y" * 2000, "citations": list(range(1, 10)), "label": "B"})
    found = read_reply(choice, ChoiceOut, INPUTS)
    assert (len(found.reasoning), found.citations) == (1200, (1, 2, 3, 4, 5, 6))


@pytest.mark.parametrize(("said", "meant"), [(95, 0.95), (1.5, 0.015), (100, 1.0), (1, 1.0), (0.4, 0.4), (None, None)])
def test_a_confidence_above_one_is_a_percentage(said: float | None, meant: float | None) -> None:
    reply = json.dumps({"answer": "Yes.", "citations": [], "confidence": said})
    assert read_reply(reply, TextOut, INPUTS).confidence == (meant and pytest.approx(meant))


@pytest.mark.parametrize("confidence", [101, -1, math.inf])
def test_a_confidence_that_is_no_share_does_not_fit(confidence: float) -> None:
    with pytest.raises(Misfit, match="confidence"):
        read_reply(json.dumps({"answer": "Yes.", "confidence": confidence}), TextOut, INPUTS)


def test_the_answer_and_the_label_are_not_cut() -> None:
    with pytest.raises(Misfit, match="answer: String should have at most"):
        read_reply(json.dumps({"answer": "x" * 2401}), TextOut, INPUTS)
    with pytest.raises(Misfit, match="label: String should have at most"):
        read_reply(json.dumps({"label": "Both"}), ChoiceOut, INPUTS)


def test_a_letter_outside_the_question_does_not_fit() -> None:
    reply = '{"reasoning": "", "citations": [], "label": "C", "confidence": 1}'
    with pytest.raises(Misfit, match="one of A, B"):
        read_reply(reply, ChoiceOut, INPUTS)
    with pytest.raises(Misfit, match="A, B"):
        read_letter("C", INPUTS)


def test_a_question_without_options_has_no_letter() -> None:
    with pytest.raises(Misfit):
        read_letter("A", AnswerIn(language="en", original_stem="q", stem="q"))


@pytest.mark.parametrize(
    "reply",
    [
        '{"reasoning": "r", "citations": [], "label": "B) ciliary body", "confidence": 0.5}',
        '{"reasoning": "r", "citations": [], "label": "(B).", "confidence": 0.5}',
        '{"reasoning": "r", "citations": [], "label": "Option B", "confidence": 0.5}',
        '{"reasoning": "r", "citations": [], "label": "ciliary body", "confidence": 0.5}',
        '{"reasoning": "r", "citations": [], "label": "B", "confidence": 0.5, "sources": ["a book"], "note": null}',
        '{"reasoning": null, "citations": null, "label": "B", "confidence": "rather sure"}',
        '{"reasoning": "r", "citations": ["[1]", "passage 2"], "label": "B", "confidence": "80 %"}',
        "{'reasoning': 'r', 'citations': [], 'label': 'B', 'confidence': 0.5,}",
        '{"label": "A", "reasoning": "a first idea"}\nBetter:\n{"label": "B", "reasoning": "r"}',
        "The right choice is B, since the ciliary body secretes it.",
        "B\n\nReason: it is secreted there; A is wrong.",
    ],
)
def test_a_choice_is_read_however_its_letter_is_written(reply: str) -> None:
    assert read_reply(reply, ChoiceOut, INPUTS).label == "B"


def test_odd_fields_keep_what_they_say() -> None:
    choice = read_reply('{"citations": ["[2]", 1], "label": "A", "confidence": "75%"}', ChoiceOut, INPUTS)
    assert (choice.citations, choice.confidence) == ((2, 1), 0.75)
    assert read_reply('{"citations": 2, "label": "A", "confidence": "high"}', ChoiceOut, INPUTS).confidence is None


@pytest.mark.parametrize("reply", ["Neither fits.", "A or B", '{"label": "", "reasoning": "unclear"}', "Vitamin A"])
def test_a_choice_without_a_letter_does_not_fit(reply: str) -> None:
    with pytest.raises(Misfit):
        read_reply(reply, ChoiceOut, INPUTS)
