"""What this server offers: models, parameters, limits."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.context import config, service
from colorizer.guidance import Words
from colorizer.photo import WRITABLE_FORMATS
from colorizer.settings import DEFAULT_MODEL, PARAMETERS, PRESETS

from .documents import NO_SESSION, new_blueprint
from .schemas import (
    Limits,
    Models,
    ParameterOut,
    Parameters,
    Phrase,
    PresetOut,
    Sentence,
    Understood,
)

blueprint = new_blueprint("catalogue", "What this server offers.")


@blueprint.get("/models", responses={"200": Models}, security=NO_SESSION)
def models() -> dict[str, Any]:
    """The models that are installed here."""
    return Models(default=DEFAULT_MODEL, models=service.models()).model_dump()


@blueprint.get("/parameters", responses={"200": Parameters}, security=NO_SESSION)
def parameters() -> dict[str, Any]:
    """Every parameter with its range and default, the presets, the formats and the limits."""
    return Parameters(
        parameters=[ParameterOut(**asdict(item)) for item in PARAMETERS.values()],
        presets=[
            PresetOut(name=p.name, label=p.label, help=p.help, changes=dict(p.changes))
            for p in PRESETS.values()
        ],
        formats=list(WRITABLE_FORMATS),
        limits=Limits(**config.model_dump(include=set(Limits.model_fields))),
    ).model_dump()


@blueprint.get("/words", responses={"200": Understood}, security=NO_SESSION)
def words(query: Sentence) -> dict[str, Any]:
    """What is understood of words, without a photograph."""
    said = service.photos.understood(Words(query.words))
    phrases = [Phrase(**asdict(phrase)) for phrase in said.phrases]
    return Understood(understood=phrases, unknown=list(said.unknown)).model_dump()
