"""The steps of the graph, one file each. A step takes the state and its dependencies and returns an Outcome."""
