"""The examples of docs/service.md work as they stand there, but for the port."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from clara.cli.serve import app as command
from clara.config import load_settings
from clara.service.options import ServiceOptions
from tests.service.conftest import Running

PAGE = (Path(__file__).parents[2] / "docs" / "service.md").read_text("utf-8")


def example(language: str, word: str, running: Running) -> str:
    """The block of one language that holds a word, with the address of the running service."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    block = next(block for block in blocks if word in block)
    return block.replace("http://127.0.0.1:8010", running.url)


def output(*line: str) -> str:
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl(embedded: Running) -> None:
    assert '"language":"es"' in output("sh", "-c", example("sh", "curl", embedded)).replace('": "', '":"')


def test_python(embedded: Running) -> None:
    printed = output(sys.executable, "-c", example("python", "OpenAI", embedded))
    assert "### Sources" in printed
    assert re.search(r"^[\w-]+#\d+ ", printed, re.MULTILINE)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_javascript(embedded: Running) -> None:
    printed = output("node", "--input-type=module", "-e", example("js", "fetch", embedded))
    assert "... detect" in printed
    assert len(printed.splitlines()[-1]) > 10


def test_the_page_names_every_error_code_and_figure(embedded: Running) -> None:
    page = embedded.get("/metrics").text
    for name in re.findall(r"`(clara_\w+)", PAGE):
        assert name.removesuffix("_total") in page, name


def test_every_option_has_a_variable_that_is_no_misspelt_setting() -> None:
    variables = [option.envvar for option in get_command(command).params if getattr(option, "envvar", None)]
    assert len(variables) == len(ServiceOptions.model_fields)
    load_settings(environ={variable: "1" for variable in variables if isinstance(variable, str)})
