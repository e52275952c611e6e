"""Fetching a checkpoint: several addresses, resuming, checked before it is put into place.

The bytes go to ``<file>.part`` in the folder where the checkpoint is to lie, and stay there when
the network fails, so that the next attempt asks for the rest only (HTTP Range, RFC 9110 section
14, with If-Range where the server gave a strong ETag). Only when size and sha256 are right is the
part renamed; when they are wrong it is deleted. A lock keeps two processes from the same part.

``requests`` is used because, unlike urllib3 alone, it takes proxies and certificates from the
environment.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DownloadFailed, OutputError, WeightsCorrupt, WeightsMissing
from .catalogue import Entry, entry_named
from .files import move_into_place, sha256_of
from .locate import by_hand, find, is_offline, public, sources, writable_folder

if TYPE_CHECKING:
    import requests
    from urllib3.util import Retry

#: called with the bytes that are there and the bytes in all
Progress = Callable[[int, int], None]

TIMEOUTS = (10.0, 30.0)  # seconds: to connect, and between two pieces of an answer
ATTEMPTS = 5  # in a row, per address, without getting at least PROGRESS bytes further
PROGRESS = 1024 * 1024
BACKOFF = 0.5  # seconds, doubled after each failure
LOCK_SECONDS = 3600.0
CHUNK = 64 * 1024
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})  # may go better in a moment


class _SourceError(Exception):
    """This address will not deliver; the text says why."""


class _InterruptedError(Exception):
    """This attempt failed; another one may go on from there."""


def pull(name: str, progress: Progress | None = None) -> Path:
    """Make sure that the checkpoint ``name`` is on this machine, and return its file.

    Nothing is fetched if a right one is there already. Safe to call from several processes.

    Raises:
        UnknownModel: if the catalogue has no such name.
        WeightsMissing: if downloads are switched off, or there is no address to get it from.
        DownloadFailed: if no address delivered it; the message lists each and why.
        OutputError: if the folder cannot be written to, or the disk is too full.
    """
    entry = entry_named(name)
    problem: WeightsMissing | WeightsCorrupt
    try:
        return find(entry)
    except (WeightsMissing, WeightsCorrupt) as error:
        problem = error
    if is_offline() or not sources(entry):
        raise WeightsMissing(str(problem)) from problem
    target = writable_folder() / entry.filename
    import filelock

    try:
        with filelock.FileLock(target.with_name(f".{target.name}.lock"), timeout=LOCK_SECONDS):
            with contextlib.suppress(WeightsMissing, WeightsCorrupt):
                return find(entry)  # another process may have been first
            _from_any(entry, target, progress)
    except filelock.Timeout as error:
        raise DownloadFailed(f"Another process is still fetching {entry.filename}.") from error
    except OSError as error:
        raise OutputError(f"{target} could not be written: {error.strerror or error}.") from error
    return target


def _from_any(entry: Entry, target: Path, progress: Progress | None) -> None:
    import requests

    part = _Part(target.with_name(target.name + ".part"))
    free = shutil.disk_usage(target.parent).free + part.size()
    if free < entry.bytes:
        raise OutputError(
            f"{target.parent} has {free:,} bytes free; {entry.filename} needs {entry.bytes:,}."
        )
    failures: list[str] = []
    with requests.Session() as session:
        for url in sources(entry):
            try:
                _Fetch(session, url, entry, part, progress or (lambda done, total: None)).run()
            except _SourceError as error:
                failures.append(f"  {public(url)}: {error}")
                continue
            move_into_place(part.file, target)
            part.discard()
            return
    tried = "\n".join(failures)
    raise DownloadFailed(
        f"{entry.filename} could not be downloaded.\n{tried}\n{by_hand(entry)}\n"
        "A file that you have elsewhere is taken in with `colorizer weights import FILE`."
    )


@dataclass(frozen=True)
class _Part:
    """The unfinished file, and beside it a note of the address and ETag that it came from."""

    file: Path

    @property
    def note(self) -> Path:
        return self.file.with_name(self.file.name + ".json")

    def size(self) -> int:
        try:
            return self.file.stat().st_size
        except FileNotFoundError:
            return 0

    def etag(self, url: str) -> str | None:
        """The strong ETag of what is there, if it came from this address."""
        try:
            kept = json.loads(self.note.read_bytes())
            return str(kept["etag"]) if kept["url"] == public(url) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep_etag(self, url: str, etag: str | None) -> None:
        self.note.unlink(missing_ok=True)
        if etag and etag.startswith('"'):  # a weak one (W/"…") must not be used with ranges
            self.note.write_text(json.dumps({"url": public(url), "etag": etag}))

    def discard(self) -> None:
        self.file.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


@dataclass
class _Fetch:
    """One address: attempts until the part is complete and right, or the address is given up."""

    session: requests.Session
    url: str
    entry: Entry
    part: _Part
    progress: Progress

    def run(self) -> None:
        inherited = self.part.size() > 0
        while True:
            self._complete()
            if sha256_of(self.part.file, fresh=True) == self.entry.sha256:
                return
            self.part.discard()
            if not inherited:
                raise _SourceError("what it sends is another file (the checksum is wrong)")
            inherited = False  # perhaps only the earlier part was bad: once more, from the start

    def _complete(self) -> None:
        """Attempt until the part has all its bytes, waiting longer after each failure in a row."""
        from urllib3.exceptions import MaxRetryError
        from urllib3.util import Retry

        fresh = retries = Retry(total=ATTEMPTS - 1, backoff_factor=BACKOFF, backoff_max=30)
        furthest = self.part.size()
        while True:
            try:
                self._attempt()
                return
            except _InterruptedError as error:
                if self.part.size() >= furthest + PROGRESS:
                    retries, furthest = fresh, self.part.size()
                retries = self._count(retries, error, MaxRetryError)
                retries.sleep()

    def _count(self, retries: Retry, error: Exception, exhausted: type[Exception]) -> Retry:
        try:
            return retries.increment(method="GET", url=self.url, error=error)
        except exhausted:
            raise _SourceError(str(error)) from error

    def _attempt(self) -> None:
        """One request for what is missing."""
        import requests

        if self.part.size() > self.entry.bytes:
            self.part.discard()
        have = self.part.size()
        if have == self.entry.bytes:
            return
        headers = {"Accept-Encoding": "identity", "User-Agent": "colorizer"}
        if have:
            headers["Range"] = f"bytes={have}-"
            etag = self.part.etag(self.url)
            if etag is not None:
                headers["If-Range"] = etag
        try:
            with self.session.get(
                self.url, headers=headers, stream=True, timeout=TIMEOUTS
            ) as response:
                self._receive(response, have)
        except (requests.exceptions.SSLError, requests.exceptions.InvalidProxyURL) as error:
            raise _SourceError(_reason(error)) from error
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ) as error:
            raise _InterruptedError(_reason(error)) from error
        except (requests.RequestException, UnicodeError) as error:
            raise _SourceError(_reason(error)) from error

    def _receive(self, response: requests.Response, have: int) -> None:
        start = self._where(response, have)
        if start == 0:
            self.part.keep_etag(self.url, response.headers.get("ETag"))
        total = self.entry.bytes
        done = start
        with self.part.file.open("r+b" if start else "wb") as stream:
            stream.seek(start)
            self.progress(done, total)
            try:
                for chunk in response.iter_content(CHUNK):
                    if done + len(chunk) > total:
                        self.part.discard()
                        raise _SourceError(f"it sends more than the {total:,} bytes of the file")
                    stream.write(chunk)
                    done += len(chunk)
                    self.progress(done, total)
            finally:
                stream.flush()
                os.fsync(stream.fileno())
        if done < total:
            raise _InterruptedError(f"the connection ended after {done:,} of {total:,} bytes")

    def _where(self, response: requests.Response, have: int) -> int:
        """At which byte the answer begins, once it is clear that it is a piece of our file."""
        status, total = response.status_code, self.entry.bytes
        if status == 416 and have:
            self.part.discard()
            raise _InterruptedError("it has no more to send than is here already")
        if status not in (200, 206):
            answer = f"it answered {status} {response.reason or ''}".rstrip()
            raise _InterruptedError(answer) if status in BUSY else _SourceError(answer)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise _SourceError("it sends the file in another encoding")
        if status == 200:  # also when it does not know ranges, or the file there has changed
            length = response.headers.get("Content-Length", "")
            if length.isdecimal() and int(length) != total:
                raise _SourceError(f"its file has {int(length):,} bytes, not {total:,}")
            return 0
        span = re.fullmatch(
            r"bytes (\d+)-(\d+)/(\d+|\*)", response.headers.get("Content-Range", "")
        )
        if span is not None and span[3] not in ("*", str(total)):
            raise _SourceError(f"its file has {int(span[3]):,} bytes, not {total:,}")
        if span is None or int(span[1]) != have:
            self.part.discard()
            raise _InterruptedError("it sent another piece than the one asked for")
        return have


def _reason(error: Exception) -> str:
    """A short phrase; the exceptions' own texts are long and may contain passwords."""
    import requests

    phrases: tuple[tuple[type[Exception], str], ...] = (
        (requests.exceptions.SSLError, "the encrypted connection could not be made"),
        (requests.exceptions.ProxyError, "the proxy refused or could not be reached"),
        (requests.ConnectTimeout, f"no connection within {TIMEOUTS[0]:g} seconds"),
        (requests.ReadTimeout, f"no answer within {TIMEOUTS[1]:g} seconds"),
        (requests.exceptions.ChunkedEncodingError, "the connection broke off"),
        (requests.ConnectionError, "no connection, or it broke off"),
        (requests.TooManyRedirects, "it redirects in circles"),
    )
    for kind, phrase in phrases:
        if isinstance(error, kind):
            return phrase
    return "the address cannot be used"
