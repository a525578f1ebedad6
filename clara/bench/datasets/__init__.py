"""Benchmarks: public sets by name, and any CSV, JSON, Parquet or Excel file of one's own."""

from __future__ import annotations

from clara.bench.datasets.load import load_dataset
from clara.bench.datasets.model import Dataset, Defect, Item

__all__ = ["Dataset", "Defect", "Item", "load_dataset"]
