"""The terminal tables, the page's text and its data; tests/browser opens the page in Chromium."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re

import pytest
from rich.console import Console

from clara.bench.figures.results import metrics, with_clean
from clara.bench.figures.runs import Run, runs_of
from clara.bench.report import html, write_html
from clara.bench.report.export import export
from clara.bench.report.plots import figures
from clara.bench.report.sheets import sheets
from clara.cli.bench.tables import tables
from clara.errors import DataError

EVIL = '<script>alert("x")</script>'
LANGUAGES = ("english", "portuguese", "chinese")


def run(name, right=3, languages=LANGUAGES, questions=24, **more):
    records = [
        {"strategy": name, "repeat": 0, "id": str(q), "language": language, "gold": "A", "options": 4,
         "label": "A" if (q + place) % 4 < right else "B", **more,
         "outcome": "correct" if (q + place) % 4 < right else "wrong"}
        for place, language in enumerate(languages)
        for q in range(questions)
    ]  # fmt: skip
    return Run(name, "strategy", name, records, "f")


def blocks_of(page):
    found = re.findall(r'<script type="application/octet-stream" id="data-([\w-]+)">([^<]*)</script>', page)
    return {name: json.loads(gzip.decompress(base64.b64decode(text))) for name, text in found}


def printed(document, width=80):
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    for part in tables(document):
        console.print(part)
    return console.export_text()


def test_tables_are_whole_at_80_columns():
    runs = [run("direct", usage={"seconds": 1.0}), run("clara", 4, confidence=0.7), run("x" * 30, 1)]
    text = printed(metrics(runs))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "…" not in text
    for part in ("75.0", "Fleiss' kappa", "consistency", "Accuracy against cost", "seconds", "ECE", "portuguese"):
        assert part in text


def test_a_language_that_differs_from_english_carries_a_star_and_the_star_is_explained():
    english, hindi = run("x", 4, ("english",)), run("x", 1, ("hindi",))
    text = printed(metrics([Run("x", "strategy", "x", [*english.records, *hindi.records])]))
    assert "−75.0*" in text
    assert "* differs from English" in text


def test_a_partial_run_says_what_is_missing():
    runs = [Run("x", "strategy", "x", run("x").records[:-5], "f", {"languages": list(LANGUAGES), "repeat": 1})]
    assert "x is partial: 5 answers are missing." in printed(metrics(runs))


def test_a_language_that_is_not_covered_is_named_with_its_reason_everywhere():
    refused = {"outcome": "no_response", "label": None, "error": "no german here", "error_kind": "UnsupportedLanguage"}
    records = [*run("x").records, *({**record, **refused, "language": "german"} for record in run("x").records[:4])]
    document = metrics(runs_of(records))
    sentence = "x does not cover german, which is in no figure: no german here"
    assert sentence in " ".join(printed(document).split())
    assert sentence in html(document)


def test_every_surface_has_a_gap_below_zero_where_the_language_is_behind(tmp_path):
    english, hindi = run("x", 4, ("english",)), run("x", 1, ("hindi",))
    runs = [Run("x", "strategy", "x", [*english.records, *hindi.records])]
    document = metrics(runs)
    assert document["runs"][0]["gap_to_english"] == {"hindi": -75.0}
    for suffix in ("tex", "md"):
        export(tmp_path / f"x.{suffix}", document, runs)
    article = [(tmp_path / f"x.{suffix}").read_text(encoding="utf-8") for suffix in ("tex", "md")]
    surfaces = [printed(document), html(document), *article]
    for text in surfaces:
        assert "hindi −75.0" in text.replace("$-$", "−")
        assert "+75" not in text


def test_clean_figures_stand_below_the_others_and_nothing_flagged_is_said():
    runs = [run("x")]
    assert "Without 2 flagged questions" in printed(with_clean(runs, {"1", "2"}))
    assert "The audit flags none of these questions." in printed(with_clean(runs, set()))
    assert 'id="clean"' in html(with_clean(runs, {"1", "2"}), runs, {"1": ["spanish: empty"], "2": ["all languages: x"]})


def test_names_are_escaped():
    page = html(metrics([run(EVIL, languages=("english", EVIL)), run("plain")]))
    assert EVIL not in page
    assert "&lt;script&gt;" in page


def test_asks_for_nothing_from_outside(tmp_path):
    runs = [run("a"), run("b")]
    write_html(tmp_path / "new" / "report.html", metrics(runs), runs)
    page = (tmp_path / "new" / "report.html").read_text(encoding="utf-8")
    assert "<svg" in page
    assert not re.search(r"""\b(?:src|href)\s*=\s*["']?\s*(?:https?:)?//""", page, re.IGNORECASE)
    assert not re.search(r"""@import|url\(""", page, re.IGNORECASE)


def test_the_policy_allows_this_script_and_style_and_no_other():
    page = html(metrics([run("a")]), [run("a")])
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)[1].replace("&#39;", "'")
    for tag in ("script", "style"):
        text = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_a_page_without_runs_has_figures_and_no_browser():
    page = html(metrics([run("a")]))
    assert 'id="parity"' in page
    assert 'id="questions"' not in page


def test_the_index_holds_every_cell_and_the_chunks_every_answer():
    runs = [run("a", questions=300), run("b", 1, questions=300)]
    data = blocks_of(html(metrics(runs), runs))
    index = data["index"]
    assert [language["code"] for language in index["languages"]] == ["en", "pt", "zh"]
    assert index["cells"][0][0][0] == ["cccw" * 75, "AAAB" * 75]
    chunks = [data[f"chunk-{n}"] for n in range(len(index["starts"]))]
    assert len(chunks) > 5
    assert [len(chunk) for chunk in chunks[:-1]] == [
        b - a for a, b in zip(index["starts"], index["starts"][1:], strict=False)
    ]
    assert sum(len(question["answers"]) for chunk in chunks for question in chunk) == 2 * 3 * 300


def test_equal_ids_of_two_data_sets_stay_two_questions():
    runs = [run("a"), Run("b", "strategy", "b", run("b").records, "other")]
    index = blocks_of(html(metrics(runs), runs))["index"]
    assert len(index["ids"]) == 48
    assert index["cells"][0][0][0][0].count(" ") == 24


def test_questions_of_a_data_set_that_is_not_parallel_stand_alone_in_the_browser():
    runs = runs_of(run("a").records, manifest={"parallel": False})
    index = blocks_of(html(metrics(runs), runs, {"3": ["english: empty"]}))["index"]
    assert len(index["ids"]) == 3 * 24
    assert [index["ids"][int(number)] for number in index["flagged"]] == [f"{language}: 3" for language in LANGUAGES]


def test_plots_and_tables_appear_with_their_data_alone():
    bare, rich = metrics([run("a")]), metrics([run("a", confidence=0.6, usage={"seconds": 2.0}), run("b", 1)])
    assert [figure.key for figure in figures(bare)] == ["accuracy", "gaps", "heat"]
    assert [figure.key for figure in figures(rich)] == ["accuracy", "gaps", "heat", "reliability", "selective", "cost"]
    assert [sheet.key for sheet in sheets(bare)] == ["parity", "gaps", "outcomes"]
    assert [sheet.key for sheet in sheets(rich)] == [
        "parity", "cost", "gaps", "comparisons", "recovered", "calibration", "reliability", "outcomes",
    ]  # fmt: skip


def test_every_row_is_as_wide_as_its_header():
    for sheet in sheets(metrics([run("direct", 1, confidence=0.6), run("b", 3, ("english", "hindi"))])):
        assert {len(row) for row in sheet.rows} == {len(sheet.header)}, sheet.key


def test_a_path_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"cannot write .*report\.html: File exists"):
        write_html(tmp_path / "file" / "report.html", metrics([run("a")]))
