"""The one reason for which a document is left to xhtml2pdf."""

from __future__ import annotations


class UnsupportedError(Exception):
    """A structure holds what cannot be kept, or a document is not of the structure."""
