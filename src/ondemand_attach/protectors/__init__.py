"""One module for each standard that protects a document."""
