"""Which questions count as flagged: by an audit now, by what the journal recorded, or by neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from clara.bench.audit.cleaning import flagged_by, flagged_in, recorded_flags
from clara.bench.datasets import load_dataset
from clara.bench.figures.runs import Run
from clara.errors import UsageError

DOUBLED = {"id": "2", "language": "english", "problem": "duplicate_options", "detail": "options A and B read the same"}
SENTENCE = "english: duplicate options (options A and B read the same)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "exam.csv"
    path.write_text("id,english,answer\n1,Which? a) lens b) iris,A\n2,Why? a) iris b) iris,A\n", encoding="utf-8")
    return path


def run(dataset: str, name: str = "rag", **manifest: object) -> Run:
    records = [{"id": str(number), "language": "english", "outcome": "wrong"} for number in range(4)]
    return Run(name, "strategy", name, records, dataset, manifest)  # type: ignore[arg-type]


def test_the_data_set_itself() -> None:
    assert flagged_by(load_dataset("sample")) == {}


def test_a_data_set_that_is_still_the_same_is_audited_again(path: Path, tmp_path: Path) -> None:
    fingerprint = load_dataset(path).fingerprint
    same = run(fingerprint, dataset_path=str(path), flagged=[])
    assert flagged_in([same], tmp_path) == {"2": [SENTENCE]}


def test_a_data_set_that_has_changed_or_gone_leaves_what_was_recorded(path: Path, tmp_path: Path) -> None:
    for source in (str(path), str(tmp_path / "gone.csv"), ""):
        earlier = run("other", dataset_path=source, flagged=[DOUBLED | {"id": "3", "language": ""}])
        sentence = SENTENCE.replace("english", "all languages")
        assert flagged_in([earlier], tmp_path) == {"3": [sentence]}


def test_runs_of_one_data_set_are_audited_once() -> None:
    two = [run("f", name, flagged=[DOUBLED]) for name in ("rag", "direct")]
    assert recorded_flags(two) == {"2": [SENTENCE]}


def test_no_audit_at_all_is_refused_only_where_one_is_needed(tmp_path: Path) -> None:
    assert recorded_flags([run("f")]) == {}
    with pytest.raises(UsageError, match="--clean cannot audit rag"):
        flagged_in([run("f")], tmp_path)


def test_what_a_whole_language_has_flags_no_question() -> None:
    romanised = [DOUBLED | {"id": str(number), "problem": "romanised"} for number in (1, 2)]
    assert recorded_flags([run("f", flagged=romanised)]) == {}  # two of four items
    assert set(recorded_flags([run("f", flagged=romanised[:1])])) == {"1"}  # one of four
