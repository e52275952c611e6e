"""Every setting of the server, defined once; the README's table is made from this class."""

from __future__ import annotations

import json
import os
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from platformdirs import user_data_path
from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from colorizer.engines.base import EngineName
from colorizer.errors import InvalidSetting
from colorizer.weights.locate import FOLDER_VARIABLE, MIRROR_VARIABLE, OFFLINE_VARIABLE

_PREFIX = "COLORIZER_"
#: of the library, of compose.yaml, and of the tests
_OTHER_VARIABLES = {
    *(FOLDER_VARIABLE, MIRROR_VARIABLE, OFFLINE_VARIABLE),
    *("COLORIZER_BIND", "COLORIZER_GPU_IMAGE", "COLORIZER_IMAGE", "COLORIZER_WORKERS"),
    "COLORIZER_SHARED",
}


class Config(BaseSettings):
    """Settings of the server, from environment variables that start with ``COLORIZER_``."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_ignore_empty=True, frozen=True, extra="forbid"
    )

    data_dir: Path = Field(
        default_factory=lambda: user_data_path("colorizer") / "server",
        description="Folder for uploads, predictions, results, the queue and the secret key.",
    )
    host: str = Field(
        "127.0.0.1", min_length=1, description="Address to listen at; 0.0.0.0 is every one."
    )
    port: int = Field(8000, ge=0, le=65535, description="Port to listen at; 0 takes a free one.")
    threads: int = Field(32, ge=1, le=256, description="Requests answered at the same time.")
    client_timeout_seconds: float = Field(
        30,
        gt=0,
        le=86_400,
        description="Seconds that a client may take for the head of a request, or send or take no "
        "byte of the rest, until it is answered with 408 or its connection is closed.",
    )
    secret_key: SecretStr | None = Field(
        None,
        min_length=16,
        description="Signs sessions. Without it one is made at the first start and kept in the "
        "data folder.",
    )
    queue_url: str = Field(
        "",
        pattern=r"^$|^rediss?://|^unix://",
        description="Address of a Redis server (redis://…) for the queue; empty is a SQLite file "
        "in the data folder.",
    )
    storage_url: str = Field(
        "",
        pattern=r"^$|^file:///|^s3://[^/]",
        description="Where photographs lie: s3://bucket/prefix (needs a Redis queue; the data "
        "folder is then a cache), file:///folder (another data folder); empty is the data folder.",
    )
    storage_cache_gb: float = Field(
        5,
        gt=0,
        le=1e9,
        description="Most copies of photographs from an object store that are kept, GB.",
    )
    embedded_worker: bool = Field(
        True,
        description="Whether the server works the queue off itself; if not, start "
        "`colorizer worker` beside it.",
    )
    worker_photos: int = Field(
        1000,
        ge=0,
        description="Photographs after which `colorizer worker` renews its process; 0 is never.",
    )
    worker_memory_mb: int = Field(
        0,
        ge=0,
        description="Resident memory, MB, above which `colorizer worker` renews its process; 0 is "
        "no limit.",
    )
    worker_metrics_port: int = Field(
        0,
        ge=0,
        le=65535,
        description="Port at which `colorizer worker` answers /metrics, at `COLORIZER_HOST`; 0 is "
        "none.",
    )
    queue_limit: int = Field(
        500, ge=1, description="Photographs that may wait; more are answered with 503."
    )
    time_to_live_hours: float = Field(
        24,
        gt=0,
        le=1_000_000,
        description="Hours after which photographs and all made of them are deleted.",
    )
    max_upload_mb: int = Field(50, ge=1, description="Largest file, MB.")
    max_megapixels: int = Field(100, ge=1, description="Largest picture, millions of pixels.")
    max_film_seconds: float = Field(
        600, ge=0, le=1_000_000, description="Longest film, seconds; 0 takes no films."
    )
    max_film_mb: int = Field(1000, ge=0, description="Largest film, MB; 0 takes no films.")
    max_batch: int = Field(500, ge=1, description="Most photographs in a batch.")
    max_request_mb: int = Field(
        500, ge=1, description="Largest request, MB: a form with many files."
    )
    api_tokens: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (),
        description="Bearer tokens of the API, separated by commas or as JSON; with any set the "
        "API needs one, or the session of somebody who uses the pages.",
    )
    rate_limit: str = Field(
        "600/minute", description="Requests that one client may make of each kind (a route)."
    )
    upload_rate_limit: str = Field(
        "240/minute", description="The same of uploads and other changes."
    )
    trusted_proxies: int = Field(
        0, ge=0, description="Reverse proxies in front whose X-Forwarded headers are believed."
    )
    device: str = Field("auto", description="Where networks run: auto, cpu, cuda, cuda:1, …")
    engine: EngineName = Field(
        "auto",
        description="What runs networks: auto (openvino on a CPU, where it can), torch, openvino.",
    )
    preview_size: int = Field(
        1024, ge=64, le=4096, description="Long side of the preview on the page, px."
    )
    min_free_disk_mb: int = Field(
        200, ge=0, description="Uploads are refused when less than this is free, MB."
    )
    max_data_gb: float = Field(
        0,
        ge=0,
        le=1e9,
        description="Largest data folder, GB; beyond it uploads are refused. 0 is no limit.",
    )
    megapixels_at_once: int = Field(
        150,
        ge=1,
        description="Millions of pixels that are worked on in full size at the same time; more "
        "wait. A larger picture is worked on alone.",
    )
    password: SecretStr | None = Field(
        None,
        description="Password of the pages (HTTP Basic, any user name); empty is none. The API "
        "takes it too, or a token.",
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="Form of the log: json, console, or auto: console on a terminal."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much is logged: debug, info, warning, error."
    )

    @field_validator("data_dir")
    @classmethod
    def _home_is_known(cls, value: Path) -> Path:
        try:
            return value.expanduser()
        except RuntimeError as error:
            raise ValueError(f"{value} is nobody's home") from error

    @field_validator("queue_url")
    @classmethod
    def _redis_is_named(cls, value: str) -> str:
        if value:
            from redis.connection import ConnectionPool, parse_url

            try:
                parts = parse_url(value)  # type: ignore[no-untyped-call]
                ConnectionPool.from_url(value).make_connection()  # it connects later
                port = int(parts.get("port", 1))
            except (ValueError, TypeError, AttributeError) as error:
                raise ValueError(f"this is not the address of a Redis server: {error}") from None
            if not 0 < port < 65536:
                raise ValueError("ports are 1 to 65535")
            if value.startswith("unix://") and not parts.get("path"):
                raise ValueError("unix:// is followed by the path of a socket")
            database = urlsplit(value).path.strip("/")
            if not value.startswith("unix://") and database and not database.isdecimal():
                raise ValueError(f"the number of a database of Redis, not {database!r}, comes last")
        return value

    @field_validator("rate_limit", "upload_rate_limit")
    @classmethod
    def _can_be_counted(cls, value: str) -> str:
        from limits import parse_many

        try:
            if all(item.amount > 0 for item in parse_many(value)):
                return value
        except ValueError:
            pass
        raise ValueError(f"{value!r} is not a rate such as 600/minute or 10/second; 5000/hour")

    @field_validator("api_tokens")
    @classmethod
    def _tokens_are_not_empty(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if not all(token.get_secret_value().strip() for token in value):
            raise ValueError("a token is empty")
        return value

    @field_validator("api_tokens", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        """``a, b`` and ``["a", "b"]`` are the same."""
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith(("[", "{")):
            return json.loads(value)
        return [part.strip() for part in value.split(",") if part.strip()]

    @model_validator(mode="before")
    @classmethod
    def _file_is_a_data_folder(cls, values: Any) -> Any:
        """``file:///folder`` is another way to name the data folder, and counts more."""
        url = values.get("storage_url") if isinstance(values, dict) else None
        if isinstance(url, str) and url.startswith("file:///"):
            path = unquote(url.removeprefix("file://"))
            return {**values, "data_dir": path, "storage_url": ""}
        return values

    @field_validator("storage_url")
    @classmethod
    def _object_stores_have_no_locks(cls, value: str, info: ValidationInfo) -> str:
        if value and not info.data.get("queue_url"):
            raise ValueError(
                "photographs in an object store need a queue in Redis; set COLORIZER_QUEUE_URL too"
            )
        return value

    @field_validator("password", "secret_key", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        """A variable that a compose file leaves empty is not set."""
        return None if value == "" else value

    @classmethod
    def load(cls, **overrides: Any) -> Config:
        """From the environment; what is given here and is not None counts more.

        Raises:
            InvalidSetting: if a value is not of its type or out of range, or a name is not known.
        """
        _refuse_unknown_variables(cls)
        try:
            return cls(**{name: value for name, value in overrides.items() if value is not None})
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            name = "_".join(str(part) for part in first["loc"][:1]).upper()
            message = str(first["msg"]).removeprefix("Value error, ")
            raise InvalidSetting(f"COLORIZER_{name}: {message}.") from error

    @property
    def max_upload_bytes(self) -> int:
        """Largest file, bytes."""
        return self.max_upload_mb * 1_000_000

    @property
    def max_film_bytes(self) -> int:
        """Largest film, bytes; 0 if none is taken."""
        if self.storage_url or not self.max_film_seconds:
            return 0
        return self.max_film_mb * 1_000_000

    @property
    def max_pixels(self) -> int:
        """Largest picture, px."""
        return self.max_megapixels * 1_000_000


def _refuse_unknown_variables(settings: type[Config]) -> None:
    """A setting that is misspelt would silently not count.

    Raises:
        InvalidSetting: for the first variable that starts as ours do and is nobody's.
    """
    known = {f"{_PREFIX}{name.upper()}" for name in settings.model_fields} | _OTHER_VARIABLES
    for name in sorted(os.environ):
        if name.upper().startswith(_PREFIX) and name.upper() not in known:
            near = get_close_matches(name.upper(), sorted(known), n=1, cutoff=0)
            raise InvalidSetting(f"{name} is not a setting; the nearest that is one is {near[0]}.")
