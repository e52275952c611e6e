"""Names of colours: those of CSS, and the 949 of the xkcd survey (2010, public domain).

A name of one word that may be a thing as well ("sand", "wine", "grass") is not taken for a colour;
with another word of colour ("sand brown", "wine red") it is.
"""

from __future__ import annotations

from functools import cache

from .lexicon import words_of

#: the colours of black, white and grey things
NEUTRAL = frozenset(("black", "white", "grey", "silver"))
#: one-word names of the survey that are hardly ever things
_PLAIN = words_of(
    "amber amethyst aubergine auburn azure beige black blue bordeaux bronze brown burgundy "
    "carmine cerise cerulean charcoal chartreuse claret cobalt copper cream crimson cyan ecru "
    "emerald fuchsia gold golden green grey hazel indigo ivory jade khaki lavender lilac lime "
    "magenta mahogany maroon mauve mint mustard navy ochre olive orange peach periwinkle pink "
    "plum puce purple red ruby russet rust saffron salmon sapphire scarlet sepia sienna "
    "silver slate tan taupe teal terracotta turquoise ultramarine umber vermillion violet "
    "viridian white yellow bluish brownish greenish greyish pinkish purplish reddish "
    "yellowish"
)
#: what things of these colours look like in photographs: screens' yellow is greenish, their blue
#: violet as soon as it is darker
_OF_THINGS = {
    "red": "#cc2229", "yellow": "#f2c61f", "blue": "#2e62a8", "dark blue": "#1d3d73",
    "navy": "#1b3055", "navy blue": "#1b3055", "royal blue": "#2b53b0", "bright blue": "#1f6fd0",
}  # fmt: skip
#: words that change a colour that follows them; names such as "dark red" are in the survey
SHADES = words_of("dark light bright pale deep dull vivid soft faded")
#: names that are not in either list
_OTHER = {
    "golden": "gold", "ochre": "ocher", "vermilion": "vermillion", "greyish": "grey",
    "red-brown": "reddish brown", "blonde": "", "navy-blue": "navy blue",
}  # fmt: skip
#: most words of a name
MOST_WORDS = 3


def spelled(name: str) -> str:
    """The name of a colour as it is looked up: lower case, "grey", no hyphens."""
    return name.lower().replace("gray", "grey").replace("-", " ").strip()


def is_colour(words: tuple[str, ...]) -> bool:
    """Whether these words, one to three and in lower case, are the name of a colour."""
    parts = " ".join(map(spelled, words)).split()
    if not parts or parts[-1] not in _PLAIN:
        return False
    if len(parts) > 1 and parts[0] in SHADES:
        return is_colour(tuple(parts[1:]))
    return len(parts) == 1 or " ".join(parts) in _names()


def hex_of(name: str) -> str:
    """ "#rrggbb" of a name for which :func:`is_colour` holds.

    Raises:
        KeyError: if it is none.
    """
    name = spelled(name)
    name = _OTHER.get(name, name)
    if (found := _names().get(name)) is not None:
        return found
    shade, _, rest = name.partition(" ")
    if shade in SHADES and rest:
        return hex_of(rest)
    raise KeyError(name)


@cache
def _names() -> dict[str, str]:
    """Of the survey first: its colours are those that people mean, CSS's are those of screens."""
    from matplotlib.colors import CSS4_COLORS, XKCD_COLORS

    names = {name: str(value).lower() for name, value in CSS4_COLORS.items()}
    names |= {spelled(k.removeprefix("xkcd:")): str(v) for k, v in XKCD_COLORS.items()}
    return names | _OF_THINGS
