"""Data that tries to run code, to break out of the page's markup, or to hide text: all of it is shown as text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clara.bench.figures.results import metrics
from clara.bench.figures.runs import Run
from clara.bench.report import html
from tests.browser.pages import record, write

pytestmark = pytest.mark.browser

HOSTILE = [
    "<script>window.pwned = 1</script>",
    "</script><script>window.pwned = 1</script>",
    "</ScRiPt ><img src=x onerror='window.pwned = 1'>",
    '"><svg onload="window.pwned = 1">',
    "' onmouseover='window.pwned = 1",
    "</title></style></textarea><iframe srcdoc='<script>parent.pwned = 1</script>'>",
    "<!--<script>window.pwned = 1",
    "]]><a href='javascript:window.pwned = 1'>x</a>",
    "{{ 7 * 7 }}${7 * 7}",
    "&lt;script&gt;window.pwned = 1&lt;/script&gt;",
]


def everywhere(evil: str) -> list[Run]:
    """A run that says ``evil`` wherever a text can stand."""
    base = record("direct", "english", 1, "A")
    answer = base["answer"]
    for key in ("question", "answer", "answer_english", "english_question"):
        answer[key] = evil
    answer["options"] = {"A": evil, "B": evil, evil: evil}
    answer["citations"] = [{"id": evil, "title": evil, "source": evil, "quote": evil}]
    answer["verdict"] = {"grounded": True, "answers_question": None, "reason": evil}
    answer["warnings"] = [evil]
    answer["trace"] = [{"step": evil, "seconds": 1, evil: evil, "flags": [evil]}, {"step": "retrieve", "queries": [evil]}]
    changed = base | {"strategy": evil, "id": evil, "theme": evil, "error": evil, "reply": evil, "label": "A"}
    other = changed | {"language": evil}
    manifest = {"dataset": evil, "fingerprint": evil, "model": evil, "settings": {evil: evil}}
    return [Run(evil, "strategy", evil, [changed, other], evil, manifest)]


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_text_is_shown_and_never_run(open_page, tmp_path, evil):
    page = open_page(write(tmp_path / "report.html", everywhere(evil), {evil: [evil]}))
    page.click("#list [role=option]")
    page.wait_for_selector("#path article")
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true })")
    assert page.evaluate("window.pwned") is None
    assert page.locator("iframe, img, a[href^='javascript:'], [onload], [onerror], [onmouseover]").count() == 0
    assert page.locator("script:not([type])").count() == 1
    assert open_page.complaints == []
    assert evil in page.locator("#path .asked .stem").first.inner_text()
    assert evil in page.locator(".card h3").inner_text()
    assert evil in page.locator("#f-run option").first.text_content()
    assert evil in page.locator("#f-language").text_content()


HIDING = {
    "escape": "\x1b[2J",
    "bell": "\x07",
    "c1": "\x9b2J",
    "override": "\u202e",
    "isolate": "\u2066",
    "tag": "\U000e0041",
}


@pytest.mark.parametrize("evil", HIDING.values(), ids=HIDING.keys())
def test_characters_that_hide_or_turn_text_are_removed(open_page, tmp_path, evil):
    runs = everywhere(f"before{evil}after")
    page = open_page(write(tmp_path / "report.html", runs))
    page.click("#list [role=option]")
    page.wait_for_selector("#path article")
    assert evil[0] not in html(metrics(runs), runs)
    assert page.evaluate("(c) => document.body.textContent.includes(c)", evil[0]) is False
    assert "before" in page.locator("#path .asked .stem").first.inner_text()


def test_lone_surrogates_do_not_stop_the_page(open_page, tmp_path):
    runs = [replace(run, name="half \ud800") for run in everywhere("half \ud800 pair")]
    page = open_page(write(tmp_path / "report.html", runs))
    assert page.inner_text("#count") == "1 of 1 questions"
