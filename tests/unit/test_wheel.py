"""What a wheel of this repository holds."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD = "import sys, setuptools.build_meta as backend; print(backend.build_wheel(sys.argv[1]))"


def test_a_wheel_holds_all_that_the_packages_read(tmp_path: Path) -> None:
    """Every file of the packages is in it, styles, scripts, templates and fonts too, and nothing of the tests."""
    found = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = [p.rstrip("*") for p in found["tool"]["setuptools"]["packages"]["find"]["include"]]
    tree, out = tmp_path / "tree", tmp_path / "out"
    tree.mkdir()
    out.mkdir()
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, tree)
    unwanted = shutil.ignore_patterns("__pycache__", "*.pyc", "*.so", ".*")
    for package in packages:
        shutil.copytree(ROOT / package, tree / package, ignore=unwanted)
    files = [path for package in packages for path in (tree / package).rglob("*")]
    wanted = {str(path.relative_to(tree)) for path in files if path.is_file()}
    built = subprocess.run(
        [sys.executable, "-c", BUILD, str(out)],
        cwd=tree,
        capture_output=True,
        text=True,
        check=True,
    )
    with zipfile.ZipFile(out / built.stdout.split()[-1]) as wheel:
        held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert {n for n in wanted if not n.endswith(".py")} - held == set()
    assert wanted == held
