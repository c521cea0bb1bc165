"""A filed document as plain text: HTML (inline XBRL too) is laid out, a paragraph a line, with what stands out.

Emphasis is inherited the way a browser does it, from elements and from `style` attributes. What a browser hides
(`display:none`, and with it the header of inline XBRL) is left out. Cells of a table's row share a line.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from arriero.apps.finance.filings.base import Look, Page, Run
from arriero.core.errors import MissingExtra

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

BLOCKS = frozenset(
    "p div h1 h2 h3 h4 h5 h6 li ul ol dl dt dd tr table section article center blockquote hr pre body".split()
)
CELLS = frozenset({"td", "th"})
HIDDEN = frozenset({"script", "style", "head", "title", "ix:header", "template", "noscript"})
TAGS = {
    **dict.fromkeys(("b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th"), Look.BOLD),
    **dict.fromkeys(("i", "em"), Look.ITALIC),
    "u": Look.UNDERLINE,
}
# Not <TABLE>, <PAGE> and <S>: filings in plain text set their tables between such tags.
_MARKUP = re.compile(r"<(?:html|body|div|p|span|td|font|ix:\w+)[\s>]", re.IGNORECASE)
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_WEIGHT = re.compile(r"font-weight\s*:\s*(\w+)|\bfont\s*:[^;]*\b(bold)\b", re.IGNORECASE)
_SLANT = re.compile(r"font-style\s*:\s*(\w+)|\bfont\s*:[^;]*\b(italic)\b", re.IGNORECASE)
_LINE = re.compile(r"text-decoration[\w-]*\s*:[^;]*\b(underline|none)\b", re.IGNORECASE)
_SPACES = re.compile(r"[\s\u00a0\u200b\ufeff]+")
HEAVY = 600  # CSS: what is drawn bold by most faces


def is_markup(document: str) -> bool:
    """Whether it has to be laid out; old filings are plain text with a few tags of EDGAR's own."""
    return _MARKUP.search(document) is not None


def page(document: str) -> Page:
    """The document as text. Plain text stays as it is, character for character.

    Raises `MissingExtra` when HTML comes and its parser is not installed.
    """
    if not is_markup(document):
        return Page(document)
    try:
        from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415  # only for HTML
    except ModuleNotFoundError:
        raise MissingExtra("selectolax, which reads filings in HTML,", "finance") from None
    root = LexborHTMLParser(document).body
    return _laid_out(root) if root is not None else Page(html.unescape(document))


def _laid_out(root: LexborNode) -> Page:
    sheet = _Sheet()
    for kind, node, look in _walk(root):
        match kind:
            case "text":
                sheet.write(node.text_content or "", look)
            case "raw":
                sheet.keep(node.text_content or "", look)
            case "block":
                sheet.end_line()
            case "cell":
                sheet.end_cell()
            case "row":
                sheet.end_row()
    return sheet.page()


def _walk(root: LexborNode) -> Iterator[tuple[str, LexborNode, Look]]:
    """Texts and boundaries in the order of the page; a stack of our own, as filings nest deeply."""
    stack: list[tuple[str, LexborNode, Look, bool]] = [("", root, Look.PLAIN, False)]
    while stack:
        kind, node, look, raw = stack.pop()
        if kind:
            yield kind, node, look
            continue
        tag = node.tag or ""
        if tag == "-text":
            yield "raw" if raw else "text", node, look
            continue
        if tag in HIDDEN or not node.is_element_node:
            continue
        style = node.attributes.get("style") or ""
        if style and _hides(style):
            continue
        look = _styled(style, look | TAGS.get(tag, Look.PLAIN)) if style or tag in TAGS else look
        ends = _boundary(tag)
        if ends:
            yield ends, node, look
            stack.append((ends, node, look, raw))
        children = list(node.iter(include_text=True))
        stack += [("", child, look, raw or tag == "pre") for child in reversed(children)]


def _boundary(tag: str) -> str:
    if tag == "tr":
        return "row"
    if tag in CELLS:
        return "cell"
    return "block" if tag in BLOCKS or tag == "br" else ""


@lru_cache(maxsize=4096)
def _hides(style: str) -> bool:
    return _INVISIBLE.search(style) is not None


@lru_cache(maxsize=4096)
def _styled(style: str, look: Look) -> Look:
    """`look` after a style attribute, which may add to it or take away."""
    if found := _WEIGHT.search(style):
        said = (found[1] or found[2]).lower()
        heavy = said in {"bold", "bolder"} or (said.isdigit() and int(said) >= HEAVY)
        look = look | Look.BOLD if heavy else look & ~Look.BOLD
    if found := _SLANT.search(style):
        said = (found[1] or found[2]).lower()
        look = look & ~Look.ITALIC if said == "normal" else look | Look.ITALIC
    if found := _LINE.search(style):
        none = found[1].lower() == "none"
        look = look & ~Look.UNDERLINE if none else look | Look.UNDERLINE
    return look


class _Sheet:
    """Text as it is laid out: spaces collapse, a block ends its line, a cell of a table does not.

    What stands between two pieces is written when the second comes: nothing, a space, or a line's end.
    """

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.runs: list[Run] = []
        self.length = 0
        self.between = ""
        self.row = False  # this row of a table has text
        self.cell = False  # inside a row, before its next cell has text

    def write(self, text: str, look: Look) -> None:
        words = _SPACES.sub(" ", text)
        body = words.strip(" ")
        if words.startswith(" "):
            self.between = self.between or " "
        if body:
            if self.length:
                self._put(self.between, look if self.between == " " else Look.PLAIN)
            self._put(body, look)
            self.row, self.cell = True, False
            self.between = " " if words.endswith(" ") else ""

    def keep(self, text: str, look: Look) -> None:
        """Text of a `pre`: its line breaks are the page's."""
        self._put(text.replace("\r\n", "\n"), look)
        self.between = ""

    def end_line(self) -> None:
        if not self.cell:
            self.between = "\n"

    def end_cell(self) -> None:
        if self.row:
            self.between, self.cell = " ", True

    def end_row(self) -> None:
        self.between, self.row, self.cell = "\n", False, False

    def page(self) -> Page:
        return Page("".join(self.parts), tuple(self.runs))

    def _put(self, text: str, look: Look) -> None:
        start, self.length = self.length, self.length + len(text)
        self.parts.append(text)
        if not look or not text:
            return
        if self.runs and self.runs[-1].look == look and self.runs[-1].end == start:
            self.runs[-1] = Run(self.runs[-1].start, self.length, look)
        else:
            self.runs.append(Run(start, self.length, look))
