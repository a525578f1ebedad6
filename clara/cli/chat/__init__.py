"""``clara chat``: the terminal of :mod:`clara.chat`."""
