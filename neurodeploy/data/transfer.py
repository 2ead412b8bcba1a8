"""One HTTP download into a file, continued from the byte where an earlier one was cut."""

from __future__ import annotations

import http.client
import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http import HTTPStatus
from itertools import chain
from pathlib import Path
from typing import final

from neurodeploy.errors import OutputError

_CHUNK = 1 << 18
_PAGE = re.compile(rb"\s*<(!doctype html|html|head|\?xml)", re.IGNORECASE)
_BROKEN = (urllib.error.URLError, http.client.HTTPException, OSError, ValueError)
_NO_FILE = "the server sent a web page, not a file"


@final
class RefusedError(Exception):
    """A server did not give the file; another one may."""


def download(
    url: str, part: Path, size: int | None, progress: Callable[[int, int | None], None], timeout_s: float
) -> None:
    """Make `part` the whole answer to `url`, starting from what it holds.

    Args:
        size: of the whole file, used when the server does not state it; None when not known.
        progress: called with the bytes that are there and the bytes there will be (None: not known).
        timeout_s: seconds without a byte after which the server is given up.
    Raises:
        RefusedError: no answer, an error, a web page, nothing, or the connection was cut (`part` keeps what came).
        OutputError: `part` cannot be written.
    """
    if not url.startswith(("http://", "https://")):
        raise RefusedError("only http and https are fetched")
    have = part.stat().st_size if part.exists() else 0
    answer = _rest(url, have, timeout_s)
    if answer is None:
        return
    with answer:
        start, stated = _place(answer, have)
        total = size if stated is None else stated
        done = _write(part, start, _chunks(answer, start), lambda done: progress(done, total))
    if total is not None and done < total:
        raise RefusedError(f"the connection was cut after {done} of {total} bytes")
    if done == 0:
        raise RefusedError("the answer is empty")


def _rest(url: str, have: int, timeout_s: float) -> http.client.HTTPResponse | None:
    """The answer to a request for what is missing; None when nothing is."""
    try:
        return _ask(url, have, timeout_s)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not have:
            raise RefusedError(f"the server answers {error.code} {error.reason}") from error
        if error.headers.get("Content-Range", "") == f"bytes */{have}":
            return None
    except _BROKEN as error:
        raise RefusedError(f"no connection: {getattr(error, 'reason', error)}") from error
    return _rest(url, 0, timeout_s)  # what is there is longer than the file: begin anew


def _ask(url: str, have: int, timeout_s: float) -> http.client.HTTPResponse:
    headers = {"User-Agent": "neurodeploy", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(url, headers=headers)
    answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=timeout_s)
    return answer


def _place(answer: http.client.HTTPResponse, have: int) -> tuple[int, int | None]:
    """First byte of the answer, and the size of the whole file where it is known."""
    length = answer.headers.get("Content-Length", "")
    if answer.status != HTTPStatus.PARTIAL_CONTENT:
        return 0, int(length) if length.isdigit() else None
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", answer.headers.get("Content-Range", ""))
    if match is None or int(match[1]) != have:
        raise RefusedError("the server sent another part than the one asked for")
    return have, None if match[2] == "*" else int(match[2])


def _chunks(answer: http.client.HTTPResponse, start: int) -> Iterator[bytes]:
    """The body. A web page in place of a file (a login, an error in kind words) is refused before it is written."""
    if answer.headers.get_content_type() == "text/html":
        raise RefusedError(_NO_FILE)
    is_first = start == 0
    while chunk := _read(answer):
        if is_first and _PAGE.match(chunk):
            raise RefusedError(_NO_FILE)
        is_first = False
        yield chunk


def _read(answer: http.client.HTTPResponse) -> bytes:
    """What has come by now, so that nothing is lost when the connection is cut later."""
    try:
        return answer.read1(_CHUNK)
    except http.client.IncompleteRead as error:
        return error.partial
    except _BROKEN as error:
        raise RefusedError(f"the connection was cut: {error}") from error


def _write(part: Path, start: int, chunks: Iterator[bytes], progress: Callable[[int], None]) -> int:
    """Put `chunks` into `part` from byte `start` on; returns the size of `part`."""
    done = start
    first = next(chunks, None)  # before the file is opened: a refused answer must not empty it
    if first is None:
        return done
    try:
        with part.open("ab" if start else "wb") as file:
            for chunk in chain((first,), chunks):
                file.write(chunk)
                done += len(chunk)
                progress(done)
    except OSError as error:
        raise OutputError(path=part, reason=error.strerror or type(error).__name__) from error
    return done
