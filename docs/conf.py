"""How Sphinx builds the course's site; `make site` (coursekit/site.py) calls it on a copy of docs and notebooks."""

project = "Gadget recognition"
author = copyright = "the authors of the course"
extensions = ["myst_nb"]
exclude_patterns = ["_build"]
root_doc = "index"
language = "en"

nb_execution_mode = "off"  # what readers see is what was committed, outputs included
nb_ipywidgets_js = {}  # would come from another host
nb_merge_streams = True
myst_enable_extensions = ["colon_fence", "attrs_inline", "deflist"]  # no dollarmath: prices are not formulas
myst_heading_anchors = 3
suppress_warnings = ["mystnb.unknown_mime_type"]

html_theme = "furo"
html_title = "Gadget recognition, hands on"
html_static_path = ["_static"]
html_css_files = ["course.css"]
html_favicon = "_static/icon.svg"
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_theme_options = {"top_of_page_buttons": []}
pygments_style = "friendly"
pygments_dark_style = "github-dark"
