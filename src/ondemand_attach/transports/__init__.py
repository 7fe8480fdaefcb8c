"""One module for each way out of the process."""
