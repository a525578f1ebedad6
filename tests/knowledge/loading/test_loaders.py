from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading import reading
from clara.knowledge.loading.base import Hints, Notice, SourceFile, Unreadable
from clara.knowledge.loading.formats import tables
from clara.knowledge.loading.loaders import load
from clara.knowledge.loading.reading import LONGEST_LINE
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
        "line 4: no text in text or content or contents or body or abstract or answer or passage or context "
        "(there is: other); map it with --field text=NAME",
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
    rows = [
        b"text,title",
        "á,Ánger é í ó".encode(),
        b"caf\xe9,B",
        b'"two\nlines",C',
        b'"bad\nl\xedne\nin it",D',
        b"",
        b"last,\xff",
        b"b,E",
    ]
    found = read(tmp_path / "a.csv", b"\n".join(rows))
    assert told(found) == (["á", "two\nlines", "b"], ["row 3: not UTF-8", "row 8: not UTF-8", "row 10: not UTF-8"])
    assert [item.id for item in found if isinstance(item, Document)] == [f"folder/a.csv:{n}" for n in (2, 5, 11)]


def test_a_row_that_is_too_long_is_named_and_the_others_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_LINE", 50)
    monkeypatch.setattr(tables, "LONGEST_LINE", 50)
    rows = ["text,title", "a,A", f"{'x' * 60},B", "b,C", '"d",F']
    texts, problems = told(read(tmp_path / "a.csv", "\n".join(rows)))
    assert texts == ["a", "b", "d"]
    assert problems == ["row 3: longer than 0 MiB"]


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


def test_pubmed_xml_keeps_labels_and_counts_articles_without_an_abstract(tmp_path: Path) -> None:
    labelled = '<AbstractText Label="AIM">To <i>see</i>.</AbstractText><AbstractText Label="RESULTS">Seen.</AbstractText>'
    text = pubmed(article("5", "Timolol.", labelled), article("6", "None", ""))
    [found, notice] = read(tmp_path / "a.xml.gz", text)
    assert isinstance(found, Document)
    assert isinstance(notice, Notice)
    assert str(notice) == "PMID 6: no abstract"
    assert (found.id, found.title, found.kind) == ("pmid:5", "Timolol", "abstract")
    assert found.source == "PubMed, https://pubmed.ncbi.nlm.nih.gov/5/"
    assert found.text == "## Aim\n\nTo see.\n\n## Results\n\nSeen."


@pytest.mark.parametrize("name", ["a.nbib", "a.txt"])
def test_medline_is_read_and_recognised_in_a_txt_file(tmp_path: Path, name: str) -> None:
    [found, notice] = read(tmp_path / name, MEDLINE)
    assert isinstance(found, Document)
    assert str(notice) == "PMID 12: no abstract"
    assert (found.id, found.title) == ("pmid:11", "Timolol and pressure in a second line")
    assert found.text == "Timolol lowers pressure by a quarter."


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.md", b"\xff\xfe\xfa", "not UTF-16"),
        ("a.txt", b"ab\x00cd", "binary"),
        ("a.md", b"  \n", "no text"),
        ("a.md", b"---\ntitle: [\n---\nText", "not valid YAML"),
        ("a.pdf", b"hello", "no PDF"),
        ("a.pdf", b"%PDF-1.7\nnothing", "damaged"),
        ("a.docx", b"hello", "damaged"),
        ("a.xml", b"<PubmedArticleSet><PubmedArticle>", "damaged after 0 articles"),
        ("a.xml", b"<other/>", "no articles of PubMed, PubMed Central (JATS) or MedQuAD: it begins with <other>"),
        ("a.xml", b"<PubmedArticleSet/>", "no articles"),
        ("a.json", b"{", "no valid JSON"),
        ("a.json", b"[]", "no records"),
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
    found = read(tmp_path / name, b"\xef\xbb\xbf" + MEDLINE.strip().encode())[0]
    assert isinstance(found, Document)
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


SPANISH = "El glaucoma daña el nervio óptico; la presión ocular baja con gotas según la indicación médica."
FRENCH = "Le glaucome abîme le nerf optique ; la pression élevée est traitée par collyre à l'hôpital."
RUSSIAN = "Глаукома повреждает зрительный нерв и сужает поле зрения."
POLISH = "Jaskra uszkadza nerw wzrokowy, leczenie polega na obniżeniu ciśnienia, także kroplami łagodzącymi."
CHINESE = "青光眼损害视神经，使视野缩小。眼压可以用滴眼液降低。"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (SPANISH, "cp1252"),
        (SPANISH, "mac_roman"),
        (FRENCH, "latin-1"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (POLISH, "cp1250"),
        (CHINESE, "gb18030"),
        (CHINESE, "utf-16-le"),
        (CHINESE, "utf-32"),
    ],
)
@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.jsonl", "a.json", "a.md.gz"])
def test_other_encodings_are_found_by_looking(tmp_path: Path, name: str, text: str, encoding: str) -> None:
    forms = {
        "a.csv": f"title,text\nT,{text.replace(',', '')}\n",
        "a.jsonl": json.dumps({"text": text}, ensure_ascii=False) + "\n",
        "a.json": json.dumps([{"text": text}], ensure_ascii=False),
    }
    [found] = documents(tmp_path / name, forms.get(name, text).encode(encoding))
    assert found.text == (text.replace(",", "") if name == "a.csv" else text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([{"id": 1, "text": "one"}, {"id": 2, "content": "two"}], {"1": "one", "2": "two"}),
        ({"documents": [{"id": "a", "text": "one"}]}, {"a": "one"}),
        (
            {"meta": {"n": 1}, "data": {"articles": [{"_id": "x", "body": "one"}, {"_id": "y", "body": "two"}]}},
            {"x": "one", "y": "two"},
        ),
        ({"k1": {"title": "K", "text": "one"}, "k2": {"text": "two"}}, {"k1": "one", "k2": "two"}),
        ({"id": "z", "text": ["first", "second"]}, {"z": "first\n\nsecond"}),
        (["plain one", "plain two"], {"folder/a.json:1": "plain one", "folder/a.json:2": "plain two"}),
        (
            [{"id": "9", "focus": "Uveitis", "qa": [{"question": "q", "answer": "A0"}, {"question": "r", "answer": ""}]}],
            {"9#0": "A0"},
        ),
    ],
)
def test_json_of_any_usual_shape_is_read(tmp_path: Path, value: object, expected: dict[str, str]) -> None:
    assert {item.id: item.text for item in documents(tmp_path / "a.json", json.dumps(value))} == expected


def test_json_with_a_record_a_line_is_read_as_such(tmp_path: Path) -> None:
    assert [item.text for item in documents(tmp_path / "a.json", '{"text": "a"}\n{"text": "b"}\n')] == ["a", "b"]


def test_a_json_record_without_text_is_named(tmp_path: Path) -> None:
    texts, problems = told(read(tmp_path / "a.json", '[{"text": "a"}, 7, {"other": "b"}]'))
    assert texts == ["a"]
    assert [problem.partition(" (")[0] for problem in problems] == [
        f"record {n}: no text in text or content or contents or body or abstract or answer or passage or context"
        for n in (2, 3)
    ]


MEDQUAD = """<?xml version="1.0" encoding="UTF-8"?>
<Document id="0000007" source="NEI" url="https://a.example/7"><Focus>Keratoconus</Focus><QAPairs>
<QAPair pid="1"><Question qid="1">What is it?</Question><Answer>
  A thinning of the cornea.

  It begins in youth.</Answer></QAPair>
<QAPair pid="2"><Question qid="2">Who?</Question><Answer></Answer></QAPair>
<QAPair pid="3"><Question qid="3">How is it treated?</Question><Answer>With cross-linking.</Answer></QAPair>
</QAPairs></Document>"""


def test_the_xml_of_medquad_gives_the_same_documents_as_its_jsonl(tmp_path: Path) -> None:
    found = documents(tmp_path / "a.xml", MEDQUAD)
    assert [(item.id, item.title, item.text) for item in found] == [
        ("0000007#0", "Keratoconus", "A thinning of the cornea.\nIt begins in youth."),
        ("0000007#2", "Keratoconus", "With cross-linking."),
    ]
    assert found[0].source == "NEI, https://a.example/7"


def test_a_medquad_document_whose_answers_were_removed_is_counted(tmp_path: Path) -> None:
    [notice] = read(tmp_path / "a.xml", '<Document id="3"><QAPairs><QAPair><Answer/></QAPair></QAPairs></Document>')
    assert str(notice) == "3: no answer"


JATS = """<article xmlns:xlink="http://www.w3.org/1999/xlink" xml:lang="en"><front><journal-meta><journal-title-group>
<journal-title>Eye Reports</journal-title></journal-title-group></journal-meta><article-meta>
<article-id pub-id-type="pmcid">PMC42</article-id><article-id pub-id-type="doi">10.1/x</article-id>
<title-group><article-title>Corneal <italic>cross-linking</italic></article-title></title-group>
<abstract><p>It halts keratoconus.</p></abstract></article-meta></front>
<body><sec><title>Methods</title><p>Riboflavin and light<xref ref-type="bibr" rid="b1">12</xref> were used.</p>
<sec><title>Dose</title><table-wrap><caption><p>Doses</p></caption><table><tr><th>Eye</th><th>J/cm2</th></tr>
<tr><td>right</td><td>5.4</td></tr></table></table-wrap></sec></sec></body>
<back><ref-list><ref><mixed-citation>Somebody 1999</mixed-citation></ref></ref-list></back></article>"""


@pytest.mark.parametrize("name", ["a.xml", "a.nxml"])
def test_jats_is_read_with_its_sections_and_tables_and_without_references(tmp_path: Path, name: str) -> None:
    [found] = documents(tmp_path / name, JATS)
    assert (found.id, found.title, found.kind) == ("pmc:42", "Corneal cross-linking", "article")
    assert found.source == "Eye Reports, https://pmc.ncbi.nlm.nih.gov/articles/PMC42/"
    assert found.text == (
        "## Abstract\n\nIt halts keratoconus.\n\n## Methods\n\nRiboflavin and light were used.\n\n### Dose\n\nDoses\n\n"
        "Eye | J/cm2\n\nright | 5.4"
    )


def test_jats_in_a_set_with_namespaces_is_read(tmp_path: Path) -> None:
    article = JATS.replace("<article ", '<article xmlns="https://jats.nlm.nih.gov/ns/archiving/1.3/" ')
    other = article.replace("PMC42", "PMC43")
    found = documents(tmp_path / "a.xml", f"<pmc-articleset>{article}{other}</pmc-articleset>")
    assert [item.id for item in found] == ["pmc:42", "pmc:43"]
    assert found[0].text == found[1].text


def test_an_abstract_in_another_language_is_read_where_there_is_no_english_one(tmp_path: Path) -> None:
    other = (
        '<OtherAbstract Type="Publisher" Language="por"><AbstractText>Resumo sobre catarata.</AbstractText></OtherAbstract>'
    )
    [found, notice] = read(
        tmp_path / "a.xml", pubmed(article("8", "Cataract", "").replace("</MedlineCitation>", f"{other}</MedlineCitation>"))
    )
    assert isinstance(found, Document)
    assert (found.id, found.text, found.language) == ("pmid:8", "Resumo sobre catarata.", "pt")
    assert str(notice) == "PMID 8: no abstract in English; the one in Portuguese is read"
    medline = "PMID- 9\nTI  - T\nOABL- fre\nOAB - Un résumé.\n"
    [found, notice] = read(tmp_path / "a.nbib", medline)
    assert isinstance(found, Document)
    assert (found.text, found.language) == ("Un résumé.", "fr")


@pytest.mark.parametrize(
    ("header", "row", "text"),
    [
        ("id;title;text", "1;Glaucoma;gotas; dos veces al día", "gotas; dos veces al día"),
        ("id;text;source", "1;gotas; dos veces; al día;Atlas", "gotas; dos veces; al día"),
        ("text,title", "one, two,T", "one, two"),
        ("text\ttitle", "one\ttwo\tT", "one\ttwo"),
    ],
)
def test_a_delimiter_without_quotes_does_not_cut_a_text(tmp_path: Path, header: str, row: str, text: str) -> None:
    found = read(tmp_path / ("a.tsv" if "\t" in header else "a.csv"), f"{header}\n{row}\n")
    assert isinstance(found[0], Document)
    assert found[0].text == text
    assert isinstance(found[1], Notice)
    assert "cells for" in str(found[1])


@pytest.mark.parametrize("rows", [5, 30_000])
def test_a_quote_that_nobody_closed_ends_the_file_and_says_where(tmp_path: Path, rows: int) -> None:
    lines = ["text,title", "a,A", '"open,B', *["some words,C"] * rows]
    source = SourceFile(write(tmp_path / "a.csv", "\n".join(lines)), "a.csv")
    found: list[Document | Unreadable] = []
    with pytest.raises(Unreadable, match=r"^rows 3 to \d+: a quote is opened and not closed$"):
        found.extend(load(source, Hints()))
    assert told(found) == (["a"], [])


def test_a_stray_quote_costs_its_row_only(tmp_path: Path) -> None:
    texts, problems = told(read(tmp_path / "a.csv", 'text,title\n"he said "no" to me",A\n5" long,B\n"c",C\n'))
    assert texts == ['5" long', "c"]
    assert problems == ["row 2: ',' expected after '\"'"]
