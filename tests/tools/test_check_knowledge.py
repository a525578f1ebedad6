from __future__ import annotations

from pathlib import Path

import pytest

from clara import resources
from clara.errors import KnowledgeError
from clara.knowledge.glossary import TermGlossary
from tools import check_knowledge as check


def test_the_knowledge_base_that_ships_has_no_problem() -> None:
    assert check.problems() == []


def test_a_stale_embedder_is_found_with_its_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "inputs_hash", lambda: "other")
    assert any("make embedder" in problem for problem in check.problems())


def test_an_uncovered_area_and_a_doubled_id_are_found(monkeypatch: pytest.MonkeyPatch, glossary: TermGlossary) -> None:
    first = glossary.entries[0]
    monkeypatch.setattr(check, "AREAS", (*check.AREAS, "astrology"))
    monkeypatch.setattr(check.TermGlossary, "load", classmethod(lambda cls: TermGlossary([first, first])))
    found = check.problems()
    assert "no note covers the area astrology" in found
    assert f"the glossary has the id {first.id!r} twice" in found


def test_a_broken_file_is_the_one_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise KnowledgeError("x.md: title: missing")

    monkeypatch.setattr(check, "read_notes", broken)
    assert check.problems() == ["x.md: title: missing"]


def test_exit_code_is_one_with_problems_and_they_go_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "problems", lambda: ["a", "b"])
    assert check.main() == 1
    assert capsys.readouterr().err == "knowledge base: a\nknowledge base: b\n"
    monkeypatch.setattr(check, "problems", list)
    assert check.main() == 0


def test_no_embedder_stamp_counts_as_stale(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, glossary: TermGlossary) -> None:
    monkeypatch.setattr(check, "read_notes", lambda: iter(()))
    monkeypatch.setattr(check.TermGlossary, "load", classmethod(lambda cls: glossary))
    monkeypatch.setattr(resources, "KNOWLEDGE_BASE", tmp_path)
    monkeypatch.setattr(check, "inputs_hash", lambda: "x")
    assert any("make embedder" in problem for problem in check.problems())
