"""PDF: every page is a section, so that citations name it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading.base import Hints, Notice, SourceFile, Unreadable, whole_file
from clara.knowledge.loading.formats.pdf_layout import page_text
from clara.knowledge.loading.reading import read_bytes

if TYPE_CHECKING:
    import pypdfium2

MOST_PAGES = 5000
_FEW_LETTERS = 12
"""Letters of a page that is a picture with a page number or a stamp on it."""


def read_pdf(source: SourceFile, hints: Hints) -> Iterator[Document | Unreadable]:
    """One document, and a problem for the pages without text.

    Raises:
        Unreadable: it is no PDF, or is encrypted, damaged, or without any text.
    """
    import pypdfium2 as pdfium

    data = read_bytes(source.path)
    if b"%PDF-" not in data[:1024]:
        raise Unreadable("it is no PDF")
    try:
        pdf = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        is_locked = "password" in str(error).lower()
        raise Unreadable("it is encrypted" if is_locked else "the PDF is damaged") from None
    try:
        title = str(pdf.get_metadata_dict().get("Title", ""))
        total, count = len(pdf), min(len(pdf), MOST_PAGES)
        sections: list[str] = []
        pictures = damaged = 0
        for number in range(count):
            try:
                page = pdf[number]
                text = page_text(page.get_textpage()).replace("\x00", "").strip()
                pictures += _is_picture(page, text)
            except pdfium.PdfiumError:
                text = ""
                damaged += 1
            if text:
                sections.append(f"# Page {number + 1}\n\n{text}")
    finally:
        pdf.close()
    if not sections:
        raise Unreadable("it holds no text; it may be a scan")
    yield whole_file(source, "\n\n".join(sections), title=title, hints=hints)
    if pictures:
        yield Notice(f"{pictures:,} of {count:,} pages hold no text; they may be scans")
    if damaged:
        yield Unreadable(f"{damaged:,} of {count:,} pages are damaged")
    if total > count:
        yield Unreadable(f"only the first {count:,} of {total:,} pages are read; split it")


def _is_picture(page: pypdfium2.PdfPage, text: str) -> bool:
    """True for a page with next to no text that shows something else; a blank page shows nothing."""
    if sum(map(str.isalpha, text)) >= _FEW_LETTERS:
        return False
    import pypdfium2.raw as pdfium

    kinds = [pdfium.FPDFPageObj_GetType(item) for item in page.get_objects(max_depth=3)]
    if text:
        return pdfium.FPDF_PAGEOBJ_IMAGE in kinds
    return bool(kinds)
