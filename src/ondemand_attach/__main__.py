"""``python -m ondemand_attach``."""

import sys

from ondemand_attach.cli import main

if __name__ == "__main__":
    sys.exit(main())
