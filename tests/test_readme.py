"""What the README states is what the code has."""

import re
import runpy

from .conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_parameters_is_the_one_of_the_settings() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "parameters_table.py"))["table"]()
    found = re.search("<!-- parameters: .*? -->\n(.*?)\n<!-- end -->", README, re.DOTALL)
    assert found is not None, "run scripts/parameters_table.py and paste its output"
    assert found.group(1) == made


def test_the_table_of_the_servers_settings_is_the_one_of_its_class() -> None:
    made = runpy.run_path(str(ROOT / "scripts" / "configuration_table.py"))["table"]()
    found = re.search("<!-- configuration: .*? -->\n(.*?)\n<!-- end -->", README, re.DOTALL)
    assert found is not None, "run scripts/configuration_table.py and paste its output"
    assert found.group(1) == made


def test_files_that_the_readme_links_exist() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert links
    for link in links:
        assert (ROOT / link).exists(), link
