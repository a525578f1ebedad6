"""Turns files of many formats into documents. Parsing happens in child processes with limits: see :mod:`.sandbox`."""
