"""What is asked of a backbone: the typed tasks, their prompt templates, and passages as a prompt shows them."""
