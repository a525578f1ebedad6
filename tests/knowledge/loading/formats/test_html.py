"""Web pages without what stands around their text, and the tables of DOCX files."""

from __future__ import annotations

from pathlib import Path

import pytest

from clara.knowledge.loading.base import Hints, SourceFile
from clara.knowledge.loading.formats.docx import read_docx
from clara.knowledge.loading.formats.html import html_to_markdown, read_html
from tests.knowledge.loading.makers import docx_of, write

SENTENCE = "Glaucoma damages the optic nerve and narrows the field of vision over many years. "


def page(body: str, title: str = "Glaucoma") -> str:
    return f"<html><head><title>{title}</title></head><body>{body}</body></html>"


def read(path: Path, text: str) -> str:
    [found] = read_html(SourceFile(write(path, text), path.name), Hints())
    return found.text


@pytest.mark.parametrize(
    "around",
    [
        '<div id="cookie-banner">Accept our trackers</div>',
        '<div class="site-footer">Accept our trackers</div>',
        '<ul class="breadcrumbs"><li>Accept our trackers</li></ul>',
        '<section class="newsletter-box"><p>Accept our trackers</p></section>',
        '<div class="col-3 sidebar">Accept our trackers</div>',
        '<p style="color: red; display:none">Accept our trackers</p>',
        '<p style="VISIBILITY: hidden">Accept our trackers</p>',
        "<p hidden>Accept our trackers</p>",
        '<span aria-hidden="true">Accept our trackers</span>',
        '<a class="sr-only" href="#main">Accept our trackers</a>',
    ],
)
@pytest.mark.parametrize("times", [1, 40])
def test_what_stands_around_the_text_of_a_page_is_left_away(tmp_path: Path, around: str, times: int) -> None:
    text = read(
        tmp_path / "a.html", page(f"{around}<div class='content'><h1>Glaucoma</h1><p>{SENTENCE * times}</p></div>{around}")
    )
    assert "Accept our trackers" not in text
    assert text.count(SENTENCE.strip()) == times
    assert "# Glaucoma" in text


@pytest.mark.parametrize("times", [1, 40])
def test_tables_lists_and_headings_stay(tmp_path: Path, times: int) -> None:
    body = (
        f"<h1>Drops</h1><p>{SENTENCE * times}</p><h2>Doses</h2><table><tr><th>Drug</th><th>Dose</th></tr>"
        "<tr><td>Atropine</td><td>1 %</td></tr></table><ul><li>Check the pulse.</li></ul>"
    )
    text = read(tmp_path / "a.html", page(f"<div class='post'>{body}</div><div class='menu'>Home Login</div>"))
    assert "## Doses" in text
    cells = [cell.strip() for line in text.splitlines() if "|" in line for cell in line.strip(" |").split("|")]
    assert [cell for cell in cells if cell.strip("-")] == ["Drug", "Dose", "Atropine", "1 %"]
    assert "Check the pulse." in text
    assert "Login" not in text


@pytest.mark.parametrize("name", ["menu", "sidebar", "content-banner", "login-notice"])
def test_most_of_a_page_is_its_text_whatever_its_class(tmp_path: Path, name: str) -> None:
    assert SENTENCE.strip() in read(tmp_path / "a.html", page(f'<div class="{name}"><p>{SENTENCE * 3}</p></div>'))


def test_a_page_that_is_only_a_list_keeps_it(tmp_path: Path) -> None:
    items = "".join(f"<li>Sign number {n} of a detached retina, with flashes and floaters</li>" for n in range(40))
    text = read(tmp_path / "a.html", page(f"<ul>{items}</ul>"))
    assert all(f"Sign number {n} of" in text for n in range(40))


@pytest.mark.parametrize("title", ["Home", "Untitled Document", "index.html", ""])
def test_a_title_that_says_nothing_gives_way_to_the_first_heading(title: str) -> None:
    assert html_to_markdown(page("<h1>Keratitis</h1><p>It hurts.</p>", title))[0] == "Keratitis"


def cell(*paragraphs: str) -> str:
    return f"<w:tc>{''.join(f'<w:p><w:r><w:t>{text}</w:t></w:r></w:p>' for text in paragraphs)}</w:tc>"


def test_a_table_of_a_docx_is_read_row_by_row_beside_its_text(tmp_path: Path) -> None:
    rows = [cell("Drug") + cell("Dose"), cell("Timolol") + cell("0.5 %", "twice a day"), cell("Atropine") + cell("1 %")]
    table = "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in rows) + "</w:tbl>"
    text = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"
    data = docx_of(text.format("Before.") + table + text.format("After."))
    [found] = read_docx(SourceFile(write(tmp_path / "a.docx", data), "a.docx"), Hints())
    assert found.text.startswith("Before.")
    assert found.text.endswith("After.")
    lines = [" ".join(line.split()) for line in found.text.splitlines() if "|" in line]
    assert lines == ["| Drug | Dose |", "| --- | --- |", "| Timolol | 0.5 % twice a day |", "| Atropine | 1 % |"]
