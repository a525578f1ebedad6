"""A language model behind any OpenAI-compatible server: requests, structured replies, budget, capabilities, cache."""
