"""What an import costs in an interpreter that has loaded nothing yet."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

PROGRAMS = {
    "nothing": "pass",
    "the library": "import ondemand_attach",
    "by hand": "import jinja2, xhtml2pdf.pisa, pyhanko.sign.signers, email.message, smtplib",
}


def seconds(repeats: int) -> dict[str, float]:
    """Return the median CPU seconds of an interpreter that imports each, itself included."""
    taken: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(repeats):
        for name, program in PROGRAMS.items():
            taken[name].append(_fresh(program))
    return {name: statistics.median(times) for name, times in taken.items()}


def _fresh(program: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
