"""An audit that could ask nobody says so, and is no clean one."""

from __future__ import annotations

from typing import Any

import pytest

from tools import audit


def answers(monkeypatch: pytest.MonkeyPatch, knows: str, installed: list[dict[str, Any]]) -> None:
    """Only the service ``knows`` has advisories."""

    def ask(service: str, *what: str) -> list[dict[str, Any]]:
        if "--requirement" in what:
            return [{"name": "jinja2", "version": "2.4.1", "vulns": [{"id": "PYSEC-1"}] if service == knows else []}]
        return installed

    monkeypatch.setattr(audit, "_audited", ask)


def run(capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    with pytest.raises(SystemExit) as ended:
        audit.main()
    return ended.value.code, capsys.readouterr().out


def test_a_service_that_knows_nothing_has_audited_nothing(monkeypatch, capsys) -> None:
    answers(monkeypatch, "none", [{"name": "chromadb", "version": "1.5.9", "vulns": []}])
    code, printed = run(capsys)
    assert code == 2
    assert "nothing was audited: no advisory service answers" in printed


@pytest.mark.parametrize("service", audit.SERVICES)
def test_an_open_advisory_is_printed_and_a_known_one_is_explained(service, monkeypatch, capsys) -> None:
    known = {"id": "GHSA-f4j7-r4q5-qw2c", "aliases": ["CVE-2026-45829"]}
    answers(monkeypatch, service, [{"name": "chromadb", "version": "1.5.9", "vulns": [known]}])
    code, printed = run(capsys)
    assert code == 0
    assert "of Chroma's Python server" in printed
    new = {"id": "GHSA-new", "aliases": []}
    answers(monkeypatch, service, [{"name": "chromadb", "version": "1.5.9", "vulns": [known, new]}])
    code, printed = run(capsys)
    assert code == 1
    assert "chromadb 1.5.9: GHSA-new is open" in printed
