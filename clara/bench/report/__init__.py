"""Metrics for people: tables for the terminal, and one HTML file with plots and a browser of every question."""

from clara.bench.report.page import html, write_html
from clara.bench.report.tables import notes, tables

__all__ = ["html", "notes", "tables", "write_html"]
