"""What a model says in a free reply: its thinking taken off, its JSON found, its letter read."""
