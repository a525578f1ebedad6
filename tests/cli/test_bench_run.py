"""``clara bench run``: its options, and what it shows while it runs."""

from __future__ import annotations

import io
import json
import time

import pytest
from rich.console import Console
from typer.testing import CliRunner

from clara.bench.figures.runs import Run
from clara.bench.replay.journal import read_run
from clara.bench.replay.tally import Tally
from clara.cli.app import app
from clara.cli.bench.live import Watch, duration, line, table
from clara.cli.bench.run import failed_entirely
from clara.errors import BackboneRefused


def record(language="english", outcome="correct", **more):
    return {"strategy": "clara", "language": language, "outcome": outcome, "error": None, "usage": {"calls": 2}, **more}


@pytest.fixture
def tally():
    made = Tally(total=40)
    made.add_earlier(record(outcome="wrong"))
    for language in ("hindi", "english", "english"):
        made.add(record(language))
    made.add(record("hindi", "no_response", error="the server is busy", usage={}))
    made.usage["prompt_tokens"] = 1234
    return made


def shown(renderable, width=80):
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(renderable)
    return console.file.getvalue()


def test_line_tells_progress_rate_accuracy_and_cost(tally):
    told = line(tally)
    assert told.startswith("5 of 40 items, ")
    assert "/s, " in told
    assert " left, 60.0 % correct, 6 calls, 1,234 tokens, 1 without response" in told


def test_line_before_the_first_reply_and_after_the_last():
    assert line(Tally(total=3)) == "0 of 3 items, 0.0/s, waiting for the first reply"
    assert line(Tally(total=3, done=3, started=time.monotonic() - 65)) == "3 of 3 items, 1 min 05 s"


@pytest.mark.parametrize(("seconds", "told"), [(8, "8 s"), (200, "3 min 20 s"), (3900, "1 h 05 min")])
def test_durations_are_told_in_words(seconds, told):
    assert duration(seconds) == told


@pytest.mark.parametrize("width", [60, 80, 160])
def test_table_shows_accuracy_by_language_english_first(tally, width):
    rows = shown(table(tally), width).splitlines()
    assert max(map(len, rows)) <= width
    assert set(rows[0]) <= set("━╸╺ ")
    assert rows[1].startswith("5 of 40 items, ")
    english, hindi = (next(n for n, row in enumerate(rows) if row.startswith(name)) for name in ("english", "hindi"))
    assert english < hindi
    assert rows[english].split() == ["english", "66.7", "%", "of", "3"]
    assert rows[hindi].split() == ["hindi", "50.0", "%", "of", "2"]
    assert rows[-1].startswith("last failure: the server is busy")


def test_last_failure_does_not_steer_the_terminal(tally):
    tally.add(record("hindi", "no_response", error="\x1b[31mbusy\x1b]0;owned\x07", usage={}))
    assert shown(table(tally)).splitlines()[-1].rstrip() == "last failure: busy"


def test_live_table_is_drawn_on_a_terminal_and_gone_at_the_end(tally, capsys):
    console = Console(file=io.StringIO(), force_terminal=True, width=80)
    with Watch(tally, quiet=False, console=console):
        pass
    assert "english" in console.file.getvalue()
    assert capsys.readouterr().err.startswith("5 of 40 items")


def test_lines_are_told_where_no_terminal_is(tally, capsys, monkeypatch):
    monkeypatch.setattr("clara.cli.bench.live.LINE_SECONDS", 0.01)
    with Watch(tally, quiet=False, console=Console(file=io.StringIO(), force_terminal=False)):
        time.sleep(0.1)
    assert capsys.readouterr().err.count("5 of 40 items") >= 2


def test_quiet_says_nothing(tally, capsys):
    with Watch(tally, quiet=True):
        pass
    assert capsys.readouterr() == ("", "")


def run(*arguments):
    return CliRunner().invoke(app, ["bench", "run", "sample", *map(str, arguments)])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--resume"], "--resume needs the run folder"),
        (["--retry-failed", "--out", "x"], "--retry-failed asks again what an earlier run could not"),
        (["--strategy", "claro"], "unknown strategy 'claro'"),
    ],
)
def test_wrong_use_is_one_sentence(arguments, told):
    result = run(*arguments)
    assert result.exit_code == 2
    assert told in result.stderr


def test_run_writes_a_folder_that_resumes_and_refuses_other_settings(tmp_path):
    folder = tmp_path / "run"
    command = ["--strategy", "direct", "--languages", "en,hi", "--limit", 3, "--out", folder]
    first = run(*command, "--json")
    assert first.exit_code == 0, first.output
    assert json.loads(first.stdout)["runs"][0]["n_items"] == 6
    manifest, found = read_run(folder)
    assert manifest["dataset_path"] == "sample"
    again = run(*command, "--resume", "--json")
    assert json.loads(again.stdout) == json.loads(first.stdout)
    assert read_run(folder)[1] == found
    assert len(read_run(folder)[0]["sessions"]) == 2
    other = run(*command, "--resume", "--permute-options", "--samples", 3, "--no-cache")
    assert other.exit_code == 1
    assert (
        "it differs in settings.permute_options (False there, True now), settings.samples (1 there, 3 now);" in other.stderr
    )
    refused = run(*command)
    assert refused.exit_code == 1
    assert "holds a run: go on with --resume" in refused.stderr


def test_damaged_line_is_told_and_asked_again(tmp_path):
    command = ["--strategy", "direct", "--languages", "en", "--limit", 3, "--out", tmp_path / "run"]
    assert run(*command, "--quiet").exit_code == 0
    path = tmp_path / "run" / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0].replace(b"anatomy", b"ANATOMY") + b"".join(lines[1:]))
    result = run(*command, "--resume")
    assert result.exit_code == 0, result.output
    assert "warning: damaged lines were moved to aside.jsonl, their items are asked again: 1" in result.stderr
    assert len(read_run(tmp_path / "run")[1]) == 3


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["--ray"], ["--ray", "local"]),
        (["--ray", "--quiet"], ["--ray", "local", "--quiet"]),
        (["--ray", "auto"], ["--ray", "auto"]),
        (["--ray=10.0.0.1:6379"], ["--ray=10.0.0.1:6379"]),
    ],
)
def test_ray_may_stand_without_an_address(given, kept, monkeypatch):
    from typer.core import TyperCommand

    from clara.cli.bench.run import RunCommand

    seen = []
    monkeypatch.setattr(TyperCommand, "parse_args", lambda _self, _ctx, args: seen.extend(args) or [])
    RunCommand("run").parse_args(None, given)
    assert seen == kept


def test_a_run_in_which_nothing_was_answered_says_why():
    lost = record(outcome="no_response", error="the model server says no (400)")
    runs = [Run("clara", "strategy", "clara", [lost, lost])]
    assert failed_entirely(runs) == "the model server says no (400)"
    assert failed_entirely([*runs, Run("direct", "strategy", "direct", [lost, record(outcome="wrong")])]) == ""
    assert failed_entirely([]) == ""


def test_a_replay_that_a_server_refused_throughout_ends_with_exit_code_1(tmp_path, monkeypatch):
    async def refuse(_agent, _question, _strategy):
        raise BackboneRefused("the model server says no (400): system role not supported")

    monkeypatch.setattr("clara.agent.runner.Agent.run", refuse)
    result = CliRunner().invoke(
        app, ["bench", "run", "sample", "--limit", "1", "-s", "direct", "--out", str(tmp_path / "r")]
    )
    assert result.exit_code == 1
    assert "no item was answered: the model server says no (400)" in result.output
