"""What two runs do not share is named before they are compared."""

from __future__ import annotations

from typing import Any

from clara.bench.figures.conditions import changed_conditions, sentence
from clara.bench.figures.runs import Run

MANIFEST: dict[str, Any] = {
    "dataset": "toy", "items": "i1", "fingerprint": "f1", "model": "small", "prompts": "p1", "seed": 0, "repeat": 1,
    "languages": ["english", "hindi"], "knowledge": {}, "steps": {"clara": ["answer", "detect"], "rag": ["answer"]},
    "settings": {"rounds": 3}, "n_items": 4, "sessions": [{"server": "vllm 0.1", "versions": {"numpy": "2.0"}}],
}  # fmt: skip


def sentences(after: dict[str, Any], label: str = "clara") -> list[str]:
    """What differs between the run above and another."""
    changes = changed_conditions(
        Run("a", "strategy", "clara", [], manifest=MANIFEST), Run("b", "strategy", label, [], manifest=MANIFEST | after)
    )
    return [sentence(change) for change in changes]


def test_equal_conditions_and_what_changes_no_answer() -> None:
    assert sentences({}) == []
    assert sentences({"n_items": 2}) == []


def test_each_condition_is_named_with_both_values() -> None:
    later = {
        "items": "i2", "model": "large", "prompts": "p2", "settings": {"rounds": 5, "samples": 2},
        "sessions": [{"server": "vllm 0.2", "versions": {"numpy": "2.1"}}],
    }  # fmt: skip
    assert sentences(later) == [
        "data (toy i1 f1 before, toy i2 f1 after)",
        "model (small before, large after)",
        "prompts (p1 before, p2 after)",
        "settings.rounds (3 before, 5 after)",
        "server (vllm 0.1 before, vllm 0.2 after)",
        "version of numpy (2.0 before, 2.1 after)",
        "settings.samples (not recorded before, 2 after)",
    ]


def test_another_strategy_is_a_change_of_its_steps() -> None:
    assert sentences({}, "rag") == [
        "strategy (clara before, rag after)",
        "steps (answer, detect before, answer after)",
    ]


def test_a_run_without_a_manifest_has_recorded_nothing() -> None:
    bare = Run("b", "strategy", "clara", [])
    changes = changed_conditions(Run("a", "strategy", "clara", [], manifest={"model": "small"}), bare)
    assert [sentence(change) for change in changes] == ["model (small before, not recorded after)"]


def test_long_values_are_cut_and_never_told_apart_by_their_beginning() -> None:
    change = {"what": "settings.search", "before": "x" * 80 + "a", "after": "x" * 80 + "b"}
    assert sentence(change) == "settings.search (other content)"
