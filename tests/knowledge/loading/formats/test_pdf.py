"""PDF pages as people make them: turned, in columns, with tables, cut words and scans."""

from __future__ import annotations

from pathlib import Path

import pytest

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading.base import Hints, Notice, SourceFile, Unreadable
from clara.knowledge.loading.formats.pdf import read_pdf
from clara.knowledge.loading.formats.pdf_layout import CUT_WORD, whole_words
from tests.knowledge.loading.makers import pdf_of, write

LEFT = [
    "Glaucoma damages the optic nerve and",
    "narrows the field of vision over years.",
    "Drops lower the pressure of the eye, and",
    "most people need them for all their life.",
    "A check each year finds it early enough.",
]
RIGHT = [
    "Cataract clouds the lens of one or both",
    "eyes and dims the sight over the years.",
    "The lens is taken out under local drops",
    "and an artificial one is put in its place",
    "in an operation of less than half an hour.",
]
ROWS = [
    ("Timolol", "0.5 %", "2"),
    ("Latanoprost", "0.005 %", "1"),
    ("Brimonidine", "0.2 %", "3"),
    ("Dorzolamide", "2 %", "3"),
]


def at(x: float, y: float, text: str, turn: str = "1 0 0 1") -> str:
    return f"BT /F1 10 Tf {turn} {x} {y} Tm ({text}) Tj ET"


def read(path: Path, *pages: str, title: str = "Eye", rotate: int = 0) -> list[Document | Unreadable]:
    return list(read_pdf(SourceFile(write(path, pdf_of(*pages, title=title, rotate=rotate)), path.name), Hints()))


def text_of(path: Path, *pages: str, rotate: int = 0) -> str:
    [found] = read(path, *pages, rotate=rotate)
    assert isinstance(found, Document)
    return found.text


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_a_turned_page_is_read_to_the_ends_of_its_lines(tmp_path: Path, rotate: int) -> None:
    line = "The dose is one drop twice a day and no more than that in one week, " * 2
    page = "\n".join(at(30, 500 - 14 * row, line) for row in range(5))
    assert text_of(tmp_path / "a.pdf", page, rotate=rotate) == "# Page 1\n\n" + "\n".join([line.strip()] * 5)


def test_writing_that_is_turned_on_its_page_keeps_its_lines(tmp_path: Path) -> None:
    page = "\n".join((at(300, 50, "Turned words go up", "0 1 -1 0"), at(314, 50, "in a second line", "0 1 -1 0")))
    assert text_of(tmp_path / "a.pdf", page) == "# Page 1\n\nTurned words go up\nin a second line"


def test_columns_that_are_drawn_line_by_line_are_read_one_after_the_other(tmp_path: Path) -> None:
    lines = [at(40, 700 - 12 * row, left) + at(320, 700 - 12 * row, RIGHT[row]) for row, left in enumerate(LEFT)]
    assert text_of(tmp_path / "a.pdf", "\n".join(lines)) == "# Page 1\n\n" + "\n".join([*LEFT, *RIGHT])


def test_columns_that_are_drawn_one_after_the_other_stay_so(tmp_path: Path) -> None:
    columns = [at(x, 700 - 12 * row, line) for x, column in ((40, LEFT), (320, RIGHT)) for row, line in enumerate(column)]
    assert text_of(tmp_path / "a.pdf", "\n".join(columns)) == "# Page 1\n\n" + "\n".join([*LEFT, *RIGHT])


@pytest.mark.parametrize("height", [12, 30])
def test_the_cells_of_a_row_stay_together_and_apart(tmp_path: Path, height: int) -> None:
    cells = [
        at(x, 700 - height * row, cell)
        for row, cells in enumerate(ROWS)
        for x, cell in zip((40, 150, 260), cells, strict=True)
    ]
    assert text_of(tmp_path / "a.pdf", "\n".join(cells)) == "# Page 1\n\n" + "\n".join(map(" ".join, ROWS))


def test_cells_that_touch_are_not_glued(tmp_path: Path) -> None:
    assert "0.5 % 2" in text_of(tmp_path / "a.pdf", at(40, 700, "Timolol 0.5 %") + at(110, 700, "2"))


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("severe conjunc-", "tivitis of both eyes"), "severe conjunctivitis of both eyes"),
        (("a well-", "known drug; it is well-known"), "a well-known drug; it is well-known"),
        (("anti-", "VEGF agents"), "anti-VEGF agents"),
        (("for 5-", "10 days"), "for 5-10 days"),
        (("Drops:", "- timolol"), "Drops:\n- timolol"),
    ],
)
def test_words_that_were_cut_at_the_end_of_a_line_are_whole(tmp_path: Path, lines: tuple[str, str], text: str) -> None:
    page = "\n".join(at(40, 700 - 12 * row, line) for row, line in enumerate(lines))
    assert text_of(tmp_path / "a.pdf", page) == f"# Page 1\n\n{text}"


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        (f"endoph{CUT_WORD}thalmitis", "endophthalmitis"),
        ("endoph\u00ad\nthalmitis", "endophthalmitis"),
        ("endoph\u2010\nthalmitis", "endophthalmitis"),
        (f"hemi{CUT_WORD}anopsie", "hemianopsie"),
        ("20/40 -\nbetter", "20/40 -\nbetter"),
        (f"stray {CUT_WORD} mark", "stray - mark"),
    ],
)
def test_the_marks_of_a_cut_word(text: str, whole: str) -> None:
    assert whole_words(text) == whole


PICTURE = "q 500 0 0 700 40 40 cm BI /W 1 /H 1 /CS /G /BPC 8 ID x EI Q"


def test_scanned_pages_are_counted_and_blank_ones_are_not(tmp_path: Path) -> None:
    document, notice = read(
        tmp_path / "a.pdf", at(40, 700, "Timolol lowers the pressure."), PICTURE, "", PICTURE + at(40, 20, "- 4 -")
    )
    assert isinstance(document, Document)
    assert "Timolol lowers the pressure." in document.text
    assert isinstance(notice, Notice)
    assert str(notice) == "2 of 4 pages hold no text; they may be scans"


def test_a_page_with_a_figure_and_its_text_is_no_scan(tmp_path: Path) -> None:
    assert len(read(tmp_path / "a.pdf", PICTURE + at(40, 20, "The retina of a patient with diabetes."))) == 1


def test_a_scan_alone_is_left_out(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="it holds no text; it may be a scan"):
        read(tmp_path / "a.pdf", PICTURE, PICTURE)


@pytest.mark.parametrize(
    "title",
    [
        "",
        "untitled",
        "Untitled-1",
        "Microsoft Word - guideline v3.doc",
        "Document1",
        "PowerPoint Presentation",
        "report.indd",
        "Sans titre",
        "12345",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
    ],
)
def test_a_title_that_says_nothing_gives_way_to_the_name_of_the_file(tmp_path: Path, title: str) -> None:
    [found] = read(tmp_path / "keratitis.pdf", at(40, 700, "Keratitis hurts."), title=title)
    assert isinstance(found, Document)
    assert found.title == "keratitis"


@pytest.mark.parametrize("title", ["Uveitis", "Document on glaucoma care", "Word deafness and other agnosias", "COVID-19"])
def test_a_title_that_says_something_counts(tmp_path: Path, title: str) -> None:
    [found] = read(tmp_path / "a.pdf", at(40, 700, "Keratitis hurts."), title=title)
    assert isinstance(found, Document)
    assert found.title == title
