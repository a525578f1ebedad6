"""What is wrong with a data set, found by rules before anything is measured with it."""
