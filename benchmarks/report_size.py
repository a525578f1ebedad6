"""How fast the HTML report of 100,000 answers is written, opens, filters and searches in headless Chromium.

    .venv/bin/python benchmarks/report_size.py [--questions 7143] [--keep FILE]

Two strategies, seven languages; each answer has a whole path as long as that of a real one (about 4 kB). The words are
random with the frequencies of a language (Zipf's law); terms come from a glossary, and strategies share the options.
"""

from __future__ import annotations

import argparse
import itertools
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from clara.bench.figures.results import metrics
from clara.bench.figures.runs import Run
from clara.bench.report import write_html

LANGUAGES = ("english", "portuguese", "spanish", "tagalog", "chinese", "french", "hindi")
FLAGS = ["--disable-gpu", "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


class Words:
    """Random sentences of a vocabulary as large as that of real questions, and a glossary."""

    def __init__(self) -> None:
        self.random = random.Random(0)
        letters = "abcdefghijklmnopqrstuvwxyz"
        self.words = ["".join(self.random.choices(letters, k=self.random.randint(3, 11))) for _ in range(20_000)]
        self.weights = list(itertools.accumulate(1 / rank for rank in range(1, len(self.words) + 1)))
        self.glossary = [{"source": self(1), "english": self(1), "definition": self(12)} for _ in range(3000)]

    def __call__(self, count: int) -> str:
        return " ".join(self.random.choices(self.words, cum_weights=self.weights, k=count))

    def terms(self, count: int) -> list[dict[str, str]]:
        """Entries of the glossary."""
        return self.random.choices(self.glossary, k=count)


def answer(words: Words, stem: str, options: dict[str, str], english: str, passages: list[dict[str, Any]]) -> dict[str, Any]:
    """The path of one answer."""
    ids = [passage["id"] for passage in passages]
    return {
        "question": stem, "options": options, "english_question": english, "answer": words(25), "answer_english": words(20),
        "citations": [{"id": ids[0], "title": passages[0]["title"], "source": words(6), "quote": words(22)}],
        "verdict": {"grounded": True, "answers_question": True, "reason": words(12)},
        "trace": [
            {"step": "detect", "seconds": 0.0001, "language": "es", "given": True},
            {"step": "translate", "seconds": 0.41, "attempt": 1, "notes": [], "stem": english, "options": options},
            {"step": "assess", "seconds": 0.2, "adequate": True, "flags": [], "judgement": "adequate"},
            {"step": "augment", "seconds": 0.1, "terms": words.terms(5)},
            {"step": "retrieve", "seconds": 0.02, "round": 1, "queries": [english, stem, words(9)], "passages": passages},
            {"step": "grade", "seconds": 0.4, "relevant": ids[:4], "dropped": 2, "sufficient": True},
            {"step": "answer", "seconds": 0.8, "label": "B", "answer": words(20), "confidence": 0.8, "citations": ids[:1]},
            {"step": "verify", "seconds": 0.3, "grounded": True, "reason": words(12), "accepted": True},
        ],
    }  # fmt: skip


def runs(questions: int) -> list[Run]:
    """Two strategies."""
    words, rng = Words(), random.Random(1)
    manifest = {"dataset": "synthetic", "fingerprint": "synthetic", "languages": list(LANGUAGES), "repeat": 1}
    result = [Run(name, "strategy", name, [], "synthetic", manifest) for name in ("direct", "clara")]
    for number in range(questions):
        stems = {language: words(30) for language in LANGUAGES}
        options = {language: {letter: words(3) for letter in "ABCD"} for language in LANGUAGES}
        passages = [{"id": f"note-{rng.randrange(900)}#{n}", "title": words(5), "score": 0.05} for n in range(6)]
        for run in result:
            for language in LANGUAGES:
                right = rng.random() < 0.5
                run.records.append(
                    {
                        "strategy": run.name, "repeat": 0, "id": str(number), "language": language, "gold": "B",
                        "outcome": "correct" if right else "wrong", "label": "B" if right else rng.choice("ACD"),
                        "confidence": rng.random(), "rounds": 1, "theme": "synthetic", "options": 4,
                        "usage": {"calls": 7, "prompt_tokens": 5000, "completion_tokens": 600, "seconds": 2.2},
                        "answer": answer(words, stems[language], options[language], stems["english"], passages),
                    }
                )  # fmt: skip
    return result


def measure(page: Page, address: str) -> None:
    """Opening, filters, search and one question, each until it is drawn."""
    page.goto(address, wait_until="commit")
    page.wait_for_selector("html[data-ready]", state="attached")
    ready = float(page.evaluate("document.documentElement.dataset.ready"))
    print(f"open: first table drawn and list filled {ready:.0f} ms after navigation began")
    acts = {
        "filter: not right in some language": "f('show').value = 'wrong'",
        "filter: languages disagree too": "f('disagree').checked = true",
        "search: first word (unpacks the texts)": "f('text').value = 'a'",
        "search: another word": "f('text').value = 'abc'",
    }
    for name, act in acts.items():
        spent = page.evaluate(f"""async () => {{
            const f = (name) => document.getElementById('f-' + name);
            const before = document.documentElement.dataset.filters;
            const start = performance.now();
            {act};
            document.getElementById('filters').dispatchEvent(new Event('input', {{ bubbles: true }}));
            while (document.documentElement.dataset.filters === before) await new Promise(requestAnimationFrame);
            return performance.now() - start;
        }}""")
        print(f"{name}: {spent:.0f} ms, {page.inner_text('#count')}")
    start = time.perf_counter()
    page.focus("#list")
    page.keyboard.press("End")
    page.wait_for_selector("#path h3")
    print(f"open the last question: {1000 * (time.perf_counter() - start):.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--questions", type=int, default=7143)
    parser.add_argument("--keep", type=Path, default=None)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.keep or Path(folder) / "report.html"
        given = runs(arguments.questions)
        start = time.perf_counter()
        document = metrics(given)
        counted = time.perf_counter()
        write_html(path, document, given)
        written = time.perf_counter()
        answers, size = sum(len(run.records) for run in given), path.stat().st_size / 1e6
        print(f"{answers} answers: figures {counted - start:.1f} s, page {written - counted:.1f} s, {size:.1f} MB")
        del given
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=arguments.chromium, args=FLAGS)
            measure(browser.new_page(), path.resolve().as_uri())
            browser.close()


if __name__ == "__main__":
    main()
