"""What companies have (Markdown, HTML, CSV, PDF) -> articles. Pure: bytes in, articles or a reason out.

Only what a reader of the page would see is taken: scripts, navigation, comments, hidden elements
and invisible characters never reach the index, for they are where instructions to a model hide.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from arriero.apps.support import documents_pdf
from arriero.apps.support.articles import Article, names
from arriero.core.errors import InputError

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MOST_BYTES = 5_000_000  # a book of a thousand pages; more is an export gone wrong
MOST_ROWS = 20_000
MOST_TITLE = 200

PDF = ".pdf"
NOT_YET = {
    ".docx": "Word files are not supported: save it as HTML or Markdown",
    ".doc": "Word files are not supported: save it as HTML or Markdown",
    ".xlsx": "Excel files are not supported: save the sheet as CSV (UTF-8)",
}
_KEYS = ("id", "title", "valid_from", "valid_until", "intents", "owner", "reviewed", "review_by")
# What a browser shows nobody, and what is around the article on every page.
_DROPPED = (
    "script, style, noscript, template, svg, iframe, object, head, nav, aside, form, button, select, "
    "[hidden], [aria-hidden=true], [role=navigation], [role=banner], [role=contentinfo], "
    "body > header, body > footer"
)
_INVISIBLE_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?:\.0+)?\s*(?:;|$|!)"
    r"|font-size\s*:\s*0(?:\.0+)?(?:px|em|rem|pt|%)?\s*(?:;|$|!)"
    r"|(?:left|top|text-indent)\s*:\s*-\d{3,}",
    re.IGNORECASE,
)
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_BLOCKS = frozenset(
    "address article blockquote dd details div dl dt fieldset figcaption figure footer header hr "
    "main ol p pre section summary ul".split()
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
# What opens ends before another one opens: a file of brackets is read once, not once a bracket.
_TAG = re.compile(r"<[a-zA-Z/!][^<>]*>")
_ITEM = re.compile(r"^\s*(?:[-*+]|\d{1,3}[.)])\s+(?=\S)")
_RULER = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$")
_EMPHASIS = re.compile(r"(\*\*|__)(?=\S)(.+?)(?<=\S)\1")
_IMAGE = re.compile(r"!\[([^\[\]]*)\]\([^)]*\)")
_LINK = re.compile(r"\[([^\[\]]+)\]\((?:<([^>]*)>|([^)\s]*))[^)]*\)")
# An address in angle brackets is a link of Markdown, not a tag of HTML: a reader sees it.
_AUTOLINK = re.compile(
    r"<(?:mailto:)?((?:https?|ftp)://[^\s<>]+|[^\s<>@:/]+@[^\s<>@]+\.[^\s<>@]+)>", re.IGNORECASE
)
_NOT_ID = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Parsed:
    """The articles of a file, and why parts of it (rows of a CSV) were left out."""

    articles: tuple[Article, ...]
    refused: tuple[str, ...] = ()


class _Fields(BaseModel):
    """What a header, a page's meta elements or a row's columns may say of an article."""

    model_config = ConfigDict(extra="ignore")

    id: str = ""
    title: str = ""
    valid_from: Annotated[date | None, BeforeValidator(lambda text: text or None)] = None
    valid_until: Annotated[date | None, BeforeValidator(lambda text: text or None)] = None
    reviewed: Annotated[date | None, BeforeValidator(lambda text: text or None)] = None
    review_by: Annotated[date | None, BeforeValidator(lambda text: text or None)] = None
    owner: str = ""
    intents: Annotated[tuple[str, ...], BeforeValidator(names)] = ()


def parse(path: str, data: bytes) -> Parsed:
    """The articles of a file; `path` is relative to its folder, with `/`.

    Raises `InputError` with a reason and a remedy for what cannot be read.
    """
    kind = PurePosixPath(path).suffix.lower()
    if kind not in (*_PARSERS, PDF):
        raise InputError(
            NOT_YET.get(kind, f"{kind or 'a name without an ending'} is not read; use .md, .html, .csv, .pdf")
        )  # fmt: skip
    if len(data) > MOST_BYTES:
        raise InputError(f"it has {len(data):,} bytes, the most is {MOST_BYTES:,}; split it")
    if not data.strip():
        raise InputError("it is empty; write the article, or remove the file")
    if kind == PDF:
        title, text = documents_pdf.read(data)
        return Parsed((_article(path, _Fields(), title or _named_after(path), _visible(text)),))
    return _PARSERS[kind](path, _text(data))


def _text(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"it is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    if "\x00" in text:
        raise InputError("it holds zero bytes, so it is no text; save it as UTF-8 text")
    return _visible(text.replace("\r\n", "\n").replace("\r", "\n"))


def _visible(text: str) -> str:
    """`text` without characters that nobody sees: zero-width, direction marks, tags."""
    if text.isascii():
        return text
    return "".join(
        one for one in text if one in "\n\t" or unicodedata.category(one) not in {"Cf", "Cc"}
    )


def _markdown(path: str, text: str) -> Parsed:
    fields, body = _front_matter(text)
    body = _prose(_without_tags(_AUTOLINK.sub(r"\1", body)))
    heading = re.search(r"^#\s+(.+?)\s*#*$", body, re.MULTILINE)
    title = fields.title or (heading[1] if heading else "") or _named_after(path)
    return Parsed((_article(path, fields, title, body),))


def _front_matter(text: str) -> tuple[_Fields, str]:
    lines = text.lstrip("\n").split("\n")
    if lines[0].rstrip() != "---":
        return _Fields(), text
    ends = [at for at, line in enumerate(lines[1:], start=1) if line.rstrip() in {"---", "..."}]
    if not ends:
        raise InputError("its header never ends; close it with a line '---'")
    found: dict[str, str] = {}
    key = ""
    for line in lines[1 : ends[0]]:
        plain = re.sub(r"(^|\s)#.*$", "", line).rstrip()
        if not plain.strip():
            continue
        item = re.match(r"\s*-\s+(.+)", plain)
        name, colon, value = plain.partition(":")
        if item and key:  # a list over several lines
            found[key] = ", ".join(filter(None, (found[key], item[1].strip())))
        elif colon and not line[0].isspace():
            key = name.strip().lower()
            found[key] = value.strip().strip("\"'")
        elif not line[0].isspace():  # what is indented belongs to a key that we do not read
            raise InputError(f"its header has {plain.strip()!r}, which is not 'key: value'")
    return _fields(found), "\n".join(lines[ends[0] + 1 :])


def _without_tags(text: str) -> str:
    """Markdown may hold HTML: its visible text stays, its tags, comments and hidden parts go."""
    if not _TAG.search(text) and "<!--" not in text:
        return text
    parser = _tree(f"<body><pre>\n{text}</pre></body>")
    _drop_hidden(parser)
    body = parser.body
    return body.text() if body else ""


def _prose(text: str) -> str:
    """Markdown as text to be quoted: list items and table rows are sentences, marks are gone."""
    paragraphs = []
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.split("\n") if line.strip()]
        if len(lines) > 1 and _RULER.match(lines[1]):
            lines = _table([_cells(lines[0]), *(_cells(line) for line in lines[2:])])
        paragraphs.append("\n".join(_items(lines)))
    text = _IMAGE.sub(r"\1", "\n\n".join(paragraphs))
    text = _LINK.sub(_linked, text)
    return _EMPHASIS.sub(r"\2", text).replace("`", "").strip()


def _linked(match: re.Match[str]) -> str:
    """A link's words, with its address where a customer could follow it."""
    address = match[2] or match[3] or ""
    shown = address.startswith(("http://", "https://", "mailto:")) and address not in match[1]
    return f"{match[1]} ({address.removeprefix('mailto:')})" if shown else match[1]


def _items(lines: Sequence[str]) -> list[str]:
    """List items without their marks, each ended like a sentence; other lines as they are."""
    found: list[str] = []
    in_list = False
    for line in lines:
        if _ITEM.match(line):
            found.append(_ITEM.sub("", line).strip())
            in_list = True
        elif in_list and line[:1].isspace():
            found[-1] += " " + line.strip()
        else:
            found.append(line.strip())
            in_list = False
            continue
    if not any(_ITEM.match(line) for line in lines):
        return found
    return [one if one.startswith("#") else _ended(one) for one in found]


def _ended(text: str) -> str:
    return text if text[-1:] in ".!?:;," else f"{text}."


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """A sentence a row, each cell with its column's name: a row can be quoted by itself."""
    if len(rows) < 2:
        return [_ended(", ".join(cell for cell in row if cell)) for row in rows if any(row)]
    head, *body = rows
    return [
        _ended(
            "; ".join(
                f"{name}: {cell}" if name else cell
                for name, cell in zip([*head, *[""] * len(row)], row, strict=False)
                if cell
            )
        )
        for row in body
        if any(row)
    ]


def _tree(text: str) -> LexborHTMLParser:
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415  # only when a page is taken in

    return LexborHTMLParser(text)


def _html(path: str, text: str) -> Parsed:
    tree = _tree(text)
    meta = {
        (node.attributes.get("name") or "").lower().replace("-", "_"): node.attributes.get(
            "content"
        )
        or ""
        for node in tree.css("meta[name]")
    }
    fields = _fields({name: value for name, value in meta.items() if name in _KEYS})
    titled = tree.css_first("head > title")
    page = titled.text(strip=True) if titled else ""
    _drop_hidden(tree)
    root = next(
        (node for at in ("main", "[role=main]", "article") if (node := tree.css_first(at))),
        tree.body,
    )
    body = _rendered(root) if root else ""
    first = root.css_first("h1") if root else None
    heading = _line(first.text()) if first else ""
    title = (
        fields.title
        or heading
        or re.split(r"\s+[|\u2013\u2014-]\s+", page)[0]
        or _named_after(path)
    )
    return Parsed((_article(path, fields, title, body),))


def _drop_hidden(tree: LexborHTMLParser) -> None:
    """Removes what a browser would not show: by element, by attribute, by style sheet."""
    hiding = [
        selector.strip()
        for sheet in tree.css("style")
        for selectors, declared in _RULE.findall(
            re.sub(r"/\*.*?\*/", "", sheet.text(), flags=re.DOTALL)
        )
        if _INVISIBLE_STYLE.search(declared)
        for selector in selectors.split(",")
    ]
    for selector in (_DROPPED, *hiding):
        try:
            nodes = tree.css(selector)
        except Exception:  # noqa: BLE001, S112  # a selector that the library does not know, such as :hover
            continue
        for node in nodes:
            if node.tag not in {"html", "body"}:
                node.decompose()
    for node in tree.css("[style]"):
        if _INVISIBLE_STYLE.search(node.attributes.get("style") or ""):
            node.decompose()


def _rendered(root: LexborNode) -> str:
    """The element as plain text with `#` headings and an empty line between paragraphs."""
    lines = "".join(_walk(root)).split("\n")
    text = "\n".join(_line(line) for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _walk(node: LexborNode) -> Iterator[str]:
    for child in node.iter(include_text=True):
        tag = child.tag or ""
        if tag == "-text":
            yield re.sub(r"\s+", " ", child.text(deep=False))
        elif tag in _HEADINGS:
            yield f"\n\n{'#' * int(tag[1])} {_line(child.text())}\n\n"
        elif tag == "br":
            yield "\n"
        elif tag == "li":
            yield f"\n{_ended(_line(''.join(_walk(child))))}\n"
        elif tag == "table":
            rows = [
                [_line(cell.text(separator=" ")) for cell in row.css("th, td")]
                for row in child.css("tr")
            ]
            yield "\n\n" + "\n".join(_table([row for row in rows if row])) + "\n\n"
        elif tag == "img":
            yield child.attributes.get("alt") or ""
        elif tag in _BLOCKS:
            yield "\n\n"
            yield from _walk(child)
            yield "\n\n"
        elif tag not in {"-comment", "_comment", "!--"}:
            yield from _walk(child)


def _line(text: str) -> str:
    return " ".join(text.split())


def _csv(path: str, text: str) -> Parsed:
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InputError(f"it is no CSV table ({error}); check its quotes") from None
    columns = [name.strip().lower() for name in rows[0]]
    title, body = _columns(columns)
    if len(rows) - 1 > MOST_ROWS:
        raise InputError(f"it has {len(rows) - 1:,} rows, the most is {MOST_ROWS:,}; split it")
    articles: dict[str, Article] = {}
    refused = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > len(columns):
            refused.append(f"row {number} has more cells than there are columns; quote its text")
            continue
        cells = dict(zip(columns, (cell.strip() for cell in row), strict=False))
        try:
            article = _row(path, cells, cells.get(title, ""), cells.get(body, ""))
        except InputError as error:
            refused.append(f"row {number} {error.message}")
            continue
        if article.id in articles:
            refused.append(f"row {number} has the id {article.id!r} of an earlier row")
        else:
            articles[article.id] = article
    if not articles and not refused:
        raise InputError("it has column names but no rows; write the answers below them")
    return Parsed(tuple(articles.values()), tuple(refused))


def _columns(columns: Sequence[str]) -> tuple[str, str]:
    for title, body in (("question", "answer"), ("title", "text")):
        if title in columns and body in columns:
            return title, body
    raise InputError(
        f"its columns are {', '.join(columns)[:100]!r}; it needs question,answer or title,text"
    )


def _row(path: str, cells: Mapping[str, str], title: str, body: str) -> Article:
    if not title or not body:
        raise InputError("has no question or no answer")
    fields = _fields({name: cells[name] for name in _KEYS if name in cells and name != "title"})
    if not fields.id:  # by its question, so that a row above it changes nothing
        digest = hashlib.sha256(title.casefold().encode()).hexdigest()[:8]
        fields = fields.model_copy(update={"id": f"{_slug(path)}-{digest}"})
    return _article(path, fields, title, _prose(_without_tags(_AUTOLINK.sub(r"\1", body))))


def _fields(found: Mapping[str, str]) -> _Fields:
    for name in found:
        close = get_close_matches(name, _KEYS, n=1, cutoff=0.85)
        if name not in _KEYS and close:
            raise InputError(f"its header says {name!r}; did you mean {close[0]!r}?")
    try:
        return _Fields.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise InputError(
            f"its {name} is {found.get(name, '')!r}; write a day as 2026-01-31"
        ) from None


def _article(path: str, fields: _Fields, title: str, body: str) -> Article:
    title, body = (
        _visible(title),
        _visible(body),
    )  # once more: "&#8203;" was none before it was read
    if not re.sub(r"^#{1,6}\s.*$", "", body, flags=re.MULTILINE).strip():
        raise InputError("it has no text that a reader would see; write the article")
    if fields.valid_from and fields.valid_until and fields.valid_until < fields.valid_from:
        raise InputError("its valid_until lies before its valid_from; swap or correct them")
    return Article(
        id=_slug(fields.id) if fields.id else _slug(path),
        title=_line(title)[:MOST_TITLE],
        text=body,
        valid_from=fields.valid_from,
        valid_until=fields.valid_until,
        owner=fields.owner,
        intents=fields.intents,
        reviewed=fields.reviewed,
        review_by=fields.review_by,
    )


def _slug(name: str) -> str:
    """`guides/Tent care.md` -> `guides-tent-care`; a name without Latin letters gets its hash."""
    stem = name.rsplit(".", 1)[0] if name.lower().endswith((*_PARSERS, PDF)) else name
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    slug = _NOT_ID.sub("-", plain).strip("-")
    return slug or hashlib.sha256(stem.encode()).hexdigest()[:12]


def _named_after(path: str) -> str:
    return PurePosixPath(path).stem.replace("-", " ").replace("_", " ").strip().capitalize()


_PARSERS: Mapping[str, Callable[[str, str], Parsed]] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".html": _html,
    ".htm": _html,
    ".csv": _csv,
}
