"""CLARA as an HTTP service: the OpenAI protocol, its own questions and batches, health and metrics."""
