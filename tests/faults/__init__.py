"""Real processes that are killed, and storage and queue that go away, while photographs come in.

    pytest tests/faults

Each test counts: what was accepted ends ready, or with an error that is reported; nothing is lost,
nothing is there twice, and the server answers nothing with 500.
"""
