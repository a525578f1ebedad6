"""A run against an earlier one, and the exit code that a pipeline reads."""

from __future__ import annotations

import json

import pytest

from clara.__main__ import main
from clara.bench.figures.compare import compare_runs, failures
from clara.bench.figures.runs import Run
from clara.bench.replay.journal import Journal
from clara.errors import UsageError


def records(right, strategy="clara", questions=20):
    """``right`` gives, by language, how many of the first questions are right."""
    return [
        {"strategy": strategy, "repeat": 0, "id": str(q), "language": language, "gold": "A", "options": 4,
         "outcome": "correct" if q < n else "wrong", "label": "A" if q < n else "B", "usage": {}}
        for language, n in right.items()
        for q in range(questions)
    ]  # fmt: skip


def run(right, strategy="clara", name="before", **more):
    return Run(name, "strategy", strategy, records(right, strategy), **more)


def test_difference_regressions_and_improvements():
    before, after = run({"english": 15, "hindi": 10}), run({"english": 12, "hindi": 14}, name="after")
    entry = compare_runs([before], [after])["comparisons"][0]
    assert entry["languages"]["english"]["difference"] == pytest.approx(-15.0)
    assert entry["languages"]["hindi"]["difference"] == pytest.approx(20.0)
    assert entry["regressions"] == [
        {"id": str(q), "language": "english", "before": "correct A", "after": "wrong B"} for q in (12, 13, 14)
    ]
    assert [(item["id"], item["language"]) for item in entry["improvements"]] == [(str(q), "hindi") for q in range(10, 14)]
    assert entry["largest_gap"] == {"before": pytest.approx(-25.0), "after": pytest.approx(10.0)}
    assert entry["max_min_gap"] == {"before": pytest.approx(25.0), "after": pytest.approx(10.0)}
    assert {"b": 0, "c": 3}.items() <= entry["languages"]["english"]["mcnemar"].items()


def test_only_items_of_both_runs_count():
    later = Run("after", "strategy", "clara", [r for r in records({"english": 20}) if int(r["id"]) >= 15])
    cell = compare_runs([run({"english": 16})], [later])["comparisons"][0]["languages"]["english"]
    assert (cell["n"], cell["difference"]) == (5, pytest.approx(80.0))


def test_mean_and_largest_gap_are_of_the_items_of_both_runs():
    before = run({"english": 20, "hindi": 0, "french": 0})
    later = [r for r in records({"english": 10, "hindi": 10}) if int(r["id"]) >= 10]
    entry = compare_runs([before], [Run("after", "strategy", "clara", later)])["comparisons"][0]
    assert entry["mean"] == {"before": pytest.approx(50.0), "after": pytest.approx(0.0)}
    assert entry["largest_gap"] == {"before": pytest.approx(-100.0), "after": pytest.approx(0.0)}
    assert entry["languages"]["english"]["before"] == pytest.approx(100.0)


def test_strategies_are_matched_by_name():
    before = [run({"english": 5}, "direct", "b: direct"), run({"english": 9}, "clara", "b: clara")]
    after = [run({"english": 9}, "clara", "a: clara"), run({"english": 9}, "rag", "a: rag")]
    found = compare_runs(before, after)["comparisons"]
    assert [(entry["before"], entry["after"]) for entry in found] == [("b: clara", "a: clara")]


def test_runs_with_nothing_in_common_are_refused():
    two = [run({"english": 5}, "direct"), run({"english": 5}, "rag", "r")]
    with pytest.raises(UsageError, match="no strategy in common: direct, rag and clara"):
        compare_runs(two, [run({"english": 5}, "clara", "after")])
    with pytest.raises(UsageError, match="share no item"):
        compare_runs([run({"english": 5})], [run({"hindi": 5}, name="after")])


def test_thresholds():
    document = compare_runs([run({"english": 15, "hindi": 15})], [run({"english": 15, "hindi": 5}, name="after")])
    assert list(failures(document, fail_under=50, max_gap=50)) == []
    assert list(failures(document, fail_under=50.1, max_gap=49.9)) == [
        "after: mean accuracy 50.0 % is below 50.1 %",
        "after: a language is 50.0 points behind English, more than 49.9",
    ]


def test_without_english_the_threshold_is_for_the_spread():
    document = compare_runs([run({"french": 15, "hindi": 15})], [run({"french": 15, "hindi": 5}, name="after")])
    assert list(failures(document, fail_under=None, max_gap=50)) == []
    assert list(failures(document, fail_under=None, max_gap=49)) == ["after: max − min is 50.0 points, more than 49"]


@pytest.fixture
def folders(tmp_path):
    for name, right, model in (("old", {"english": 15, "hindi": 10}, "m"), ("new", {"english": 15, "hindi": 9}, "n")):
        manifest = {"version": 2, "dataset": "toy", "fingerprint": "f", "model": model}
        with Journal(tmp_path / name, manifest) as journal:
            for record in records(right):
                journal.append(record)
    return str(tmp_path / "old"), str(tmp_path / "new")


@pytest.mark.parametrize(
    ("options", "code"), [([], 0), (["--fail-under", "59"], 0), (["--fail-under", "61"], 1), (["--max-gap", "20"], 1)]
)
def test_the_exit_code_tells_a_pipeline(folders, capsys, monkeypatch, options, code):
    monkeypatch.setattr("sys.argv", ["clara", "bench", "compare", *folders, "--json", *options])
    with pytest.raises(SystemExit) as stopped:
        main()
    document = json.loads(capsys.readouterr().out)
    assert (stopped.value.code, bool(document["failures"])) == (code, bool(code))
    assert document["comparisons"][0]["regressions"] == [
        {"id": "9", "language": "hindi", "before": "correct A", "after": "wrong B"}
    ]


def test_the_table_fits_80_columns(folders, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.argv", ["clara", "bench", "compare", *folders])
    with pytest.raises(SystemExit):
        main()
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert "−5.0 [−15, +0]" in out
    assert "lowest gap" in out
    assert "−25.0" in out
    assert out.index("model (m before, n after)") < out.index("accuracy in %")
    assert "9 hindi: correct A → wrong B" in out
