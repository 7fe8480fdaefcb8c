"""Every check there is: `nox` runs the quick ones on this Python, `nox -s NAME` any other."""

import random
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import nox

PROJECT = nox.project.load_toml("pyproject.toml")
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
EVERYTHING = f".[{','.join(PROJECT['project']['optional-dependencies'])}]"
PARALLEL = ("-n", "auto", "--dist", "worksteal")
PYTHONS = sorted({*nox.project.python_versions(PROJECT), RUNNING}, key=lambda version: int(version[2:]))

nox.needs_version = ">=2025.10.14"  # the first that was tried with these options
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "types", "imports", "coverage"]


@nox.session
def lint(session: nox.Session) -> None:
    """Ruff: rules and format."""
    install(session, "lint")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Mypy, strict."""
    install(session, "types", project=EVERYTHING)
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """Import contracts: one way down, each library only in its adapter."""
    install(session, "imports", project=".")
    session.run("lint-imports", "--no-logo")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """The tests that need nothing but Python."""
    install(session, "tests", project=EVERYTHING)
    session.run("pytest", *PARALLEL, *session.posargs)


@nox.session(python=PYTHONS[len(PYTHONS) // 2])
def lowest(session: nox.Session) -> None:
    """The tests with the oldest dependencies that pyproject.toml allows (needs uv)."""
    install(session, "tests", options=["--resolution=lowest-direct"], project=EVERYTHING)
    session.run("pytest", *PARALLEL, *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """The tests on this Python, with the gate on branch coverage."""
    install(session, "tests", project=EVERYTHING)
    session.log(
        "runs all tests, about 10 minutes on two idle cores; the percentage is the share that is done"
    )
    session.run("pytest", *PARALLEL, "--cov", *session.posargs)


@nox.session
def system(session: nox.Session) -> None:
    """Foreign mail servers and PDF readers; .ci/run installs them."""
    install(session, "tests", "readers", project=EVERYTHING)
    session.run("pytest", "tests/system", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """The pages; a warning or a dead reference is an error."""
    install(session, "docs", project=EVERYTHING)
    session.run("sphinx-build", "-n", "-W", "--keep-going", "-q", "docs", f"{session.cache_dir}/docs")


@nox.session
def nightly(session: nox.Session) -> None:
    """The long searches: random tests on a larger scale, documents rendered both ways, bytes of strangers."""
    install(session, "tests", project=EVERYTHING)
    session.run("pytest", *PARALLEL, *session.posargs, env={"ONDEMAND_ATTACH_TESTS_SCALE": "10"})
    seed = str(random.SystemRandom().randrange(10**6))  # printed with the command, to search there again
    session.run("python", "tests/differential/compare.py", "--seed", seed, "--documents", "5000")
    session.run("python", "tests/fuzz/run.py", "--minutes", "60", "--draw", seed)


@nox.session
def mutation(session: nox.Session) -> None:
    """Random changes to the code that no test notices; `nox -s mutation -- --help` tells the options.

    Whoever changes what is promised runs it over those modules, such as `-- --count 50 'transports/*.py'`,
    and writes a test for each change that survives and matters.
    """
    install(session, "tests", "mutation", project=EVERYTHING)
    session.run("python", "tests/mutation/run.py", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """The figures of docs/performance.md, against the same libraries composed by hand."""
    install(session, "tests", "bench", project=EVERYTHING)
    session.run("python", "tests/benchmarks/run.py", *session.posargs)


@nox.session(reuse_venv=False)
def build(session: nox.Session) -> None:
    """Wheel and sdist: what they hold, and that the wheel works where it is installed."""
    install(session, "build")
    with tempfile.TemporaryDirectory() as folder:
        session.run("python", "-m", "build", "--outdir", folder, silent=True)
        (wheel,) = Path(folder).glob("*.whl")
        check_contents(session, wheel)
        session.install(str(wheel))
    session.run("python", "-c", "import ondemand_attach as o; [getattr(o, name) for name in o.__all__]")
    session.run("ondemand-attach", "--help", silent=True)


def install(
    session: nox.Session, *groups: str, options: Sequence[str] = (), project: str | None = None
) -> None:
    """Install dependency groups, and the project in place."""
    in_place = ("-e", project) if project else ()
    session.log("installs what this step needs; the first time, that takes some minutes")
    session.install(*options, *nox.project.dependency_groups(PROJECT, *groups), *in_place)


def check_contents(session: nox.Session, wheel: Path) -> None:
    """Compare the wheel, which was built from the sdist, with the source tree."""
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = (path for path in Path("src").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    source = {path.relative_to("src").as_posix() for path in files}
    if packed != source:
        session.error(f"the wheel is not what src holds: {sorted(packed ^ source)}")
