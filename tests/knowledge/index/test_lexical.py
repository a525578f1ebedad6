from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from clara.knowledge.index.lexical import LexicalIndex

TEXTS = [
    "The cornea is the clear window of the eye.",
    "The lens focuses light. 晶状体混浊称为白内障。",
    "Glaucoma damages the optic nerve; the corneas stay clear.",
    "मोतियाबिंद में लेंस धुंधला होता है।",
]


@pytest.fixture(scope="module")
def index() -> LexicalIndex:
    return LexicalIndex.build(TEXTS)


def test_best_first_and_only_what_shares_a_word(index: LexicalIndex) -> None:
    hits = index.top("optic nerve in glaucoma", 4)
    assert [position for position, _ in hits] == [2]
    assert all(score > 0 for _, score in hits)


def test_singular_finds_plural(index: LexicalIndex) -> None:
    assert {position for position, _ in index.top("cornea", 4)} == {0, 2}


def test_scores_descend_and_k_limits(index: LexicalIndex) -> None:
    hits = index.top("clear lens light", 4)
    assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
    assert index.top("clear lens light", 1) == hits[:1]


def test_a_chinese_word_is_found_by_its_bigrams(index: LexicalIndex) -> None:
    assert [position for position, _ in index.top("什么是白内障", 4)] == [1]


def test_the_same_characters_in_another_order_are_no_hit(index: LexicalIndex) -> None:
    assert index.top("障白内", 4)[0][1] < index.top("白内障", 4)[0][1]
    assert index.top("障白", 4) == []


def test_a_devanagari_word_is_found(index: LexicalIndex) -> None:
    assert [position for position, _ in index.top("मोतियाबिंद क्या है", 4)] == [3]


@pytest.mark.parametrize("query", ["", "the of and", "zebra", "____"])
def test_nothing_known_gives_nothing(index: LexicalIndex, query: str) -> None:
    assert index.top(query, 4) == []


@pytest.mark.parametrize("texts", [[], [""], ["the of", "  "]])
def test_an_empty_corpus_answers_saves_and_loads(texts: list[str], tmp_path: Path) -> None:
    empty = LexicalIndex.build(texts)
    assert empty.top("cornea", 5) == []
    empty.save(tmp_path / "bm25")
    assert LexicalIndex.load(tmp_path / "bm25", len(texts)).top("cornea", 5) == []


def test_a_loaded_index_gives_the_same_hits(index: LexicalIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "bm25")
    loaded = LexicalIndex.load(tmp_path / "bm25", len(TEXTS))
    for query in ("cornea", "clear lens light", "白内障", "मोतियाबिंद", "zebra"):
        assert loaded.top(query, 3) == index.top(query, 3)


def test_saving_again_replaces_the_whole_folder(index: LexicalIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "bm25")
    (tmp_path / "bm25" / "stray").write_text("x")
    LexicalIndex.build([]).save(tmp_path / "bm25")
    assert [path.name for path in (tmp_path / "bm25").iterdir()] == ["about.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["bm25"]


def test_a_missing_or_damaged_index_raises_what_the_store_catches(index: LexicalIndex, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"about\.json"):
        LexicalIndex.load(tmp_path / "nowhere", 1)
    index.save(tmp_path / "bm25")
    with pytest.raises(ValueError, match="another recipe or size"):
        LexicalIndex.load(tmp_path / "bm25", len(TEXTS) + 1)
    (tmp_path / "bm25" / "params.index.json").write_text("{")
    with pytest.raises((OSError, ValueError)):
        LexicalIndex.load(tmp_path / "bm25", len(TEXTS))


def damage_second_half(path: Path) -> None:
    """What a power cut leaves of a file that was not synced: its length, and zeros from the middle."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + b"\0" * (len(data) - len(data) // 2))


def flip_one_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def add_a_byte(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


@pytest.mark.parametrize("harm", [damage_second_half, flip_one_bit, cut, add_a_byte, Path.unlink])
def test_damage_to_any_file_of_an_index_is_noticed(
    index: LexicalIndex, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    folder = tmp_path / "bm25"
    index.save(folder)
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) > 3
    for name in names:
        index.save(folder)
        assert LexicalIndex.load(folder, len(TEXTS)).top("cornea", 4) == index.top("cornea", 4)
        harm(folder / name)
        with pytest.raises((OSError, ValueError, EOFError, KeyError, TypeError)):
            LexicalIndex.load(folder, len(TEXTS))


def test_a_file_that_does_not_belong_to_an_index_is_noticed(index: LexicalIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "bm25")
    (tmp_path / "bm25" / "more.npy").write_bytes(b"x")
    with pytest.raises(ValueError, match="damaged"):
        LexicalIndex.load(tmp_path / "bm25", len(TEXTS))
