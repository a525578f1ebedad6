from __future__ import annotations

from pathlib import Path

import pytest

from clara.errors import KnowledgeError
from clara.knowledge.corpus.notes import AREAS, TITLE_LANGUAGES, Note, note_problems, read_note, read_notes

HEAD = """title: Corneal test note
area: cornea-external
kind: textbook
synonyms: [kerato test]
titles: {es: uno, pt: um, fr: un, fil: isa, hi: एक, zh: 一}
see_also: []
sources:
  - {name: First trial 2019, url: https://example.org/a}
further_reading:
  - {name: General page, url: https://example.org/b}
drafted: language model
reviewed_by: none
"""
BODY = "## Summary\n\n" + "The cornea is clear. " * 20 + "\n\n## Signs\n\n" + "The cornea is hazy. " * 20


def write(folder: Path, head: str = HEAD, body: str = BODY, slug: str = "corneal-test-note") -> Path:
    path = folder / f"{slug}.md"
    path.write_text(f"---\n{head}---\n\n{body}\n", encoding="utf-8")
    return path


def problems(folder: Path, head: str = HEAD, body: str = BODY, slug: str = "corneal-test-note") -> list[str]:
    return note_problems(read_note(write(folder, head, body, slug)), frozenset({slug}))


@pytest.fixture(scope="module")
def shipped() -> list[Note]:
    return list(read_notes())


def test_at_least_two_hundred_notes_ship(shipped: list[Note]) -> None:
    assert len(shipped) >= 200


def test_every_area_of_the_syllabus_is_covered_and_no_other(shipped: list[Note]) -> None:
    assert {note.head.area for note in shipped} == set(AREAS)


def test_titles_are_unique_and_exist_in_six_languages(shipped: list[Note]) -> None:
    assert len({note.head.title for note in shipped}) == len(shipped)
    for note in shipped:
        assert set(note.head.titles) == set(TITLE_LANGUAGES), note.slug


def test_no_shipped_note_has_a_problem(shipped: list[Note]) -> None:
    slugs = frozenset(note.slug for note in shipped)
    assert {note.slug: found for note in shipped if (found := note_problems(note, slugs))} == {}


def test_notes_come_in_the_order_of_their_file_names(shipped: list[Note]) -> None:
    names = [f"{note.slug}.md" for note in shipped]
    assert names == sorted(names)


def test_note_becomes_a_document_with_its_standing_first_source_and_all_names(tmp_path: Path) -> None:
    found = read_note(write(tmp_path)).document()
    assert found.id == "corneal-test-note"
    assert found.source == (
        "Note drafted with a language model, not yet reviewed by a clinician; source: First trial 2019 (https://example.org/a)"
    )
    assert found.kind == "textbook"
    assert found.also == ("kerato test", "uno", "um", "un", "isa", "एक", "一")
    assert found.text.startswith("## Summary")


@pytest.mark.parametrize(
    ("old", "new", "source"),
    [
        (
            "  - {name: First trial 2019, url: https://example.org/a}",
            "  - name: First trial 2019",
            "source: First trial 2019",
        ),
        (
            "sources:\n  - {name: First trial 2019, url: https://example.org/a}\n",
            "",
            "further reading: General page (https://example.org/b)",
        ),
        ("further_reading:\n", "", "source: First trial 2019 (https://example.org/a) and 1 more"),
    ],
)
def test_source_names_the_first_reference_and_how_many_follow(tmp_path: Path, old: str, new: str, source: str) -> None:
    assert read_note(write(tmp_path, HEAD.replace(old, new))).document().source.endswith(f"; {source}")


@pytest.mark.parametrize(
    ("drafted", "reviewed_by", "standing"),
    [
        ("language model", "none", "drafted with a language model, not yet reviewed by a clinician"),
        (
            "language model",
            "A. Reader, ophthalmologist, 2027-01-05",
            "drafted with a language model, reviewed by A. Reader, ophthalmologist, 2027-01-05",
        ),
        ("clinician", "none", "drafted by a clinician, not yet reviewed by a clinician"),
    ],
)
def test_standing_says_who_wrote_and_who_reviewed(tmp_path: Path, drafted: str, reviewed_by: str, standing: str) -> None:
    head = HEAD.replace("drafted: language model", f"drafted: {drafted}")
    note = read_note(write(tmp_path, head.replace("reviewed_by: none", f"reviewed_by: {reviewed_by}")))
    assert note.head.standing == standing


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (
            "further_reading:\n  - {name: General page, url: https://example.org/b}\n",
            "",
            "needs two references or more in sources and further_reading together",
        ),
        (
            "name: General page, url: https://example.org/b",
            "name: General page",
            "'General page' in further_reading has no address",
        ),
        (
            "https://example.org/a",
            "https://en.wikipedia.org/wiki/Cornea",
            "'First trial 2019' is a general page: it belongs to further_reading",
        ),
        (
            "https://example.org/a",
            "https://www.who.int/news-room/fact-sheets/detail/trachoma",
            "'First trial 2019' is a general page: it belongs to further_reading",
        ),
        (
            "https://example.org/a",
            "https://medlineplus.gov/cataract.html",
            "'First trial 2019' is a general page: it belongs to further_reading",
        ),
    ],
)
def test_problem_with_the_references_is_found(tmp_path: Path, old: str, new: str, found: str) -> None:
    assert problems(tmp_path, HEAD.replace(old, new)) == [found]


def test_no_shipped_note_says_that_a_clinician_reviewed_it(shipped: list[Note]) -> None:
    assert {note.head.reviewed_by for note in shipped} == {"none"}


def test_a_good_note_has_no_problem(tmp_path: Path) -> None:
    assert problems(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("area: cornea-external", "area: feet", "unknown area 'feet'"),
        ("fil: isa, ", "", "no title in fil"),
        ("fil: isa, hi: एक", 'fil: "", hi: " "', "no title in fil, hi"),
        ("see_also: []", "see_also: [gone]", "see_also names no note: gone"),
    ],
)
def test_problem_in_the_head_is_found(tmp_path: Path, old: str, new: str, found: str) -> None:
    assert problems(tmp_path, HEAD.replace(old, new)) == [found]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("## A\n\n" + "word " * 40 + "\n\n## B\n\nword", "instead of 150 to 400"),
        ("## A\n\n" + "word " * 500 + "\n\n## B\n\nword", "instead of 150 to 400"),
        ("## A\n\n" + "word " * 200, "two to five ## sections"),
        (BODY + " A pressure of 21mmHg.", "'21mmHg'"),
        (BODY + " A thickness of 0.5mm is thin.", "'0.5mm'"),
        (BODY + " In 5% of eyes.", "'5%'"),
    ],
)
def test_problem_in_the_body_is_found(tmp_path: Path, body: str, found: str) -> None:
    assert any(found in problem for problem in problems(tmp_path, body=body))


@pytest.mark.parametrize("name", ["GUCY2D", "IC3D", "21 mmHg", "5 % of", "3 D"])
def test_gene_names_and_spaced_units_are_no_problem(tmp_path: Path, name: str) -> None:
    assert problems(tmp_path, body=f"{BODY} {name} is fine.") == []


def test_bad_file_name_is_a_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, slug="Bad_Name") == ["the file name must be lower-case ASCII words joined by hyphens"]


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("title: Corneal test note\n", "", "title"),
        ("kind: textbook", "kind: novel", "kind"),
        ("https://example.org/a", "http://example.org/a", "sources.0.url"),
        ("https://example.org/b", "example.org", "further_reading.0.url"),
        ("drafted: language model", "drafted: yesterday", "drafted"),
        ("drafted: language model\n", "", "drafted"),
        ("reviewed_by: none", "reviewed_by: ''", "reviewed_by"),
        ("reviewed_by: none", "reviewed: 2025-01-01", "reviewed_by"),
        ("see_also: []", "mood: good", "mood"),
    ],
)
def test_broken_head_names_file_and_field(tmp_path: Path, old: str, new: str, field: str) -> None:
    with pytest.raises(KnowledgeError, match=rf"corneal-test-note\.md: {field}"):
        read_note(write(tmp_path, HEAD.replace(old, new)))


def test_missing_front_matter_bad_yaml_and_bad_bytes_name_the_file(tmp_path: Path) -> None:
    (tmp_path / "bare.md").write_text("# No head")
    with pytest.raises(KnowledgeError, match=r"bare\.md has no front matter"):
        read_note(tmp_path / "bare.md")
    with pytest.raises(KnowledgeError, match=r"corneal-test-note\.md.*not valid YAML"):
        read_note(write(tmp_path, "title: [\n"))
    (tmp_path / "bytes.md").write_bytes(b"---\n\xff\n---\n")
    with pytest.raises(KnowledgeError, match=r"cannot read the note .*bytes\.md"):
        read_note(tmp_path / "bytes.md")


def test_a_folder_without_notes_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="no notes"):
        list(read_notes(tmp_path))
