"""A knowledge base on disk: the record of its documents, vectors in Chroma, the word index."""
