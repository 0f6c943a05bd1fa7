"""Settings of the documentation, of both languages; `docs/build_site.py` says which is built."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

from convscope.version import __version__  # noqa: E402

is_chinese = os.environ.get("CONVSCOPE_DOCS_LANGUAGE") == "zh"
project = "Convscope"
author = "the Convscope authors"
copyright = author  # noqa: A001 - Sphinx's name
version = release = __version__
language = "zh_CN" if is_chinese else "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "chinese_emphasis",
    "chinese_search",
    "real_output",
    "formulas",
]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"Convscope {version}"
html_static_path = [str(HERE / "static")]
html_css_files = ["site.css"]
html_search_language = "zh" if is_chinese else "en"
html_show_sourcelink = False
html_copy_source = False
html_math_renderer = "mathml"
autodoc_typehints = "description"
napoleon_use_ivar = True  # attributes are described where their class is, and are no targets
autodoc_member_order = "bysource"
default_role = "code"
add_module_names = False
# Pygments has no lexer for what people paste; plain text is meant there.
highlight_language = "text"
html_theme_options = {
    "announcement": '<a href="../en/index.html">English</a> · <a href="../zh/index.html">中文</a>',
}
