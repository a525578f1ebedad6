"""PubMed and Wikipedia, asked only if the settings name them."""
