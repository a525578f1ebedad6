"""What a text is, in any script: words and sentences, language codes, detection, spelling, CLARA's own messages."""
