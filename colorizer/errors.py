"""Typed errors. Each carries one sentence that a photographer understands.

The doors translate them: the command line to an exit code, the web application to an HTTP status.
"""

from __future__ import annotations


class ColorizerError(Exception):
    """Base of every error this library raises on purpose."""


class ImageError(ColorizerError):
    """Something is wrong with a picture file."""


class CorruptImage(ImageError):
    """The file is damaged, truncated, or lies about itself."""


class UnsupportedImage(ImageError):
    """The file is not a picture, or of a kind that this library does not read or write."""


class ImageTooLarge(ImageError):
    """The picture has more pixels than the limit allows."""


class UnsuitableInput(ImageError, TypeError):
    """What was given as a picture is none: an object of another type, an odd shape or range."""


class FilmError(ColorizerError):
    """Something is wrong with a film."""


class CorruptFilm(FilmError):
    """The film is damaged so that no frame of it can be read."""


class UnsupportedFilm(FilmError):
    """The file is not a film, has no moving pictures, or cannot hold what is asked for."""


class FilmTooLarge(FilmError):
    """The frames of the film have more pixels than the limit allows."""


class InvalidSetting(ColorizerError, ValueError):
    """A parameter is unknown or outside its range."""


class InvalidGuidance(InvalidSetting):
    """A hint, a reference or words are not right."""


class WordsUnavailable(InvalidGuidance):
    """Words were given, but this model, or this stored prediction, cannot place them."""


class WordsOfAnother(WordsUnavailable):
    """The model of words that there is was trained for another refiner than this model's."""


class PredictionMismatch(ColorizerError, ValueError):
    """A prediction was made from a photograph of another shape than the one to be coloured."""


class CorruptPrediction(ColorizerError):
    """A stored prediction is damaged, truncated, or none at all."""


class WeightsError(ColorizerError):
    """Something is wrong with a checkpoint."""


class WeightsMissing(WeightsError):
    """The checkpoint is not on this machine (and may not, or could not, be downloaded)."""


class WeightsCorrupt(WeightsError):
    """The checkpoint's bytes are not those that its catalogue entry promises, or cannot be read."""


class DownloadFailed(WeightsError):
    """No source address delivered the checkpoint."""


class UnknownModel(WeightsError, KeyError):
    """No model of that name in the catalogue or the network registry."""

    def __str__(self) -> str:  # KeyError would print the repr of the sentence
        return str(self.args[0]) if self.args else ""


class DeviceUnavailable(ColorizerError):
    """The asked-for device (for example CUDA) is not on this machine."""


class PackageMissing(ColorizerError):
    """An optional package that a request needs is not installed."""


class TrainingDataError(ColorizerError):
    """No usable photographs were found to train, calibrate or evaluate on."""


class TrainingDiverged(ColorizerError):
    """Training has run into infinite or undefined numbers; what was saved before is whole."""


class OutputError(ColorizerError):
    """A result could not be written (no permission, disk full, name taken)."""


class StorageError(ColorizerError):
    """A place elsewhere (S3, …) could not be listed, read or written."""


class ClusterUnavailable(ColorizerError):
    """The Ray cluster does not answer, or broke down."""


def sentence(error: Exception) -> str:
    """What an error says; of one that says nothing, its name."""
    return str(error) or type(error).__name__
