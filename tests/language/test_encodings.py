"""The encoding of a text, found by looking."""

from __future__ import annotations

import random

import pytest

from clara.language.encodings import SAMPLE, encoding_of

PORTUGUESE = "A visão não é recuperada; a pressão diminui com colírios após a operação.\n"
GERMAN = "Grüner Star schädigt den Sehnerv, die Tropfen müssen täglich eingeträufelt werden.\n"
CZECH = "Zelený zákal poškozuje zrakový nerv, léčba snižuje nitrooční tlak kapkami každý den, řešení.\n"
JAPANESE = "緑内障は視神経を損なう病気です。眼圧を下げる点眼薬があります。\n"
ARABIC = "الزرق يتلف العصب البصري ويضيق مجال الرؤية.\n"
HINDI = "मोतियाबिंद में लेंस धुंधला होता है।\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (PORTUGUESE, "cp1252"),
        (GERMAN, "latin-1"),
        (CZECH, "cp1250"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (ARABIC, "cp1256"),
        (HINDI, "utf-8"),
        (HINDI, "utf-8-sig"),
        (HINDI, "utf-16"),
        (HINDI, "utf-16-be"),
        (HINDI, "utf-32"),
        ("Plain words only.\n", "ascii"),
    ],
)
@pytest.mark.parametrize("times", [1, 20])
def test_a_text_is_read_as_it_was_written(text: str, encoding: str, times: int) -> None:
    data = (text * times).encode(encoding)
    found = encoding_of(data)
    assert found is not None
    assert data.decode(found) == text * times


def test_few_damaged_bytes_leave_it_utf_8() -> None:
    assert encoding_of((HINDI * 3).encode() + b"caf\xe9\n") == "utf-8"


def test_the_end_of_the_sample_may_cut_a_character() -> None:
    assert encoding_of(b"a" + "é".encode() * SAMPLE) == "utf-8"


NOISE = random.Random(5).randbytes(5000) + b"\x00"


@pytest.mark.parametrize(
    "data", [b"ab\x00cd", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" * 30, NOISE], ids=["zero", "picture", "noise"]
)
def test_what_is_no_text_has_no_encoding(data: bytes) -> None:
    assert encoding_of(data) is None
