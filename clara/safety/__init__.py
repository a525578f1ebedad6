"""What must be said before and beside an answer: urgent care, and that nobody here prescribes."""

from clara.safety.urgent import asks_personally, red_flags, urgent_notice

__all__ = ["asks_personally", "red_flags", "urgent_notice"]
