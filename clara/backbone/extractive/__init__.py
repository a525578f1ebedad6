"""Answers without a language model: words of the question, its options and the passages are compared."""
