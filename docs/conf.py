"""Sphinx: MyST pages, and a reference made from the docstrings of the public modules."""

import sys

import ondemand_attach

project = "ondemand_attach"
author = "The ondemand_attach authors"
version = release = ondemand_attach.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
html_theme = "furo"
html_title = f"{project} {version}"

myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True}
napoleon_numpy_docstring = False

# The build looks nothing up elsewhere, so names of the standard library stay plain text.
nitpick_ignore_regex = [("py:.*", rf"({'|'.join(sys.stdlib_module_names)})\..*")]
