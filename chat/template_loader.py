"""The template loader: it leaves out line breaks and indentation that only make the source readable."""

import re

from django.template.base import TextNode
from django.template.loaders import filesystem

VERBATIM = ("textarea", "pre", "script", "style")
TOKEN = re.compile(
    r"(?P<comment><!--.*?-->)|<(?P<slash>/?)(?P<element>[a-z][^\s/>]*)|(?P<end>>)|(?P<line_break>\s*\n\s*)",
    re.DOTALL | re.IGNORECASE,
)


class Loader(filesystem.Loader):
    """Loads templates from DIRS, joins the lines of HTML templates, and caches compiled templates."""

    def __init__(self, engine, dirs=None):
        super().__init__(engine, dirs)
        self.compiled = {}

    def get_template(self, template_name, skip=None):
        key = template_name, *(origin.name for origin in skip or ())
        if key not in self.compiled:
            self.compiled[key] = self._compile(template_name, skip)
        return self.compiled[key]

    def _compile(self, template_name, skip):
        template = super().get_template(template_name, skip)
        if template_name.endswith(".html"):
            joiner = LineJoiner()
            for node in template.nodelist.get_nodes_by_type(TextNode):
                node.s = joiner.join(node.s)
        return template

    def reset(self):
        self.compiled.clear()


class LineJoiner:
    """Joins the lines of a template's text nodes. Pass them to `join` in the order of the source.

    The rule: a line break and the indentation around it are removed next to an HTML tag, a template tag or a variable,
    and become one space between words and between attributes. Spaces within a line stay, and so does everything inside
    `<textarea>`, `<pre>`, `<script>` and `<style>`. To separate two elements on two lines, end the first one with
    `{{ " " }}`. Inside an attribute's value, write `>` as `&gt;`.
    """

    def __init__(self):
        self.tag = ""  # the element whose start tag or end tag is not closed yet
        self.verbatim = ""  # the element whose content is left as it is

    def join(self, text):
        return TOKEN.sub(self._replace, text)

    def _replace(self, token):
        element = (token["element"] or "").lower()
        if self.verbatim and not (token["slash"] and element == self.verbatim):
            return token[0]
        if token["line_break"]:
            return self._separator(token)
        if element:
            self.tag, self.verbatim = token["slash"] + element, ""
        elif token["end"]:
            self.verbatim = self.tag if self.tag in VERBATIM else ""
            self.tag = ""
        return token[0]

    def _separator(self, token):
        before, after = token.string[: token.start()][-1:], token.string[token.end() :][:1]
        if self.tag:
            return "" if after == ">" else " "
        return "" if before in ("", ">") or after in ("", "<") else " "
