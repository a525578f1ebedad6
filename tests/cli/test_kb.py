"""``clara kb`` on a knowledge base of one's own, through the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromadb.api.shared_system_client import SharedSystemClient
from typer.testing import CliRunner, Result

from clara.cli.app import app

run = CliRunner()


@pytest.fixture(autouse=True)
def forget_chroma() -> Iterator[None]:
    yield
    SharedSystemClient.clear_system_cache()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "cornea.md").write_text("# Cornea\n\nThe cornea is the clear window of the eye.")
    (folder / "lens.md").write_text("# Lens\n\nThe lens focuses light on the retina.")
    return folder


def kb(command: str, *args: str | Path) -> Result:
    return run.invoke(app, ["kb", command, *map(str, args), "--kb", "mine"])


def value(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def refused(result: Result, code: int, words: str) -> None:
    """One sentence on standard error, no traceback, nothing on standard output."""
    assert result.exit_code == code, (result.stdout, result.stderr)
    assert words in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_add_tells_what_became_of_the_documents(notes: Path) -> None:
    first = value(kb("add", notes, "--json"))
    assert first == {
        "name": "mine",
        "files": 2,
        "added": 2,
        "replaced": 0,
        "unchanged": 0,
        "removed": 0,
        "passages": 2,
        "left_out": 0,
        "problems": [],
    }
    (notes / "lens.md").write_text("# Lens\n\nIt is behind the iris.")
    (notes / "broken.pdf").write_bytes(b"no pdf")
    second = value(kb("add", notes, "--json"))
    assert (second["replaced"], second["unchanged"], second["left_out"]) == (1, 1, 1)
    assert second["problems"] == [{"path": str(notes / "broken.pdf"), "reason": "it is no PDF"}]
    said = kb("add", notes)
    assert said.exit_code == 0
    assert "mine: 3 files read; documents: 0 added, 0 replaced, 2 unchanged, 0 removed" in " ".join(said.stdout.split())
    assert "left out:" in said.stdout


def test_sync_removes_what_vanished(notes: Path) -> None:
    value(kb("sync", notes, "--json"))
    (notes / "lens.md").unlink()
    assert value(kb("sync", notes, "--json"))["removed"] == 1
    assert value(kb("stats", "--json"))["knowledge_bases"][0]["documents"] == 1


def test_sync_of_a_folder_that_has_become_empty_ends_well(notes: Path) -> None:
    value(kb("add", notes, "--json"))
    for path in notes.iterdir():
        path.unlink()
    said = kb("sync", notes)
    assert said.exit_code == 0, said.stderr
    assert "0 files read; documents: 0 added, 0 replaced, 0 unchanged, 2 removed" in " ".join(said.stdout.split())
    assert value(kb("sync", notes, "--json"))["removed"] == 0
    refused(kb("add", notes), 1, "the paths hold no file of a format that is read")


def test_columns_kind_and_language_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("nr,thema,inhalt\n1,Hornhaut,La córnea es clara\n", encoding="utf-8")
    fields = [part for name in ("id=nr", "title=thema", "text=inhalt") for part in ("--field", name)]
    assert value(kb("add", path, *fields, "--kind", "guideline", "-l", "spanish", "--json"))["added"] == 1
    stats = value(kb("stats", "--json"))["knowledge_bases"][0]
    assert (stats["kinds"], stats["languages"]) == ({"guideline": 1}, {"es": 1})
    [found] = value(kb("search", "córnea", "--json"))["passages"]
    assert (found["id"], found["title"], found["kind"]) == ("1#0", "Hornhaut", "guideline")


def test_names_in_other_languages_are_indexed_on_request(notes: Path) -> None:
    value(kb("add", notes, "--augment", "glossary", "--augment-languages", "zh,spanish", "--json"))
    assert value(kb("search", "角膜", "-k", "1", "--json"))["passages"][0]["id"] == "notes/cornea.md#0"
    again = value(kb("add", notes, "--augment", "glossary", "--augment-languages", "es,zh", "--json"))
    assert (again["unchanged"], again["replaced"]) == (2, 0)


def test_remove(notes: Path) -> None:
    value(kb("add", notes, "--json"))
    assert value(kb("remove", "notes/lens.md", "--json")) == {"name": "mine", "removed": 1, "unknown": []}
    missing = kb("remove", "notes/lens.md", "notes/cornea.md")
    refused(missing, 1, "the knowledge base 'mine' has no document notes/lens.md")
    assert "mine: 1 document removed" in missing.stdout


def test_search_and_stats_show_what_was_added(notes: Path) -> None:
    value(kb("add", notes, "--json"))
    assert value(kb("search", "clear window", "-k", "1", "--json"))["passages"][0]["id"] == "notes/cornea.md#0"
    shown = kb("stats")
    assert shown.exit_code == 0
    for words in ("mine", "embedded", "head_weight 0.8"):
        assert words in shown.stdout


def test_reindex_embeds_the_stored_documents_again(notes: Path) -> None:
    value(kb("add", notes, "--json"))
    result = kb("reindex")
    assert result.exit_code == 0, result.stderr
    assert "mine: 2 passages embedded with embedded" in result.stdout
    assert value(kb("search", "clear window", "-k", "1", "--json"))["passages"][0]["id"] == "notes/cornea.md#0"


def test_eval_with_labels_and_parts(notes: Path, tmp_path: Path) -> None:
    value(kb("add", notes, "--json"))
    path = tmp_path / "questions.jsonl"
    path.write_text(
        '{"query": "clear window of the eye", "relevant": ["notes/cornea.md"]}\n'
        '{"query": "what focuses light", "relevant": ["notes/cornea.md"]}\n'
    )
    found = value(kb("eval", path, "--parts", "--json"))
    assert (found["n_queries"], found["recall@1"], found["mrr@10"]) == (2, 0.5, 0.75)
    assert {"recall@5", "recall@10", "ndcg@10", "max@r", "ms_per_query"} <= set(found)
    assert set(found["parts"]) == {"dense", "lexical"}
    assert value(kb("eval", path, "--limit", "1", "--json"))["n_queries"] == 1
    assert "recall@1" in kb("eval", path).stdout


def test_eval_of_parallel_questions_shows_the_untranslated_ones_beside(notes: Path, tmp_path: Path) -> None:
    value(kb("add", notes, "--json"))
    path = tmp_path / "questions.jsonl"
    queries = {"english": "clear cornea", "spanish": "córnea clara", "zh": "角膜"}
    path.write_text(json.dumps({"id": "1", "queries": queries}) + "\n", encoding="utf-8")
    found = value(kb("eval", path, "--json"))
    assert set(found["languages"]) == set(found["untranslated"]) == {"en", "es", "zh"}
    assert set(found["languages"]["es"]) == {"n", "overlap@10", "max@r", "rank_spread", "rank_variance"}
    assert found["languages"]["en"]["overlap@10"] == 1
    assert "untranslated es: n 1" in kb("eval", path).stdout


@pytest.mark.parametrize("command", ["search", "stats", "eval", "reindex", "remove"])
def test_a_knowledge_base_that_is_missing_is_named_with_the_mend(command: str, tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"query": "iris", "relevant": ["a"]}\n')
    arguments = {"search": ["iris"], "eval": [path], "remove": ["x"]}.get(command, [])
    refused(kb(command, *arguments), 1, "there is no knowledge base 'mine'")
    assert "clara kb add --kb mine PATH" in " ".join(kb(command, *arguments).stderr.split())


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (["add", "nowhere", "--kb", "mine"], 1, "there is no file or folder"),
        (["add", "--kb", "mine"], 2, "Missing argument"),
        (["add", ".", "--kb", "Bad Name"], 2, "cannot name a knowledge base"),
        (["add", ".", "--kb", "a", "--kb", "b"], 2, "this changes one knowledge base"),
        (["add", ".", "--kb", "mine", "--field", "text"], 2, "must look like text=COLUMN"),
        (["add", ".", "--kb", "mine", "--field", "colour=x"], 2, "must look like text=COLUMN"),
        (["add", ".", "--kb", "mine", "-l", "klingon"], 2, "klingon"),
        (["add", ".", "--kb", "mine", "--workers", "0"], 2, "--workers"),
        (["add", ".", "--kb", "mine", "--augment", "magic"], 2, "--augment"),
        (["add", ".", "--kb", "mine", "--augment", "model"], 2, "needs a model server: give --backbone URL"),
        (["add", ".", "--kb", "mine", "--augment-languages", "es"], 2, "needs --augment glossary or"),
        (["add", ".", "--kb", "mine", "--augment", "glossary", "--augment-languages", "de"], 2, "no names in de"),
        (["add", ".", "--kb", "mine", "--augment", "glossary", "--augment-languages", " ,"], 2, "names no language"),
        (["build", "--kb", "mine"], 2, "makes the knowledge base 'ophthalmology' only"),
        (["search", " ", "--kb", "mine"], 2, "the query is empty"),
        (["search", "x", "-k", "0"], 2, "-k"),
        (["remove", "--kb", "mine"], 2, "Missing argument"),
        (["eval", "nowhere.jsonl", "--kb", "mine"], 1, "cannot read nowhere.jsonl"),
    ],
)
def test_wrong_use_is_one_sentence(args: list[str], code: int, words: str) -> None:
    refused(run.invoke(app, ["kb", *args]), code, words)


def test_a_folder_without_any_file_that_is_read(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    refused(kb("add", tmp_path / "empty"), 1, "hold no file of a format that is read")


def test_nothing_but_broken_files_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(b"no pdf")
    refused(kb("add", tmp_path / "a.pdf"), 1, "nothing could be read: all of the 1 files or records were left out")


def test_an_eval_file_that_is_wrong_names_its_line(notes: Path, tmp_path: Path) -> None:
    value(kb("add", notes, "--json"))
    path = tmp_path / "q.jsonl"
    path.write_text('{"query": "x"}\n')
    refused(kb("eval", path), 1, 'line 1: needs "query" and a list "relevant"')
