"""A translation model that takes over the translate task."""
