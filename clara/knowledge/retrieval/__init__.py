"""Finds passages, and measures how well they are found."""
