"""Metrics for people: one table model for every surface, an HTML file with plots and a browser of questions, exports."""

from clara.bench.report.notes import notes
from clara.bench.report.page import html, write_html
from clara.bench.report.payload import printable

__all__ = ["html", "notes", "printable", "write_html"]
