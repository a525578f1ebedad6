"""Which loader reads a file: its suffix says, and for ``.xml`` and ``.txt`` its beginning."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable, Iterable

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading import binaries, pubmed, tables, texts
from clara.knowledge.loading.base import Hints, SourceFile, Unreadable, open_binary

Loader = Callable[[SourceFile, Hints], Iterable[Document | Unreadable]]
"""Gives documents, and an Unreadable for each record that it leaves out; raises Unreadable if it must stop."""

LOADERS: dict[str, Loader] = {
    ".md": texts.read_markdown,
    ".markdown": texts.read_markdown,
    ".txt": texts.read_plain,
    ".html": texts.read_html,
    ".htm": texts.read_html,
    ".xhtml": texts.read_html,
    ".pdf": binaries.read_pdf,
    ".docx": binaries.read_docx,
    ".csv": tables.read_csv,
    ".tsv": tables.read_csv,
    ".jsonl": tables.read_jsonl,
    ".ndjson": tables.read_jsonl,
    ".xml": pubmed.read_xml,
    ".nbib": pubmed.read_medline,
    ".medline": pubmed.read_medline,
}
"""Suffix to loader; each also reads the gzip of its format."""


def load(source: SourceFile, hints: Hints) -> Iterable[Document | Unreadable]:
    """The documents of a file.

    Raises:
        Unreadable: no loader reads it, or the loader had to stop.
    """
    loader = LOADERS.get(source.suffix)
    if loader is None:
        raise Unreadable(f"files of type {source.suffix or '(none)'} are not read")
    if loader is texts.read_plain and _begins(source).startswith(b"PMID"):
        loader = pubmed.read_medline
    return loader(source, hints)


def _begins(source: SourceFile) -> bytes:
    try:
        with open_binary(source.path) as file:
            return file.read(16).removeprefix(codecs.BOM_UTF8).lstrip()
    except (OSError, EOFError, zlib.error):
        return b""  # the loader will say what is wrong
