"""A conversation about clinical questions: understanding of follow-ups, memory, commands. No terminal code."""
