from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading import base, tables
from clara.knowledge.loading.base import LONGEST_LINE, Hints, SourceFile, Unreadable
from clara.knowledge.loading.formats import load
from tests.knowledge.loading.makers import article, docx, pdf, pubmed, write

NOTE = """---
title: Cornea
kind: anatomy
language: en
synonyms: [kerato]
titles: {es: Córnea, zh: 角膜}
sources: [{name: Atlas, url: "https://a.example/1"}]
---
# Layers

Five layers.
"""
MEDLINE = """
PMID- 11
TI  - Timolol and pressure
      in a second line.
AB  - Timolol lowers pressure
      by a quarter.

PMID- 12
TI  - No abstract here.
"""


def read(path: Path, data: bytes | str, hints: Hints | None = None) -> list[Document | Unreadable]:
    return list(load(SourceFile(write(path, data), f"folder/{path.name}"), hints or Hints()))


def documents(path: Path, data: bytes | str, hints: Hints | None = None) -> list[Document]:
    found = read(path, data, hints)
    assert all(isinstance(item, Document) for item in found), found
    return [item for item in found if isinstance(item, Document)]


@pytest.mark.parametrize("name", ["note.md", "note.markdown", "note.md.gz"])
def test_markdown_takes_its_names_from_the_front_matter(tmp_path: Path, name: str) -> None:
    [found] = documents(tmp_path / name, NOTE)
    assert (found.id, found.title, found.kind) == (f"folder/{name}", "Cornea", "anatomy")
    assert (found.source, found.also) == ("Atlas, https://a.example/1", ("kerato", "Córnea", "角膜"))
    assert found.text.startswith("# Layers")


@pytest.mark.parametrize(
    ("listed", "source"),
    [
        ('further_reading: [{name: General page, url: "https://b.example/1"}]', "General page, https://b.example/1"),
        (
            'sources: [{name: Trial 2019}]\nfurther_reading: [{name: General page, url: "https://b.example/1"}]',
            "Trial 2019",
        ),
    ],
)
def test_markdown_without_primary_sources_names_its_further_reading(tmp_path: Path, listed: str, source: str) -> None:
    page = NOTE.replace('sources: [{name: Atlas, url: "https://a.example/1"}]', listed)
    assert documents(tmp_path / "note.md", page)[0].source == source


def test_markdown_without_front_matter_is_named_after_its_first_heading(tmp_path: Path) -> None:
    [found] = documents(tmp_path / "a.md", "# Lens #\n\nIt focuses.")
    assert (found.title, found.source) == ("Lens", "a.md")


def test_plain_text_is_named_after_a_first_line_that_stands_alone(tmp_path: Path) -> None:
    assert documents(tmp_path / "a.txt", "Glaucoma\n\nIt damages the nerve.")[0].title == "Glaucoma"
    assert documents(tmp_path / "b.txt", "It damages the nerve.\nSlowly.")[0].title == "b"


def test_the_language_is_recognised_unless_it_is_given(tmp_path: Path) -> None:
    text = "La córnea es la capa transparente del ojo y no tiene vasos."
    assert documents(tmp_path / "a.txt", text)[0].language == "es"
    assert documents(tmp_path / "b.txt", text, Hints(language="pt"))[0].language == "pt"


def test_text_in_utf_16_is_read(tmp_path: Path) -> None:
    assert documents(tmp_path / "a.txt", "角膜是透明的。".encode("utf-16"))[0].text == "角膜是透明的。"


def test_html_keeps_headings_and_text_and_drops_menus_and_scripts(tmp_path: Path) -> None:
    page = (
        "<html><head><title> Cornea\n page </title><style>p{}</style></head><body><nav>Menu</nav><main><h2>Layers</h2>"
        "<p>Five <b>layers</b>.</p><script>alert(1)</script><ul><li>Epithelium</li></ul></main><footer>Foot</footer></body>"
    )
    [found] = documents(tmp_path / "a.html", page)
    assert (found.title, found.kind) == ("Cornea page", "web")
    assert "## Layers" in found.text
    assert "Five layers." in found.text
    assert "Epithelium" in found.text
    assert not any(word in found.text for word in ("Menu", "alert", "Foot", "p{}"))


def test_each_page_of_a_pdf_is_a_section(tmp_path: Path) -> None:
    [found] = documents(tmp_path / "a.pdf", pdf("The cornea is clear.", "The lens focuses.", title="Eye"))
    assert found.title == "Eye"
    assert found.text == "# Page 1\n\nThe cornea is clear.\n\n# Page 2\n\nThe lens focuses."


def test_headings_of_a_docx_are_kept(tmp_path: Path) -> None:
    data = docx(("Heading1", "Cornea"), ("Normal", "It is clear."), ("Heading2", "Layers"), ("Normal", "Five."))
    [found] = documents(tmp_path / "a.docx", data)
    assert found.title == "Cornea"
    assert found.text == "# Cornea\n\nIt is clear.\n\n## Layers\n\nFive."


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.jsonl.gz"])
def test_jsonl_takes_the_usual_names(tmp_path: Path, name: str) -> None:
    rows = [
        {"id": "x", "title": "Lens", "text": "It focuses.", "url": "https://a.example", "language": "en"},
        {"body": "B."},
    ]
    first, second = documents(tmp_path / name, "\n".join(map(json.dumps, rows)) + "\n\n")
    assert (first.id, first.title, first.text, first.source) == ("x", "Lens", "It focuses.", "https://a.example")
    assert (second.id, second.text) == (f"folder/{name}:2", "B.")


def test_jsonl_takes_mapped_names(tmp_path: Path) -> None:
    row = {"key": 7, "head": "Lens", "long": "It focuses.", "text": "not this"}
    [found] = documents(
        tmp_path / "a.jsonl", json.dumps(row), Hints(fields={"id": "key", "title": "head", "text": "long"}, kind="textbook")
    )
    assert (found.id, found.title, found.text, found.kind) == ("7", "Lens", "It focuses.", "textbook")


def test_a_broken_line_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    lines = ['{"text": "a"}', "{", "[1]", '{"other": "x"}', "x" * (LONGEST_LINE + 2), '{"text": "b"}']
    found = read(tmp_path / "a.jsonl", "\n".join(lines))
    assert [item.text for item in found if isinstance(item, Document)] == ["a", "b"]
    assert [str(item) for item in found if isinstance(item, Unreadable)] == [
        "line 2: no valid JSON",
        "line 3: no JSON object",
        "line 4: no text in text or content or contents or body or abstract or answer (there is: other); "
        "map it with --field text=NAME",
        "line 5: longer than 8 MiB",
    ]


def test_medquad_gives_a_document_an_answer_and_counts_on_where_an_id_comes_again(tmp_path: Path) -> None:
    first = {"id": "9", "source": "NEI", "url": "u", "focus": "Glaucoma", "qa": [{"question": "q", "answer": "A0"}] * 2}
    again = {"id": "9", "source": "GHR", "url": "v", "focus": "Keratoconus", "qa": [{"question": "q", "answer": "A2"}]}
    found = documents(tmp_path / "a.jsonl", "\n".join(map(json.dumps, [first, again])))
    assert [(item.id, item.title, item.text) for item in found] == [
        ("9#0", "Glaucoma", "A0"),
        ("9#1", "Glaucoma", "A0"),
        ("9#2", "Keratoconus", "A2"),
    ]
    assert found[0].source == "NEI, u"
    assert "q" not in found[0].text


@pytest.mark.parametrize(("name", "mark"), [("a.csv", ","), ("b.csv", ";"), ("c.tsv", "\t"), ("d.csv.gz", ",")])
def test_csv_rows_are_documents(tmp_path: Path, name: str, mark: str) -> None:
    rows = [["id", "title", "text"], ["1", "Lens", '"It focuses,\nalways"'], ["2", "Iris", "It opens"], ["3", "", ""]]
    found = read(tmp_path / name, "\n".join(mark.join(row) for row in rows))
    good = [item for item in found if isinstance(item, Document)]
    assert [(item.id, item.title, item.text) for item in good] == [
        ("1", "Lens", "It focuses,\nalways"),
        ("2", "Iris", "It opens"),
    ]
    assert len(found) == 3


def told(found: list[Document | Unreadable]) -> tuple[list[str], list[str]]:
    """Texts of the documents, and what is said of the others."""
    texts = [item.text for item in found if isinstance(item, Document)]
    return texts, [str(item) for item in found if isinstance(item, Unreadable)]


def test_a_row_that_is_no_text_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    rows = [b"text,title", b"a,A", b"caf\xe9,B", b'"two\nlines",C', b'"bad\nl\xedne\nin it",D', b"", b"last,\xff", b"b,E"]
    found = read(tmp_path / "a.csv", b"\n".join(rows))
    assert told(found) == (["a", "two\nlines", "b"], ["row 3: not UTF-8", "row 8: not UTF-8", "row 10: not UTF-8"])
    assert [item.id for item in found if isinstance(item, Document)] == [f"folder/a.csv:{n}" for n in (2, 5, 11)]


def test_a_row_that_is_too_long_is_named_and_the_others_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "LONGEST_LINE", 50)
    monkeypatch.setattr(tables, "LONGEST_LINE", 50)
    rows = ["text,title", "a,A", f"{'x' * 60},B", "b,C", '"never closed,D', *["row without a quote"] * 2, "c,E", '"d",F']
    texts, problems = told(read(tmp_path / "a.csv", "\n".join(rows)))
    assert texts == ["a", "b", "c", "d"]
    assert problems == ["row 3: longer than 0 MiB", "rows 5 to 7: field larger than field limit (50)"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", ""),
        ("a.csv", "id,text"),
        ("a.tsv", "id\ttext\n\n"),
        ("a.jsonl", ""),
        ("a.jsonl", "\n \n"),
        ("a.csv.gz", ""),
    ],
)
def test_a_table_without_a_record_says_so(tmp_path: Path, name: str, data: str) -> None:
    with pytest.raises(Unreadable, match=r"^it holds no records$"):
        read(tmp_path / name, data)


def test_pubmed_xml_keeps_labels_and_passes_over_articles_without_an_abstract(tmp_path: Path) -> None:
    labelled = '<AbstractText Label="AIM">To <i>see</i>.</AbstractText><AbstractText Label="RESULTS">Seen.</AbstractText>'
    text = pubmed(article("5", "Timolol.", labelled), article("6", "None", ""))
    [found] = documents(tmp_path / "a.xml.gz", text)
    assert (found.id, found.title, found.kind) == ("pmid:5", "Timolol", "abstract")
    assert found.source == "PubMed, https://pubmed.ncbi.nlm.nih.gov/5/"
    assert found.text == "## Aim\n\nTo see.\n\n## Results\n\nSeen."


@pytest.mark.parametrize("name", ["a.nbib", "a.txt"])
def test_medline_is_read_and_recognised_in_a_txt_file(tmp_path: Path, name: str) -> None:
    [found] = documents(tmp_path / name, MEDLINE)
    assert (found.id, found.title) == ("pmid:11", "Timolol and pressure in a second line")
    assert found.text == "Timolol lowers pressure by a quarter."


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.md", b"\xff\xfe\xfa", "not UTF-8"),
        ("a.txt", b"ab\x00cd", "binary"),
        ("a.txt", b"caf\xe9", "not UTF-8"),
        ("a.md", b"  \n", "no text"),
        ("a.md", b"---\ntitle: [\n---\nText", "not valid YAML"),
        ("a.pdf", b"hello", "no PDF"),
        ("a.pdf", b"%PDF-1.7\nnothing", "damaged"),
        ("a.docx", b"hello", "damaged"),
        ("a.xml", b"<PubmedArticleSet><PubmedArticle>", "damaged after 0 articles"),
        ("a.xml", b"<other/>", "no PubmedArticle"),
        ("a.nbib", b"hello", "no PMID"),
        ("a.exe", b"MZ", "not read"),
        ("a.html", b"%PDF-1.7\nnothing", "it is a PDF, not what its name says"),
        ("a.html", b"PK\x03\x04nothing", "it is a ZIP archive, such as DOCX, not what its name says"),
        ("a.htm", b"<p>ab\x00cd</p>", "it is binary, not text"),
        ("a.txt", b"%PDF-1.7\nnothing", "it is a PDF"),
        ("a.md", b"---\nreviewed: 2026-02-30\ntitle: [\n---\nText", "not valid YAML"),
        ("a.jsonl.gz", b"", "no"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\x1f\x8b broken gzip" if name.endswith(".gz") else data)
    with pytest.raises(Unreadable) as caught:
        list(load(SourceFile(path, name), Hints()))
    assert reason in str(caught.value).lower() or reason in str(caught.value)


def test_the_options_count_before_what_a_file_says_of_itself(tmp_path: Path) -> None:
    hints = Hints(kind="textbook", language="fr")
    row = '{"text": "It focuses.", "kind": "drug", "language": "es"}'
    for found in (*documents(tmp_path / "a.md", NOTE, hints), *documents(tmp_path / "a.jsonl", row, hints)):
        assert (found.kind, found.language) == ("textbook", "fr")


@pytest.mark.parametrize(("said", "code"), [("Spanish", "es"), ("klingon", "en")])
def test_a_language_that_a_file_names_is_a_known_one_or_does_not_count(tmp_path: Path, said: str, code: str) -> None:
    text = "The cornea is the clear layer at the front of the eye."
    assert documents(tmp_path / "a.md", f"---\nlanguage: {said}\n---\n{text}")[0].language == code
    assert documents(tmp_path / "a.jsonl", json.dumps({"text": text, "language": said}))[0].language == code


def test_html_in_utf_16_is_read(tmp_path: Path) -> None:
    page = "<html><body><h1>角膜</h1><p>它是透明的。</p></body></html>"
    assert documents(tmp_path / "a.html", page.encode("utf-16"))[0].title == "角膜"


@pytest.mark.parametrize(
    ("page", "title", "text"),
    [
        ("<article><header><h1>Cornea</h1></header><p>Clear.</p></article>", "Cornea", "# Cornea\n\nClear."),
        ("<header><h1>Site</h1></header><main><header><h1>Cornea</h1></header><p>Clear.</p></main>", "Cornea", "# Cornea"),
        ("<header><h1>Site</h1></header><main><h1>Cornea</h1><p>Clear.</p></main>", "Cornea", "# Cornea"),
        ("<header><h1>Cornea</h1></header><p>Clear.</p>", "Cornea", "Clear."),
        ("<header><h1>Site</h1></header><h1>Cornea</h1><p>Clear.</p>", "Cornea", "# Cornea"),
    ],
)
def test_the_title_of_a_page_is_found_where_it_stands(tmp_path: Path, page: str, title: str, text: str) -> None:
    [found] = documents(tmp_path / "a.html", f"<html><body>{page}</body></html>")
    assert found.title == title
    assert found.text.startswith(text)
    assert "Site" not in found.text


@pytest.mark.parametrize("name", ["a.nbib", "a.txt"])
def test_medline_with_a_byte_order_mark_is_read(tmp_path: Path, name: str) -> None:
    [found] = documents(tmp_path / name, b"\xef\xbb\xbf" + MEDLINE.strip().encode())
    assert found.id == "pmid:11"


@pytest.mark.parametrize("value", ["2026-02-30", "!!bool perhaps", "!!timestamp soon", "!!int many"])
def test_a_value_that_yaml_cannot_make_costs_no_document(tmp_path: Path, value: str) -> None:
    [found] = documents(tmp_path / "a.md", f"---\ntitle: Cornea\nreviewed: {value}\nsynonyms: [kerato]\n---\nClear.")
    assert (found.title, found.text, found.also) == ("Cornea", "Clear.", ("kerato",))


@pytest.mark.parametrize(
    "block",
    [
        "\nNote: see also: this\n",
        "\nNote: this\n",
        "A first paragraph.",
        "- one\n- two",
        "# Heading",
        "A line\nwith [a bracket",
    ],
)
def test_a_page_that_begins_with_a_rule_keeps_all_its_text(tmp_path: Path, block: str) -> None:
    page = f"---\n{block}\n---\n\n# Real\n\nUveitis."
    assert documents(tmp_path / "a.md", page)[0].text == page


def test_empty_front_matter_is_left_away(tmp_path: Path) -> None:
    assert documents(tmp_path / "a.md", "---\n\n---\n# Lens")[0].text == "# Lens"


def test_a_truncated_pubmed_file_gives_what_stands_before(tmp_path: Path) -> None:
    articles = [
        article(str(n), f"T{n}", f"<AbstractText>{hashlib.sha512(b'%d' % n).hexdigest()}</AbstractText>")
        for n in range(4000)
    ]
    data = gzip.compress(pubmed(*articles).encode())
    path = tmp_path / "a.xml.gz"
    path.write_bytes(data[: len(data) // 2])
    found: list[Document | Unreadable] = []
    with pytest.raises(Unreadable, match=r"^damaged \(.*\), after \d+ articles$") as caught:
        found.extend(load(SourceFile(path, path.name), Hints()))
    assert int(str(caught.value).split()[-2]) > 0
