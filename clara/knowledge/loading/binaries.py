"""PDF and DOCX."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from clara.knowledge.corpus.documents import Document
from clara.knowledge.loading.base import LONGEST_TEXT, Hints, SourceFile, Unreadable, read_bytes, whole_file
from clara.knowledge.loading.texts import html_to_markdown

if TYPE_CHECKING:
    import pypdfium2

MOST_PAGES = 5000


def read_pdf(source: SourceFile, hints: Hints) -> Iterator[Document]:
    """One document; every page is a section, so that citations name it."""
    import pypdfium2 as pdfium

    data = read_bytes(source.path)
    if b"%PDF-" not in data[:1024]:
        raise Unreadable("it is no PDF")
    try:
        pdf = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        locked = "password" in str(error).lower()
        raise Unreadable("it is encrypted" if locked else "the PDF is damaged") from None
    try:
        pages = [_page(pdf, number) for number in range(min(len(pdf), MOST_PAGES))]
        title = str(pdf.get_metadata_dict().get("Title", ""))
    finally:
        pdf.close()
    text = "\n\n".join(f"# Page {number}\n\n{page}" for number, page in enumerate(pages, 1) if page)
    if not text:
        raise Unreadable("it holds no text; it may be a scan")
    yield whole_file(source, text, title=title, hints=hints)


def _page(pdf: pypdfium2.PdfDocument, number: int) -> str:
    import pypdfium2 as pdfium

    try:
        page = pdf[number]
        text = page.get_textpage().get_text_bounded()
    except pdfium.PdfiumError:
        return ""
    return text.replace("\r\n", "\n").replace("\x00", "").replace("\ufffe", "").strip()


def read_docx(source: SourceFile, hints: Hints) -> Iterator[Document]:
    """One document with its headings."""
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
