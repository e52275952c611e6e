"""German, French and Spanish names of colours and things, and what they are in English."""

from __future__ import annotations

from functools import cache

#: German adjectives take these endings
_ENDINGS = ("", "e", "er", "es", "en", "em")
_GERMAN_COLOURS = {
    "rot": "red", "blau": "blue", "grün": "green", "gelb": "yellow", "braun": "brown",
    "schwarz": "black", "weiß": "white", "weiss": "white", "grau": "grey", "lila": "purple",
    "violett": "purple", "rosa": "pink", "orange": "orange", "türkis": "turquoise",
    "beige": "beige", "golden": "golden", "hellblau": "light blue", "dunkelblau": "dark blue",
    "hellgrün": "light green", "dunkelgrün": "dark green", "dunkelrot": "dark red",
    "hellbraun": "light brown", "dunkelbraun": "dark brown",
}  # fmt: skip
_GERMAN = {
    "mantel": "coat", "kleid": "dress", "hemd": "shirt", "bluse": "shirt", "hose": "pants",
    "rock": "skirt", "jacke": "jacket", "hut": "hat", "mütze": "cap", "schal": "scarf",
    "schuhe": "shoe", "auto": "car", "wagen": "car", "straßenbahn": "train", "zug": "train",
    "bus": "bus", "fahrrad": "bicycle", "boot": "boat", "schiff": "boat", "haus": "house",
    "dach": "roof", "wand": "wall", "tür": "door", "fenster": "window", "baum": "tree",
    "bäume": "tree", "gras": "grass", "wiese": "grass", "himmel": "sky", "wasser": "water",
    "meer": "sea", "strand": "beach", "sand": "sand", "schnee": "snow", "wald": "forest",
    "blumen": "flower", "blume": "flower", "blätter": "leaf", "hund": "dog", "katze": "cat",
    "pferd": "horse", "vogel": "bird", "ball": "ball", "fahne": "flag", "herbst": "autumn",
    "winter": "winter", "sommer": "summer", "sonnenuntergang": "sunset", "nacht": "night",
    "straße": "street", "berg": "mountain", "frau": "woman", "mann": "man", "kind": "child",
    "holz": "wood", "stuhl": "chair", "tisch": "table", "decke": "blanket", "uniform": "uniform",
}  # fmt: skip
_GERMAN_SMALL = (
    "der die das den dem des ein eine einen einem einer eines und mit im am auf vor ein von zu "
    "unter über hinter neben ist sind trägt"
)
_FRENCH_COLOURS = {
    "rouge": "red", "bleu": "blue", "vert": "green", "jaune": "yellow", "brun": "brown",
    "marron": "brown", "noir": "black", "blanc": "white", "blanche": "white", "gris": "grey",
    "violet": "purple", "rose": "pink", "orange": "orange", "doré": "golden",
}  # fmt: skip
_FRENCH = {
    "manteau": "coat", "robe": "dress", "chemise": "shirt", "pantalon": "pants", "jupe": "skirt",
    "veste": "jacket", "chapeau": "hat", "écharpe": "scarf", "voiture": "car", "tramway": "train",
    "vélo": "bicycle", "bateau": "boat", "maison": "house", "toit": "roof", "mur": "wall",
    "porte": "door", "arbre": "tree", "arbres": "tree", "herbe": "grass", "ciel": "sky",
    "eau": "water", "mer": "sea", "plage": "beach", "sable": "sand", "neige": "snow",
    "forêt": "forest", "fleur": "flower", "fleurs": "flower", "feuilles": "leaf",
    "chien": "dog", "chat": "cat", "cheval": "horse", "drapeau": "flag", "automne": "autumn",
    "hiver": "winter", "été": "summer", "nuit": "night", "femme": "woman", "homme": "man",
    "enfant": "child", "bois": "wood", "chaise": "chair", "rue": "street",
}  # fmt: skip
_FRENCH_SMALL = "le la les un une des du de et avec dans sur devant est sont au aux"
_SPANISH_COLOURS = {
    "rojo": "red", "roja": "red", "azul": "blue", "verde": "green", "amarillo": "yellow",
    "amarilla": "yellow", "marrón": "brown", "negro": "black", "negra": "black",
    "blanco": "white", "blanca": "white", "gris": "grey", "morado": "purple", "morada": "purple",
    "rosado": "pink", "rosada": "pink", "naranja": "orange", "dorado": "golden",
}  # fmt: skip
_SPANISH = {
    "abrigo": "coat", "vestido": "dress", "camisa": "shirt", "pantalones": "pants",
    "falda": "skirt", "chaqueta": "jacket", "sombrero": "hat", "bufanda": "scarf", "coche": "car",
    "carro": "car", "tranvía": "train", "bicicleta": "bicycle", "barco": "boat", "casa": "house",
    "tejado": "roof", "muro": "wall", "puerta": "door", "árbol": "tree", "árboles": "tree",
    "hierba": "grass", "césped": "grass", "cielo": "sky", "agua": "water", "playa": "beach",
    "arena": "sand", "nieve": "snow", "bosque": "forest", "flor": "flower", "flores": "flower",
    "hojas": "leaf", "perro": "dog", "gato": "cat", "caballo": "horse", "bandera": "flag",
    "otoño": "autumn", "invierno": "winter", "verano": "summer", "noche": "night",
    "mujer": "woman", "hombre": "man", "niño": "child", "madera": "wood", "silla": "chair",
    "calle": "street",
}  # fmt: skip
_SPANISH_SMALL = "el los las un una unos unas y con en sobre delante es son del"


@cache
def translations() -> dict[str, str]:
    """A word of another language, lower case -> English, "" for one that says nothing of colours.

    Words that are English as well, with another meaning or the same, are not for this table to
    decide: it is asked only for words that English does not know.
    """
    found = {
        stem + ending: colour for stem, colour in _GERMAN_COLOURS.items() for ending in _ENDINGS
    }
    for stem, colour in (*_FRENCH_COLOURS.items(), *_SPANISH_COLOURS.items()):
        found |= {stem: colour, stem + "s": colour, stem + "e": colour, stem + "es": colour}
    for words in (_GERMAN, _FRENCH, _SPANISH):
        found |= words
    for small in (_GERMAN_SMALL, _FRENCH_SMALL, _SPANISH_SMALL):
        found |= dict.fromkeys(small.split(), "")
    return found
