"""Documents and the chunks that are indexed; the notes that ship."""
