"""Front matter is read in one place; whatever is wrong with a file is told with its name."""

from __future__ import annotations

from pathlib import Path

import pytest

from clara.errors import KnowledgeError, PromptError
from clara.frontmatter import read_front_matter


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a.md"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_head_and_body_are_taken_apart_whatever_the_line_ends(tmp_path: Path, end: str) -> None:
    text = end.join(("---", "title: A", "tags: [x, y]", "---", "body", "--- not a head", ""))
    head, body = read_front_matter(written(tmp_path, text), "the note", KnowledgeError)
    assert head == {"title": "A", "tags": ["x", "y"]}
    assert body == "body\n--- not a head\n"


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    assert read_front_matter(written(tmp_path, "\ufeff---\na: 1\n---\nb"), "the note", KnowledgeError) == ({"a": 1}, "b")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no head", "no front matter between --- lines"),
        ("---\na: 1\n", "no front matter"),
        ("---\na: [1\n---\nb", "not valid YAML"),
        ("---\n- a\n---\nb", "must consist of lines like name: value"),
        ("---\n\n---\nb", "must consist of lines like name: value"),
    ],
)
def test_a_broken_head_is_the_callers_error_and_names_the_file(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(PromptError, match=rf"a\.md.*{words}"):
        read_front_matter(written(tmp_path, text), "the prompt", PromptError)


def test_yaml_that_would_build_objects_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="not valid YAML"):
        read_front_matter(written(tmp_path, "---\na: !!python/name:os.system\n---\n"), "the prompt", PromptError)


def test_a_file_that_cannot_be_read_says_what_it_should_have_been(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"cannot read the note .*none\.md: No such file"):
        read_front_matter(tmp_path / "none.md", "the note", KnowledgeError)
    path = tmp_path / "latin.md"
    path.write_bytes(b"---\na: \xff\n---\n")
    with pytest.raises(KnowledgeError, match=r"latin\.md: it is not UTF-8"):
        read_front_matter(path, "the note", KnowledgeError)
