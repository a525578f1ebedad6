"""JSON objects in replies: drafts before them, prose around them, and the slips that models make."""

from __future__ import annotations

import pytest

from clara.language.replies.objects import last_object, objects

B = {"reasoning": "it's {so}", "label": "B"}


@pytest.mark.parametrize(
    "reply",
    [
        '{"reasoning": "it\'s {so}", "label": "B"}',
        'Here it is:\n```json\n{"reasoning": "it\'s {so}", "label": "B"}\n```\nI hope that helps.',
        '{"reasoning": "it\'s {so}", "label": "B",}',
        "{'reasoning': \"it's {so}\", 'label': 'B'}",
        '{"label": "A"}\nOn second thoughts:\n{"reasoning": "it\'s {so}", "label": "B"}',
        '{"reasoning": "it\'s {so}", "label": "B"}\n{"note": "done"}',
        '{broken {"reasoning": "it\'s {so}", "label": "B"}',
    ],
)
def test_the_last_object_with_a_key_of_the_task_counts(reply: str) -> None:
    assert last_object(reply, ("label",)) == B


def test_words_of_json_are_read_in_an_object_that_python_would_write() -> None:
    assert last_object("{'grounded': true, 'reason': null, 'agrees': False,}") == {
        "grounded": True,
        "reason": None,
        "agrees": False,
    }


def test_objects_keep_their_place() -> None:
    (entry,) = objects('x {"a": 1} y')
    assert (entry.start, entry.end) == (2, 10)


@pytest.mark.parametrize("reply", ["", "no object", "{", "{" * 50_000, "{'a': open('x')}", '{"a": ' * 20_000])
def test_a_reply_without_an_object_has_none(reply: str) -> None:
    assert last_object(reply) is None
