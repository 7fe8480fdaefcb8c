"""The commands that look at files, one module each: `add_arguments` and `run`."""
