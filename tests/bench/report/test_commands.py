"""``clara bench report`` and ``published``: from journals to figures, without a model."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path

import pytest

from clara.__main__ import main
from clara.bench.datasets import load_dataset
from clara.bench.figures.runs import read_runs
from clara.bench.replay.journal import Journal

DATA = Path(__file__).parents[3].parent / "shared" / "data" / "multi_ophthalingua"
WIDE = "ID,english,french,answer\n" + "".join(
    f'{n},"Question {n}?\na) one\nb) two\nc) three\nd) four","{french}",B\n'
    for n, french in enumerate(["Question ?\nb) deux"] + ["Question ?\na) un\nb) deux\nc) trois\nd) quatre"] * 9)
)  # the first has lost three options


def journal(folder, manifest=None, records=None):
    given = records or [
        {"strategy": "rag", "repeat": 0, "id": str(n), "language": language, "gold": "B", "options": 4,
         "outcome": "correct" if n % 2 else "wrong", "label": "B" if n % 2 else "A", "error": None, "usage": {}}
        for n in range(10)
        for language in ("english", "french")
    ]  # fmt: skip
    with Journal(folder, {"version": 2, "fingerprint": "f", "dataset": "toy", **(manifest or {})}) as written:
        for record in given:
            written.append(record)
    return folder


def clara(capsys, monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["clara", "bench", *map(str, arguments)])
    code = 0
    try:
        main()
    except SystemExit as stopped:
        code = stopped.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_report_of_two_folders_names_runs_by_folder(tmp_path, capsys, monkeypatch):
    folders = [journal(tmp_path / "a"), journal(tmp_path / "b")]
    code, out, _ = clara(capsys, monkeypatch, "report", *folders, "--json")
    assert code == 0
    assert [run["name"] for run in json.loads(out)["runs"]] == ["a: rag", "b: rag"]


def test_report_writes_every_export_and_the_page(tmp_path, capsys, monkeypatch):
    outputs = [tmp_path / "out" / f"r.{form}" for form in ("csv", "jsonl", "tex", "md")]
    options = [part for path in outputs for part in ("--export", path)]
    page = tmp_path / "r.html"
    code, _, _ = clara(capsys, monkeypatch, "report", journal(tmp_path / "a"), "--html", page, *options)
    assert code == 0
    assert all(path.stat().st_size > 200 for path in [*outputs, page])


def test_an_old_journal_is_scored_again(tmp_path):
    record = {"strategy": "x", "repeat": 0, "id": "1", "language": "english", "gold": "B", "options": 4,
              "outcome": "wrong", "label": "B", "usage": {}}  # fmt: skip
    runs = read_runs([journal(tmp_path / "a", records=[record])])
    assert [r["outcome"] for r in runs[0].records] == ["correct"]


def test_clean_audits_the_data_set_that_was_asked(tmp_path, capsys, monkeypatch):
    path = tmp_path / "toy.csv"
    path.write_text(WIDE, encoding="utf-8")
    manifest = {"dataset_path": str(path), "fingerprint": load_dataset(path, strict=False).fingerprint}
    code, out, _ = clara(capsys, monkeypatch, "report", journal(tmp_path / "a", manifest), "--clean", "--json")
    document = json.loads(out)
    assert code == 0
    assert "0" in document["clean"]["left_out"]
    assert document["clean"]["runs"][0]["n_items"] == 20 - 2 * len(document["clean"]["left_out"])
    assert document["runs"][0]["n_items"] == 20


def test_clean_falls_back_on_the_recorded_audit(tmp_path, capsys, monkeypatch):
    problem = {"id": "3", "language": "french", "problem": "echoed_source", "detail": "the English text"}
    manifest = {"dataset_path": str(tmp_path / "gone.csv"), "flagged": [problem]}
    code, out, _ = clara(capsys, monkeypatch, "report", journal(tmp_path / "a", manifest), "--clean", "--json")
    assert (code, json.loads(out)["clean"]["left_out"]) == (0, ["3"])


def test_the_page_marks_what_the_run_recorded_as_flagged(tmp_path, capsys, monkeypatch):
    problem = {"id": "3", "language": "french", "problem": "echoed_source", "detail": "the English text"}
    page = tmp_path / "r.html"
    clara(capsys, monkeypatch, "report", journal(tmp_path / "a", {"flagged": [problem]}), "--html", page)
    packed = re.search(r'id="data-index">([^<]*)<', page.read_text(encoding="utf-8"))[1]
    index = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert index["flagged"] == {"3": ["french: echoed source (the English text)"]}


def test_clean_without_any_audit_says_so(tmp_path, capsys, monkeypatch):
    code, out, err = clara(capsys, monkeypatch, "report", journal(tmp_path / "a"), "--clean", "--json")
    assert (code, out) == (2, "")
    assert "--clean cannot audit rag" in err


def test_an_empty_folder_is_named(tmp_path, capsys, monkeypatch):
    code, _, err = clara(capsys, monkeypatch, "report", tmp_path / "none")
    assert code == 1
    assert "none" in err


@pytest.mark.skipif(not DATA.is_dir(), reason="../shared/data/multi_ophthalingua is not here")
def test_published_gives_the_accuracies_of_the_paper(capsys, monkeypatch):
    files = ("--responses", DATA / "published_responses.csv", "--answers", DATA / "answers.csv")
    code, out, _ = clara(capsys, monkeypatch, "published", *files, "--json")
    found = {run["model"]: run["languages"] for run in json.loads(out)["runs"]}
    assert (code, len(found)) == (0, 9)
    assert [round(found["gpt-4"][language]["accuracy"], 1) for language in ("english", "tagalog")] == [63.4, 51.8]


def test_published_shows_texts_and_leaves_out_flagged_questions(tmp_path, capsys, monkeypatch):
    (tmp_path / "q.csv").write_text(WIDE, encoding="utf-8")
    (tmp_path / "a.csv").write_text("ID,theme,answer\n" + "".join(f"{n},lens,B\n" for n in range(10)))
    rows = [f"m,{language},{n},{'b' if n else 'c'}\n" for n in range(10) for language in ("english", "french")]
    (tmp_path / "r.csv").write_text("model,language,ID,response\n" + "".join(rows))
    files = ("--responses", tmp_path / "r.csv", "--answers", tmp_path / "a.csv", "--questions", tmp_path / "q.csv")
    out_file = tmp_path / "r.jsonl"
    code, out, _ = clara(capsys, monkeypatch, "published", *files, "--clean", "--json", "--export", out_file)
    document = json.loads(out)
    assert (code, document["runs"][0]["mean"]) == (0, 90.0)
    assert "0" in document["clean"]["left_out"]
    assert document["clean"]["runs"][0]["mean"] == 100.0
    first = json.loads(out_file.read_text(encoding="utf-8").splitlines()[2])
    assert first["answer"]["options"] == {"A": "one", "B": "two", "C": "three", "D": "four"}


def test_published_without_files_tells_how_to_get_them(capsys, monkeypatch):
    code, _, err = clara(capsys, monkeypatch, "published")
    assert (code, "clara bench fetch multi-ophthalingua" in err) == (2, True)


def test_published_reads_what_was_fetched(isolated, capsys, monkeypatch):
    folder = isolated / "datasets" / "multi-ophthalingua"
    folder.mkdir(parents=True)
    (folder / "questions.csv").write_text(WIDE, encoding="utf-8")
    (folder / "answers.csv").write_text("ID,answer\n1,B\n")
    (folder / "published_responses.csv").write_text("model,language,ID,response\nm,english,1,B\n")
    code, out, _ = clara(capsys, monkeypatch, "published", "--json")
    assert (code, json.loads(out)["runs"][0]["mean"]) == (0, 100.0)


STEERING = "\x1b]0;owned\x07\x1b[31m[red]"


def steered(text):
    return any(char in text for char in "\x1b\x07\x9b")


def test_names_and_notes_from_data_do_not_steer_the_terminal(tmp_path, capsys, monkeypatch):
    record = {"strategy": f"x{STEERING}", "repeat": 0, "id": f"1{STEERING}", "language": "english", "gold": "B",
              "options": 4, "outcome": "wrong", "label": "A", "usage": {}}  # fmt: skip
    before = journal(tmp_path / f"a{STEERING[:2]}", records=[{**record, "label": "B"}])
    after = journal(tmp_path / "b", {"n_items": 2}, records=[record])
    for command in (("report", before, after), ("compare", before, after, "--fail-under", "50")):
        _, out, err = clara(capsys, monkeypatch, *command)
        assert "[red]" in out
        assert not steered(out + err)


def test_cells_of_the_audit_are_text(tmp_path, capsys, monkeypatch):
    path = tmp_path / "toy.csv"
    path.write_text(WIDE.replace("\n0,", f"\n0{STEERING},"), encoding="utf-8")
    code, out, err = clara(capsys, monkeypatch, "audit", path)
    assert code == 0
    assert "[red]" in out
    assert not steered(out + err)
