"""One file a format: bytes in, documents and notices out."""
