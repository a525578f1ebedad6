"""What a model brings to each language before it answers: how its tokenizer cuts it, beside what was measured."""
