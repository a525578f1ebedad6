"""Embedders: static, sentence-transformers, remote; and the reranker."""
