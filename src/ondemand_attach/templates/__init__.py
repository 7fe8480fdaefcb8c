"""Jinja2 for every slot of a message: sandboxed, strict, escaped by where the text goes."""
