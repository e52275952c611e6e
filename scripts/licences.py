#!/usr/bin/env python3
"""The licences of everything that the project depends on, as docs/licences.md.

    python scripts/licences.py > docs/licences.md        (or: make licences)

Follows the requirements of pyproject.toml through what is installed, and asks pip-licenses about
each. A package that this machine has no need of, or that an extra would bring and is not installed,
is not in the list; its name is printed on stderr.
"""

from __future__ import annotations

import json
import subprocess  # nosec B404 # pip-licenses has no interface of its own
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
_COPYLEFT = ("GPL", "MPL", "EPL", "CDDL", "EUPL")
_FREE_TO_CHOOSE = (" OR ", "; ")  # a package under several licences, of which one may be chosen
_NOT_IN_USE = {"audit", "dev", "fuzz", "train"}
# Packages without the field or with a wrong one, by the licence file that comes with them.
_BY_THEIR_FILE = {
    "atheris": "Apache-2.0",
    "axe-playwright-python": "MIT",
    "cuda-toolkit": "none: it only requires the packages of NVIDIA",
    "huey": "MIT",
    "rz-colorization": "BSD-2-Clause",
}
# Of packages whose wheels hold more than their own field says.
_OF_WHEELS = {
    "av": "BSD-3-Clause; wheels GPL-3.0: FFmpeg (LGPL), x264 and x265 (GPL)",
    "pillow_heif": "BSD-3-Clause; wheels GPL-2.0: libheif and libde265 (LGPL), x265 (GPL)",
}
_HEAD = """\
# Licences of the dependencies

Made by `make licences` from what is installed; Colorizer itself is under the BSD-3-Clause licence.

Copyleft packages are used as they are, through their public interfaces, and none of their code is
in this repository. Who passes on a container image or an installer passes them on too, and owes
their sources and licence texts; who changes one owes the changes. HEIC needs care: the wheels of
pillow-heif contain libraries under the GPL. They are an extra (`colorizer[heic]`) that the
Dockerfile installs unless it is built with `EXTRAS=redis,s3`; an image with them can only be passed
on under the GPL-2.0. So do films: the wheels of av (PyAV) contain FFmpeg with x264 and x265, under
the GPL, and an image with them can only be passed on under the GPL-3.0. All but films works when
av has been uninstalled (`pip uninstall av`). The NVIDIA packages come with torch's build for CUDA
only, under NVIDIA's terms; torch's build for the CPU does without, and the small image has no
torch.
"""


def closure(requirements: Iterable[str], skip: set[str]) -> set[str]:
    """Names of the installed packages that these requirements need, theirs included."""
    found: set[str] = set()
    waiting = [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        if name in skip:
            continue
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            print(f"{name} is not installed", file=sys.stderr)
            continue
        if name in found and not requirement.extras:
            continue
        found.add(name)
        for more in ("", *requirement.extras):
            waiting += [(Requirement(text), more) for text in needs]
    return found


def licences(names: Iterable[str]) -> dict[str, str]:
    """What pip-licenses says of each, or where it knows nothing or not enough, what is above."""
    command = [sys.executable, "-m", "piplicenses", "--from=mixed", "--format=json"]
    run = subprocess.run(  # nosec B603 # names of packages, without a shell
        [*command, "--packages", *sorted(names)], capture_output=True, text=True, check=True
    )
    told = {item["Name"]: " ".join(item["License"].split()) for item in json.loads(run.stdout)}
    for name in told:
        unknown = told[name] == "UNKNOWN"
        told[name] = _BY_THEIR_FILE.get(name, "not told" if unknown else told[name])
    return told | {name: text for name, text in _OF_WHEELS.items() if name in told}


def is_copyleft(licence: str) -> bool:
    """Whether it asks something of who passes the package on changed, and cannot be avoided."""
    if licence in _OF_WHEELS.values():
        return True
    bound = any(name in licence for name in _COPYLEFT)
    return bound and not any(choice in licence for choice in _FREE_TO_CHOOSE)


def table(found: dict[str, str]) -> str:
    """Name and licence, one line each."""
    rows = [f"| {name} | {found[name]} |" for name in sorted(found, key=str.lower)]
    return "\n".join(["| package | licence |", "|---|---|", *rows])


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    ours = {"colorizer"}
    needed = closure(project["dependencies"], ours)
    of_extras = [
        text for name, texts in extras.items() if name not in _NOT_IN_USE for text in texts
    ]
    optional = closure(of_extras, ours | needed)
    of_work = [text for name in sorted(_NOT_IN_USE) for text in extras[name]]
    work = closure(of_work, ours | needed | optional)
    print(_HEAD)
    for title, names in (
        ("Needed in use", needed),
        ("Extras for use (heic, lpips, ray, redis, s3, torch)", optional),
        (
            "For work on the project, never shipped or imported in use (dev, audit, fuzz, train)",
            work,
        ),
    ):
        found = licences(names)
        bound = sorted(name for name in found if is_copyleft(found[name]))
        print(f"## {title}\n")
        print(f"Copyleft: {', '.join(f'{name} ({found[name]})' for name in bound) or 'none'}.\n")
        print(f"{table(found)}\n")


if __name__ == "__main__":
    main()
