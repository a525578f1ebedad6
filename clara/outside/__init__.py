"""Sources outside CLARA's own knowledge base, asked only if the settings name them."""
