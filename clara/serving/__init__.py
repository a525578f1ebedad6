"""Starts a model server that suits CLARA: presets, hardware, command line of vLLM, and the child process."""
