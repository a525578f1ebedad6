"""Replays a data set: one pool of calls, a durable journal, a manifest; on one machine or a Ray cluster."""
