"""Scores of free text in any script, against sacrebleu and against figures worked out by hand."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from clara.bench.scoring.scorers import Response, chrf, exact, f1, response_of
from clara.errors import UsageError


def response(text: str, *references: str, **more: Any) -> Response:
    facts: dict[str, Any] = {"label": None, "gold": "", "language": "en", "question": "", "options": {}, "outcome": "wrong"}
    return Response(text=text, references=references, record={}, **{**facts, **more})


TEXTS = [
    ("The lens bends light.", "The lens bends the light"),
    ("मोतियाबिंद लेंस का धुंधलापन है", "मोतियाबिंद आंख के लेंस का धुंधला होना है"),
    ("白内障是晶状体混浊", "白内障是指晶状体变混浊"),
    ("เลนส์ตา", "เลนส์แก้วตา"),
    ("", "lens"),
]


@pytest.mark.parametrize(("text", "reference"), TEXTS)
def test_chrf_is_that_of_sacrebleu(text: str, reference: str) -> None:
    sacrebleu = pytest.importorskip("sacrebleu", reason="sacrebleu is not installed: the extra `bench`")
    expected = sacrebleu.sentence_chrf(text, [reference]).score / 100
    assert chrf(response(text, reference)) == pytest.approx(expected)
    assert chrf(response(text, "zzz", reference)) == pytest.approx(max(expected, chrf(response(text, "zzz")) or 0.0))


def test_without_sacrebleu_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics.chrf", None)
    with pytest.raises(UsageError, match=r"pip install 'clara-agent\[bench\]'"):
        chrf(response("lens", "lens"))


def test_f1_counts_common_words_of_any_script() -> None:
    # 3 common words of 4 and 4: 2 · 3 / 8; articles do not count
    assert f1(response("the lens bends light twice", "lens bends light once")) == pytest.approx(0.75)
    # 2 common characters of 3 and 3
    assert f1(response("晶状体", "晶状的")) == pytest.approx(4 / 6)
    assert f1(response("lens", "retina", "the lens")) == 1.0


def test_exact_leaves_case_accents_and_articles_out() -> None:
    assert exact(response("The Córnea.", "cornea")) == 1.0
    assert exact(response("cornea edema", "cornea")) == 0.0


def test_multiple_choice_has_an_exact_match_of_letters_and_no_other_score() -> None:
    assert exact(response("", gold="A|C", label="C")) == 1.0
    assert exact(response("", gold="A", label=None)) == 0.0
    assert (f1(response("A", gold="A", label="A")), exact(response("x"))) == (None, None)


def test_a_response_is_what_the_asker_was_given() -> None:
    record = {
        "outcome": "correct", "language": "hindi", "code": "hi", "label": "B", "gold": "B",
        "answer": {"answer": "लेंस", "question": "क्या?", "options": {"A": "x", "B": "y"}},
    }  # fmt: skip
    read = response_of(record)
    assert (read.text, read.language, read.question, read.options["B"], read.references) == ("लेंस", "hi", "क्या?", "y", ())
    recorded = response_of({"outcome": "unparsed", "language": "hindi", "reply": "क", "references": ["ख"]})
    assert (recorded.text, recorded.language, recorded.references, recorded.label) == ("क", "hindi", ("ख",), None)
