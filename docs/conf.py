"""Sphinx: MyST pages, and a reference made from the docstrings of the public modules."""

import ast
import inspect
import sys

import ondemand_attach
from ondemand_attach import testing

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

# The build looks nothing up elsewhere, so the names of other packages stay plain text.
OTHERS = [*sys.stdlib_module_names, "cryptography", "jinja2", "pyhanko"]
nitpick_ignore_regex = [("py:.*", rf"({'|'.join(OTHERS)})\..*")]
nitpick_ignore = [
    ("py:class", "Folder"),  # an alias spelt as a string, so that jinja2 is not loaded for it
    ("py:class", "LookUp"),  # likewise, of cryptography
    ("py:class", "PdfPermission"),  # in a signature with one of these
    ("py:class", "Place"),  # likewise
    ("py:class", "tuple[str"),  # cut in two in the signature of Receipt, one of whose defaults is a factory
    ("py:class", "tuple[~ondemand_attach._receipt.PartReceipt"),  # likewise
    ("py:class", "ondemand_attach._message.Renders"),  # how a request renders is not public
    ("py:class", "ondemand_attach.protectors._pdf_signer.SignatureOptions"),  # those of PdfSigner
    ("py:class", "ondemand_attach._receipt.Claims"),  # a receipt of a part is made by the library
    ("py:class", "ondemand_attach._pieces.Base64"),  # a message takes bytes, and makes these itself
]


def resolve_annotations(module: object) -> None:
    """Import into *module* what it imports for type checkers only, so that its annotations resolve."""
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            block = compile(ast.Module(node.body, []), "<annotations>", "exec")
            exec(block, vars(module))  # noqa: S102 - the project's own source


for public in (ondemand_attach, testing):
    for name in public.__all__:
        getattr(public, name)
for name in [name for name in sys.modules if name.startswith("ondemand_attach.")]:
    resolve_annotations(sys.modules[name])
