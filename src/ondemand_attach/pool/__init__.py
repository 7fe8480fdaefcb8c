"""Render processes: where messages are built apart from the application, and cut off if need be."""
