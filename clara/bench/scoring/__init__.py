"""Reads the answer out of a reply and scores it."""
