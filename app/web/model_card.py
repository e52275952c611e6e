"""The model card that ships with the weights, as HTML for the page "About"."""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from colorizer import weights


@cache
def model_card() -> Markup:
    """The shipped model card as HTML, from level 2 on; raw HTML in it is escaped."""
    text = (weights.shipped_folder() / "MODEL_CARD.md").read_text("utf-8")
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    for token in tokens:
        if token.children:
            token.children = _without_file_links(token.children)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(int(token.tag[1:]) + 1, 6)}"
        if token.attrs.pop("style", None) == "text-align:right":  # no styles in attributes here
            token.attrs["class"] = "align-right"
    html = markdown.renderer.render(tokens, markdown.options, {})
    frame = '<div class="scroll" tabindex="0" role="group" aria-label="Table, may scroll"><table>'
    html = html.replace("<table>", frame).replace("</table>", "</table></div>")
    # Our own model card, rendered with raw HTML escaped.
    return Markup(html.replace("<th></th>", "<td></td>"))  # nosec B704


def _without_file_links(tokens: list[Token]) -> list[Token]:
    """The words of links to files of the repository, which are not served, stay."""
    kept: list[Token] = []
    is_file = False
    for token in tokens:
        if token.type == "link_open":
            is_file = ":" not in str(token.attrs.get("href", ""))
        if not (is_file and token.type in {"link_open", "link_close"}):
            kept.append(token)
    return kept
