"""Which tests run a line."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from changes import Change
from coverage import CoverageData

_COMMAND = (
    *("-m", "pytest", "-q", "-n", "auto", "--dist", "worksteal"),
    *("--cov", "--cov-context=test", "--cov-report="),
)
_SETTINGS = "[run]\nsource_pkgs = ondemand_attach\n"  # by lines: what branches were taken is not asked


def record(tree: Path, map_: Path) -> None:
    """Run all tests once and write down which lines each of them runs."""
    settings = map_.with_name(f"settings_of_{map_.name}")  # coverage removes what begins with the map's
    settings.write_text(f"{_SETTINGS}data_file = {map_}\n")
    subprocess.run([sys.executable, *_COMMAND, f"--cov-config={settings}"], cwd=tree, check=True)


class Covering:
    """Knows which tests run a line.

    Args:
        map_: what `record` wrote.
    """

    def __init__(self, map_: Path) -> None:
        data = CoverageData(str(map_), no_disk=False)
        data.read()
        self._tests = {_in_package(Path(file)): _tests_by_line(data, file) for file in data.measured_files()}
        self._cost = Counter(
            test for lines in self._tests.values() for tests in lines.values() for test in tests
        )

    def of(self, change: Change) -> list[str]:
        """Return the tests that run what is changed, those of its module first, and those that run little else.

        What the import of the module runs is used by all its functions; and what no test is known to run may
        be run in a process of which nothing is known.
        """
        module = _in_package(change.module)
        lines = self._tests.get(module, {})
        at = range(change.place.first, change.place.last + 1)
        covering = _union(lines.get(line, ()) for line in at) if change.place.is_in_function else set()
        covering = covering or _union(lines.values()) or self._of_modules_naming(change.module)
        own = {test for test in self._cost if test.startswith(_mirrors(module))} | self._newer(module)
        return sorted(own | covering, key=lambda test: (_rank(test, own, covering), self._cost[test], test))

    def _newer(self, module: str) -> set[str]:
        """Return the files of tests that are named after a module, and were written after the map."""
        files = {prefix.removesuffix("::") for prefix in _mirrors(module)}
        known = {test.partition("::")[0] for test in self._cost}
        return {file for file in files - known if Path(file).exists()}

    def _of_modules_naming(self, module: Path) -> set[str]:
        """Return the tests of the modules that import one which holds nothing but constants."""
        root = module.parents[len(Path(_in_package(module)).parents) - 1]
        naming = [file for file in self._tests if module.stem in (root / file).read_text()]
        return _union(tests for file in naming for tests in self._tests[file].values())


def _rank(test: str, own: set[str], covering: set[str]) -> int:
    """Say when a test of the module (0), another that runs the line (1), and the others are tried.

    Whether a file that the map does not know runs the line is not known.
    """
    is_first = test in own and (test in covering or "::" not in test)
    return 0 if is_first else 1 if test in covering else 2


def _in_package(file: Path) -> str:
    return file.as_posix().rpartition("/src/")[2]


def _mirrors(module: str) -> tuple[str, ...]:
    """Return how the names of the tests begin that are named after a module, or after its package."""
    parts = PurePosixPath(module).relative_to("ondemand_attach").with_suffix("").parts
    path = PurePosixPath(*(part.lstrip("_") or part for part in parts))
    return tuple(
        f"tests/{each.parent}/test_{each.name}.py::".replace("/./", "/")
        for each in (path, path.parent)
        if each.name
    )


def _tests_by_line(data: CoverageData, file: str) -> dict[int, set[str]]:
    contexts = data.contexts_by_lineno(file)
    return {line: {name.rpartition("|")[0] for name in names if name} for line, names in contexts.items()}


def _union(sets: Iterable[Iterable[str]]) -> set[str]:
    return {each for several in sets for each in several}
