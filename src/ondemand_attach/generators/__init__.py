"""One module for each library that makes documents."""
