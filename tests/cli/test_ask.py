"""``clara ask``: what is urgent comes first, the chosen option is marked, flags become settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from clara.cli.app import app
from clara.config import Settings
from clara.language.messages import say

run = CliRunner()
URGENT = "Sudden painless loss of vision in one eye since this morning, what should I do?"


@pytest.fixture
def home(built_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLARA_HOME", str(built_home))
    return built_home


@pytest.mark.usefixtures("home")
def test_the_notice_about_urgent_care_is_shown_once_and_first() -> None:
    shown = run.invoke(app, ["ask", URGENT])
    assert shown.exit_code == 0, shown.stderr
    notice = json.loads(run.invoke(app, ["ask", URGENT, "--json"]).stdout)["notice"]
    words = "".join(notice.split())
    flat = "".join(shown.stdout.replace("│", "").split())
    assert words
    assert flat.count(words) == 1
    assert flat.index(words) < flat.index("Suddenpainless")


@pytest.mark.usefixtures("home")
def test_without_a_model_the_closest_option_is_named_as_a_guess_apart_from_the_passages() -> None:
    result = run.invoke(app, ["ask", "What is blood in the anterior chamber called? a) Hypopyon b) Hyphaema c) Uveitis"])
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("search only, no language model\n")
    assert "Closest option by word matching, a guess and no answer: B) Hyphaema" in " ".join(
        result.stdout.replace("│", " ").split()
    )
    assert "> B" not in result.stdout
    assert "  A Hypopyon" in result.stdout
    assert "[1] " in result.stdout
    assert "\x1b" not in result.stdout


def test_flags_become_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Settings] = []

    class Stop(Exception):
        pass

    def clara(settings: Settings) -> None:
        seen.append(settings)
        raise Stop

    monkeypatch.setattr("clara.api.Clara", clara)
    args = ["ask", "What is glaucoma?", "--samples", "3", "--permute-options", "--no-cache"]
    assert isinstance(run.invoke(app, args).exception, Stop)
    assert (seen[0].samples, seen[0].permute_options, seen[0].cache) == (3, True, False)
    assert isinstance(run.invoke(app, ["ask", "What is glaucoma?"]).exception, Stop)
    assert (seen[1].samples, seen[1].permute_options, seen[1].cache) == (1, False, True)


def test_below_an_urgent_line_no_passages_are_shown_without_a_model() -> None:
    answer = json.loads(run.invoke(app, ["ask", URGENT, "--json"]).stdout)
    assert answer["notice"]
    assert answer["citations"] == []
    assert answer["answer"] == say("urgent_no_passages", "en")
