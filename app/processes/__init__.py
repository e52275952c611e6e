"""The processes: the server, and the worker with its supervisor."""
