"""The shapes on the wire: requests, replies, streams and errors."""
