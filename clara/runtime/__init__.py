"""What a running process needs, whatever it computes: work in batches, a fresh start after a fork, spans for tracing."""
