"""DOCX: the text with its headings, lists and tables."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading.base import Hints, SourceFile, Unreadable, whole_file
from clara.knowledge.loading.formats.html import html_to_markdown
from clara.knowledge.loading.reading import LONGEST_TEXT, read_bytes


def read_docx(source: SourceFile, hints: Hints) -> Iterator[Document]:
    """One document with its headings.

    Raises:
        Unreadable: it is no DOCX, damaged, or unpacks to too much.
    """
    import mammoth

    data = read_bytes(source.path)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            if "word/document.xml" not in archive.namelist():
                raise Unreadable("it is no DOCX")
        if size > 4 * LONGEST_TEXT:
            raise Unreadable(f"it unpacks to {size >> 20} MiB")
        page = mammoth.convert_to_html(io.BytesIO(data), convert_image=mammoth.images.img_element(_no_image)).value
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, zipfile.LargeZipFile) as error:
        raise Unreadable(f"the DOCX is damaged ({type(error).__name__})") from None
    title, text = html_to_markdown(page)
    yield whole_file(source, text, title=title, hints=hints)


def _no_image(_image: Any) -> dict[str, str]:
    return {}
