"""Tokens by language with a real tokenizer, trained on the spot, and with one that is counted by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from typer.testing import CliRunner

from clara.bench.datasets import Dataset, Item
from clara.bench.languages.beside import correlations
from clara.bench.languages.tokens import language_tokens, text_of, tokenizer_counter
from clara.cli.app import app
from clara.errors import DataError
from clara.types import Option, Question


def item(key: str, language: str, code: str, text: str) -> Item:
    return Item(key, language, code, Question(text), "A")


DATA = Dataset(
    "toy", "f",
    (item("1", "hindi", "hi", "abcdef gh"), item("1", "english", "en", "abc d"), item("2", "english", "en", "xy"),
     item("2", "hindi", "hi", "xyz"), item("3", "hindi", "hi", "only hindi has this")),
    ("hindi", "english"),
)  # fmt: skip


def test_premium_is_the_ratio_over_shared_questions_and_words_are_counted_over_all() -> None:
    hindi, english = language_tokens(DATA, len)
    assert (hindi.language, hindi.code, hindi.script, hindi.n) == ("hindi", "hi", "Deva", 3)
    assert (hindi.words, hindi.tokens) == (2 + 1 + 4, 9 + 3 + 19)
    assert hindi.tokens_per_word == pytest.approx(31 / 7)
    assert hindi.premium == pytest.approx((9 + 3) / (5 + 2))
    low, high = hindi.premium_ci95 or (0.0, 0.0)
    assert low == pytest.approx(3 / 2)
    assert high == pytest.approx(9 / 5)
    assert (english.premium, english.premium_ci95) == (1.0, (1.0, 1.0))


def test_without_english_or_in_unrelated_questions_there_is_no_premium() -> None:
    unpaired = Dataset("toy", "f", DATA.items, DATA.languages, parallel=False)
    assert [row.premium for row in language_tokens(unpaired, len)] == [None, None]
    assert [row.premium for row in language_tokens(DATA.select(["hi"]), len)] == [None]


def test_options_are_part_of_the_text() -> None:
    question = Question("What?", (Option("A", "lens"), Option("B", "iris")))
    assert text_of(Item("1", "english", "en", question, "A")) == "What?\nA) lens\nB) iris"


@pytest.fixture
def english_tokenizer(tmp_path: Path) -> Path:
    """A byte-level BPE that has only ever seen English: other scripts fall into bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(["the lens of the eye bends the light", "which nerve moves the eye"] * 50, trainer)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def test_a_tokenizer_that_knows_english_alone_taxes_other_scripts(english_tokenizer: Path) -> None:
    result = CliRunner().invoke(app, ["bench", "languages", "sample", "--tokenizer", str(english_tokenizer), "--json"])
    assert result.exit_code == 0, result.output
    languages = json.loads(result.stdout)["languages"]
    reference = Tokenizer.from_file(str(english_tokenizer / "tokenizer.json"))
    assert tokenizer_counter(english_tokenizer)("लेंस the") == len(reference.encode("लेंस the").ids)
    assert languages["hindi"]["premium"] > 2 > languages["spanish"]["premium"] > 1
    assert languages["english"]["premium"] == 1.0
    shown = CliRunner().invoke(
        app, ["bench", "languages", "sample", "--tokenizer", str(english_tokenizer)], env={"COLUMNS": "80"}
    )
    assert "Deva" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_a_premium_stands_beside_accuracy_and_gap() -> None:
    cells = {language: {"accuracy": value} for language, value in (("english", 80.0), ("french", 70.0), ("hindi", 50.0))}
    document = {"runs": [{"name": "x", "languages": cells, "gap_to_english": {"french": -10.0, "hindi": -30.0}}]}
    accuracy, gap = correlations({"english": 1.0, "french": 1.4, "hindi": 4.0, "thai": 9.0}, document)
    assert accuracy == {"run": "x", "with": "accuracy", "n": 3, "rho": pytest.approx(-1.0), "ci95": None}
    assert (gap["n"], gap["rho"]) == (2, pytest.approx(-1.0))


def test_a_tokenizer_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no tokenizer"):
        tokenizer_counter(tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(DataError, match="is no tokenizer"):
        tokenizer_counter(tmp_path)
