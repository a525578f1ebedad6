"""The benchmark from Python, from the data to the tables."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas
import pytest
from typer.testing import CliRunner

from clara.bench import Results, aevaluate, evaluate, load_dataset
from clara.cli.app import app
from clara.config import Settings
from clara.errors import JournalError, UsageError
from clara.tasks.model import AnswerIn, ChoiceOut, LocalizeOut
from clara.testing import ScriptedBackbone


def model(right: Callable[[AnswerIn], bool]) -> ScriptedBackbone:
    """A model that takes the letter A or B of each question, as ``right`` says."""

    def choice(task: AnswerIn) -> ChoiceOut:
        label = task.options[0 if right(task) else 1].label
        return ChoiceOut(reasoning="", citations=(), label=label, confidence=0.5)

    backbone = ScriptedBackbone()
    backbone.always("answer_choice", choice)
    backbone.always("localize", LocalizeOut(answer="A"))
    return backbone


HEADER = "id,english,hindi,answer\n"
ROW = '{n},"What is {n}? a) one b) two","यह क्या है {n}? a) एक b) दो",A\n'


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    path = tmp_path / "toy.csv"
    path.write_text(HEADER + "".join(ROW.format(n=n) for n in range(12)), encoding="utf-8")
    return path


def is_english(task: AnswerIn) -> bool:
    return task.original_stem.isascii()


def test_several_models_and_strategies_are_runs_of_one_result(toy: Path, tmp_path: Path) -> None:
    models = {"fair": model(lambda _task: True), "biased": model(is_english)}
    results = evaluate(toy, models=models, strategies=["direct"], folder=tmp_path / "out")
    assert [run.name for run in results.runs] == ["fair: direct", "biased: direct"]
    rows = {(row.run, row.language): row for row in results.accuracies}
    assert rows["fair: direct", "hindi"].gap == 0.0
    behind = rows["biased: direct", "hindi"]
    assert (behind.n, behind.accuracy, behind.gap, behind.gap_low, behind.gap_high) == (12, 0.0, -100.0, -100.0, -100.0)
    assert behind.p_holm == pytest.approx(2 * 0.5**12)
    assert rows["fair: direct", "english"].gap is None
    difference = {row.language: row.difference for row in results.comparisons}
    assert difference == {"english": 0.0, "hindi": 100.0}
    assert [folder.name for folder in results.folders] == ["fair", "biased"]


def test_tables_are_data_frames(toy: Path, tmp_path: Path) -> None:
    results = evaluate(toy, models={"m": model(is_english)}, strategies=["direct"], folder=tmp_path / "out")
    answers = results.to_pandas()
    assert answers.groupby("language")["score"].mean().to_dict() == {"english": 1.0, "hindi": 0.0}
    frame = results.to_pandas("accuracy").set_index("language")
    assert frame.loc["hindi", "gap"] == -100.0
    assert pandas.isna(frame.loc["english", "gap"])
    assert results.to_pandas("comparisons").empty
    with pytest.raises(UsageError, match="no table 'gaps': choose answers"):
        results.to_pandas("gaps")  # type: ignore[arg-type]


def test_without_pandas_the_remedy_is_named(toy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = evaluate(toy, models={"m": model(is_english)}, strategies=["direct"], limit=1, folder=tmp_path / "out")
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match=r"pip install 'clara-agent\[bench\]'"):
        results.to_pandas()


def test_page_exports_and_text_are_those_of_the_command_line(toy: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    results = evaluate(toy, models={"m": model(is_english)}, strategies=["direct"], folder=folder)
    page = results.to_html(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page
    results.export(tmp_path / "table.md")
    assert str(results).splitlines()[0].startswith("| Run | English | Hindi | Mean |")
    assert repr(results) == "<Results of direct: 24 answers>"
    reported = CliRunner().invoke(app, ["bench", "report", str(folder), "--json"])
    assert json.loads(reported.stdout) == json.loads(json.dumps(results.document))
    assert Results.read([folder]).accuracies == results.accuracies


def test_languages_and_limit_select_and_resume_asks_nothing_twice(toy: Path, tmp_path: Path) -> None:
    backbone = model(is_english)
    options = {
        "models": {"m": backbone},
        "strategies": ["direct"],
        "languages": ["hi"],
        "limit": 3,
        "folder": tmp_path / "o",
    }
    first = evaluate(load_dataset(toy), **options)
    assert [len(run.records) for run in first.runs] == [3]
    asked = len(backbone.calls)
    with pytest.raises(JournalError, match="holds a run"):
        evaluate(load_dataset(toy), **options)
    assert evaluate(load_dataset(toy), resume=True, **options).document == first.document
    assert len(backbone.calls) == asked


def test_it_works_where_an_event_loop_already_runs(toy: Path, tmp_path: Path) -> None:
    async def notebook() -> list[int]:
        options = {"models": {"m": model(is_english)}, "strategies": ["direct"], "limit": 1}
        inside = evaluate(toy, folder=tmp_path / "a", **options)
        awaited = await aevaluate(toy, folder=tmp_path / "b", **options)
        return [len(results.runs[0].records) for results in (inside, awaited)]

    assert asyncio.run(notebook()) == [2, 2]


def test_models_by_name_need_a_server(toy: Path) -> None:
    with pytest.raises(UsageError, match="no server is known for the model 'llama': give --backbone URL, or llama@URL"):
        evaluate(toy, models=["llama"], settings=Settings.plain())


def test_importing_the_bench_loads_nothing_heavy() -> None:
    code = "import sys, clara.bench; print([name for name in ('numpy', 'langgraph', 'chromadb') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
