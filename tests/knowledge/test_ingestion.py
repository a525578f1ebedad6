from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromadb.api.shared_system_client import SharedSystemClient

from clara.errors import KnowledgeError
from clara.knowledge.index.store import Change, KnowledgeBase
from clara.knowledge.ingestion import ingest
from tests.knowledge.fakes import HashEmbedder
from tests.knowledge.loading.makers import write


@pytest.fixture
def base(tmp_path: Path) -> Iterator[KnowledgeBase]:
    opened = KnowledgeBase(tmp_path / "kb" / "mine", HashEmbedder(), create=True)
    yield opened
    opened.close()
    SharedSystemClient.clear_system_cache()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    write(tmp_path / "notes" / "cornea.md", "# Cornea\n\nIt is clear.")
    write(tmp_path / "notes" / "lens.md", "# Lens\n\nIt focuses.")
    return tmp_path / "notes"


def ids(base: KnowledgeBase) -> set[str]:
    return set(base.record.fingerprints())


def test_a_second_run_skips_everything_and_a_changed_file_replaces_its_document(base: KnowledgeBase, notes: Path) -> None:
    assert ingest(base, [str(notes)]).change == Change(added=2, passages=2)
    assert ingest(base, [str(notes)]).change == Change(unchanged=2)
    write(notes / "lens.md", "# Lens\n\nIt focuses light.")
    assert ingest(base, [str(notes)]).change == Change(replaced=1, unchanged=1, passages=1)


def test_a_broken_file_is_named_and_the_run_goes_on(base: KnowledgeBase, notes: Path) -> None:
    broken = write(notes / "broken.pdf", "no pdf")
    result = ingest(base, [str(notes)])
    assert result.change.added == 2
    assert (result.files, result.left_out) == (3, 1)
    assert [str(problem) for problem in result.problems] == [f"{broken}: it is no PDF"]


def test_add_keeps_what_vanished_and_sync_removes_it(base: KnowledgeBase, notes: Path) -> None:
    ingest(base, [str(notes)])
    (notes / "lens.md").unlink()
    assert ingest(base, [str(notes)]).change == Change(unchanged=1)
    assert ids(base) == {"notes/cornea.md", "notes/lens.md"}
    assert ingest(base, [str(notes)], sync=True).change == Change(unchanged=1, removed=1)
    assert ids(base) == {"notes/cornea.md"}


def test_sync_removes_records_that_left_a_file(base: KnowledgeBase, tmp_path: Path) -> None:
    file = write(tmp_path / "a.jsonl", '{"id": "1", "text": "one"}\n{"id": "2", "text": "two"}\n')
    ingest(base, [str(file)])
    write(file, '{"id": "2", "text": "two"}\n')
    assert ingest(base, [str(file)], sync=True).change == Change(unchanged=1, removed=1)
    assert ids(base) == {"2"}


def test_sync_keeps_the_documents_of_a_file_that_cannot_be_read_today(base: KnowledgeBase, notes: Path) -> None:
    ingest(base, [str(notes)])
    (notes / "lens.md").write_bytes(b"\xff\xfe\xfa")
    result = ingest(base, [str(notes)], sync=True)
    assert (result.change.removed, result.left_out) == (0, 1)
    assert ids(base) == {"notes/cornea.md", "notes/lens.md"}


def test_sync_leaves_other_folders_alone(base: KnowledgeBase, notes: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "notes-2" / "iris.md", "# Iris\n\nIt opens.").parent
    ingest(base, [str(notes), str(other)])
    assert ingest(base, [str(notes)], sync=True).change == Change(unchanged=2)
    assert len(ids(base)) == 3


def test_a_file_does_not_drive_out_another_of_the_same_name(base: KnowledgeBase, notes: Path, tmp_path: Path) -> None:
    ingest(base, [str(notes)])
    twin = write(tmp_path / "elsewhere" / "notes" / "lens.md", "# Lens\n\nAnother text.")
    result = ingest(base, [str(twin.parent)])
    assert result.change == Change()
    assert f"its name 'notes/lens.md' is taken by {notes / 'lens.md'}" in str(result.problems[0])


def test_a_record_with_an_id_of_its_own_is_replaced_by_a_newer_file(base: KnowledgeBase, tmp_path: Path) -> None:
    ingest(base, [str(write(tmp_path / "old.jsonl", '{"id": "1", "text": "old"}'))])
    assert ingest(base, [str(write(tmp_path / "new.jsonl", '{"id": "1", "text": "new"}'))]).change.replaced == 1


def test_a_path_that_names_nothing_changes_nothing(base: KnowledgeBase, notes: Path) -> None:
    with pytest.raises(KnowledgeError, match="there is no file or folder"):
        ingest(base, [str(notes), str(notes / "nothing.md")])
    assert ids(base) == set()


def test_progress_is_told(base: KnowledgeBase, notes: Path) -> None:
    seen: list[tuple[int, int]] = []
    ingest(base, [str(notes)], progress=lambda *counts: seen.append(counts))
    assert seen == [(2, 2)]


def test_two_files_of_one_run_do_not_take_the_same_name(base: KnowledgeBase, tmp_path: Path) -> None:
    first, second = (write(tmp_path / name / "note.md", f"# {name}\n\nText.") for name in "ab")
    result = ingest(base, [str(first), str(second)], workers=1)
    assert (result.change.added, result.left_out) == (1, 1)
    assert f"{second}: its name 'note.md' is taken by {first}" in str(result.problems[0])


def test_rows_without_an_id_do_not_drive_out_those_of_another_file(base: KnowledgeBase, tmp_path: Path) -> None:
    first, second = (write(tmp_path / name / "t.csv", f"title,text\nx,{name}\n") for name in "ab")
    ingest(base, [str(first)])
    assert ingest(base, [str(second)]).left_out == 1
    assert base.record.origin_of("t.csv:2") == str(first)


def test_a_file_keeps_its_name_whatever_way_leads_to_it(base: KnowledgeBase, notes: Path) -> None:
    ingest(base, [str(notes)])
    assert ingest(base, [str(notes / "lens.md")]).change == Change(unchanged=1)
    assert ingest(base, [str(notes / ".." / "notes"), str(notes)]).change == Change(unchanged=2)
    (notes / "lens.md").unlink()
    assert ingest(base, [str(notes / ".." / "notes")], sync=True).change == Change(unchanged=1, removed=1)


def test_text_and_names_that_are_no_unicode_do_not_end_the_run(base: KnowledgeBase, notes: Path) -> None:
    write(notes / "a.jsonl", '{"id": "1", "text": "lone \\ud800 half"}\n')
    Path(os.fsdecode(os.fsencode(notes) + b"/\xff.md")).write_text("# Iris\n\nIt opens.", encoding="utf-8")
    assert ingest(base, [str(notes)]).change.added == 4
    assert ids(base) >= {"1", "notes/\\udcff.md"}
    assert ingest(base, [str(notes)], sync=True).change == Change(unchanged=4)


def test_sync_keeps_what_lies_below_a_folder_with_a_problem(base: KnowledgeBase, notes: Path, tmp_path: Path) -> None:
    write(notes / "deep" / "iris.md", "# Iris\n\nIt opens.")
    ingest(base, [str(notes)])
    (notes / "deep").rename(tmp_path / "moved")
    (notes / "deep").symlink_to(tmp_path / "moved")  # a linked folder is not followed
    assert ingest(base, [str(notes)], sync=True).change == Change(unchanged=2)
    assert "notes/deep/iris.md" in ids(base)


def test_an_id_that_comes_twice_in_a_file_is_named_and_the_first_stays(base: KnowledgeBase, tmp_path: Path) -> None:
    file = write(tmp_path / "a.csv", "id,title,text\nx1,A,one\nx1,B,two\nx2,C,three\n")
    result = ingest(base, [str(file)])
    assert (result.change, result.left_out) == (Change(added=2, passages=2), 1)
    assert [str(problem) for problem in result.problems] == [
        f"{file}: its id 'x1' stands twice in this file; map another column with --field id=NAME"
    ]
    assert ingest(base, [str(file)]).change == Change(unchanged=2)
    write(file, "id,title,text\nx1,A,one\nx1,B,two\n")
    assert ingest(base, [str(file)], sync=True).change == Change(unchanged=1, removed=1)  # the file was read


def test_an_id_that_comes_twice_and_is_in_another_file_too_is_still_named(base: KnowledgeBase, tmp_path: Path) -> None:
    row = '{"id": "1", "text": "%s"}\n'
    first = write(tmp_path / "a.jsonl", row % "one" + row % "two")
    second = write(tmp_path / "b.jsonl", row % "three")
    for _ in range(2):
        assert ingest(base, [str(first), str(second)], workers=1).left_out == 1
    assert base.record.origin_of("1") == str(second)


def test_an_article_that_comes_twice_is_not_told_to_map_a_column(base: KnowledgeBase, tmp_path: Path) -> None:
    file = write(tmp_path / "a.nbib", "PMID- 7\nTI  - A\nAB  - One.\n\nPMID- 7\nTI  - A\nAB  - Two.\n")
    assert [problem.reason for problem in ingest(base, [str(file)]).problems] == [
        "its id 'pmid:7' stands twice in this file"
    ]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("notes/*.md", {"notes/a.txt", "notes/deep/iris.md"}),
        ("notes/**/*.md", {"notes/a.txt"}),
        ("notes/**", set[str]()),
        ("notes/[cl]*.md", {"notes/a.txt", "notes/deep/iris.md"}),
        ("*/deep", {"notes/a.txt", "notes/cornea.md", "notes/lens.md"}),
        ("notes/../*/lens.md", {"notes/a.txt", "notes/cornea.md", "notes/deep/iris.md"}),
    ],
)
def test_sync_of_a_glob_removes_what_it_would_have_found(
    base: KnowledgeBase, notes: Path, tmp_path: Path, pattern: str, left: set[str]
) -> None:
    write(notes / "deep" / "iris.md", "# Iris\n\nIt opens.")
    write(notes / "a.txt", "A text.")
    ingest(base, [str(notes)])
    for path in (notes / "lens.md", notes / "cornea.md", notes / "a.txt", notes / "deep" / "iris.md"):
        path.unlink()
    for name in ("other.md", "lens-2.md", "sub/lens.md", "deep/other.md"):
        write(notes / name, "# Other\n\nIt stays.")  # the pattern must find something
    write(tmp_path / "x" / "lens.md", "# X\n\nIt stays.")
    ingest(base, [str(tmp_path / pattern)], sync=True)
    assert ids(base) & {"notes/a.txt", "notes/cornea.md", "notes/lens.md", "notes/deep/iris.md"} == left


def test_sync_of_a_glob_leaves_hidden_files_alone(base: KnowledgeBase, notes: Path) -> None:
    hidden = write(notes / ".draft.md", "# Draft\n\nA text.")
    ingest(base, [str(notes), str(hidden)])
    assert ingest(base, [str(notes / "*.md")], sync=True).change == Change(unchanged=2)
    assert ".draft.md" in ids(base)


def test_a_problem_is_told_once_whatever_ways_lead_to_it(base: KnowledgeBase, notes: Path, tmp_path: Path) -> None:
    (notes / "out.md").symlink_to(write(tmp_path / "out.md", "secret"))
    result = ingest(base, [str(notes / "**")])
    assert (result.change.added, result.left_out) == (2, 1)
    assert "leads out of the folder" in result.problems[0].reason


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("thief.md", "---\nid: notes/lens.md\n---\nStolen."),
        ("thief.jsonl", '{"id": "notes/lens.md", "text": "Stolen."}'),
        ("thief.csv", "id,text\nnotes/lens.md,Stolen.\n"),
        ("thief.json", '[{"id": "notes/lens.md", "text": "Stolen."}]'),
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_no_id_drives_out_the_document_of_another_file(
    base: KnowledgeBase, notes: Path, tmp_path: Path, name: str, text: str, together: bool
) -> None:
    thief = write(tmp_path / "other" / name, text)
    if together:
        result = ingest(base, [str(notes), str(thief)], workers=1)
    else:
        ingest(base, [str(notes)])
        result = ingest(base, [str(thief)])
    assert [str(problem) for problem in result.problems] == [
        f"{thief}: its id 'notes/lens.md' is taken by {notes / 'lens.md'}; add it with another --kb"
    ]
    assert base.record.origin_of("notes/lens.md") == str(notes / "lens.md")
    assert "It focuses." in next(item.text for item in base.record.documents() if item.id == "notes/lens.md")


def test_front_matter_does_not_take_the_id_of_a_record_or_of_other_front_matter(base: KnowledgeBase, tmp_path: Path) -> None:
    ingest(base, [str(write(tmp_path / "a.nbib", "PMID- 7\nTI  - A\nAB  - One.\n"))])
    ingest(base, [str(write(tmp_path / "own.md", "---\nid: eye\n---\nMine."))])
    for number, name in enumerate(("pmid:7", "eye")):
        result = ingest(base, [str(write(tmp_path / f"{number}.md", f"---\nid: {name}\n---\nStolen."))])
        assert (result.change.added, result.change.replaced, result.left_out) == (0, 0, 1)
    assert not any(item.text == "Stolen." for item in base.record.documents())


def test_a_newer_file_of_citations_replaces_an_older_one(base: KnowledgeBase, tmp_path: Path) -> None:
    ingest(base, [str(write(tmp_path / "old.txt", "PMID- 7\nTI  - A\nAB  - One.\n"))])
    result = ingest(base, [str(write(tmp_path / "new.nbib", "PMID- 7\nTI  - A\nAB  - Two.\n"))])
    assert (result.change.replaced, result.left_out) == (1, 0)


def test_a_notice_does_not_keep_sync_from_removing_what_left_the_file(base: KnowledgeBase, tmp_path: Path) -> None:
    file = write(tmp_path / "a.nbib", "PMID- 7\nTI  - A\nAB  - One.\n\nPMID- 8\nTI  - B\nAB  - Two.\n")
    ingest(base, [str(file)])
    write(file, "PMID- 7\nTI  - A\n\nPMID- 8\nTI  - B\nAB  - Two.\n")
    result = ingest(base, [str(file)], sync=True)
    assert (result.change, result.left_out) == (Change(unchanged=1, removed=1), 1)
