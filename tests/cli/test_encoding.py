"""Output in encodings that cannot hold everything: no text is lost."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys

import pytest

from clara.cli.encoding import escape_in, holds_everything

QUESTION = "青光眼的症状是什么？"


def written(text: str, encoding: str) -> str:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding=encoding)
    escape_in(stream)
    stream.write(text)
    stream.flush()
    return buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "cp437", "shift_jis"])
@pytest.mark.parametrize("text", ["什么", "मोतियाबिंद", "нерв", "👁"])
def test_what_has_no_place_is_an_escape(encoding: str, text: str) -> None:
    shown = written(text, encoding)
    assert "?" not in shown
    codes = re.findall(r"\\[uU]([0-9a-f]{4,8})|\\x([0-9a-f]{2})|(.)", shown)
    assert "".join(char or chr(int(wide or narrow, 16)) for wide, narrow, char in codes) == text


def test_marks_of_clara_s_own_words_have_a_plain_form() -> None:
    assert written("a – b … “c” • d", "ascii") == 'a - b ... "c" * d'


def test_a_stream_that_holds_everything_is_left_as_it_is() -> None:
    assert written(QUESTION, "utf-8") == QUESTION
    assert holds_everything(io.TextIOWrapper(io.BytesIO(), encoding="UTF-8"))
    assert not holds_everything(io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252", "gbk"])
def test_json_is_exact_in_any_encoding(encoding: str) -> None:
    script = f"from clara.cli.output import print_json; print_json({{'question': {QUESTION!r}}})"
    environ = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, env=environ, check=True)
    assert json.loads(done.stdout.decode(encoding)) == {"question": QUESTION}
