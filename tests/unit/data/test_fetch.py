"""Downloads from a server on this machine: fresh, resumed, refused, verified, and nothing half-written."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.data.datasets.dataset import Dataset, Source
from neurodeploy.data.fetch import fetch, fetch_all, instructions
from neurodeploy.errors import DataError, OutputError

CONTENT = np.random.default_rng(7).bytes(700_001)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT).hexdigest()


@dataclass
class Behaviour:
    """What the server does, and what it was asked."""

    content: bytes = CONTENT
    has_ranges: bool = True
    cut_after: int | None = None
    kind: str = "application/octet-stream"
    status: int | None = None
    states_length: bool = True
    wrong_range: bool = False
    asked: list[str | None] = field(default_factory=list)


@dataclass
class Server:
    url: str
    does: Behaviour


class Handler(BaseHTTPRequestHandler):
    does: Behaviour

    def log_message(self, *_: object) -> None:
        """Keeps the test's output quiet."""

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.does.asked.append(wanted)
        if self.does.status is not None:
            self.send_error(self.does.status)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.does.has_ranges else 0
        total = len(self.does.content)
        if start and start >= total:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{total}")
            self.end_headers()
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Type", self.does.kind)
        if start:
            shown = 0 if self.does.wrong_range else start
            self.send_header("Content-Range", f"bytes {shown}-{total - 1}/{total}")
        if self.does.states_length:
            self.send_header("Content-Length", str(total - start))
        self.end_headers()
        stop = total if self.does.cut_after is None else start + self.does.cut_after
        self.wfile.write(self.does.content[start:stop])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    does = Behaviour()
    handler = type("OneHandler", (Handler,), {"does": does})
    service = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=service.serve_forever, args=(0.01,))
    thread.start()
    yield Server(f"http://127.0.0.1:{service.server_port}/data.zip", does)
    service.shutdown()
    thread.join()
    service.server_close()


def source_of(server: Server, **changes: object) -> Source:
    return replace(Source("data.zip", (server.url,), len(CONTENT), SHA256), **changes)


def failure(source: Source, folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        fetch(source, folder, timeout_s=5.0)
    assert not (folder / source.file).exists(), "a file that failed must not have its final name"
    return str(caught.value)


def test_a_fresh_download_is_whole_and_leaves_nothing_else(server: Server, tmp_path: Path):
    path = fetch(source_of(server), tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / "data.zip"
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]
    assert server.does.asked == [None]


def test_progress_counts_up_to_the_size(server: Server, tmp_path: Path):
    seen: list[tuple[str, int, int | None]] = []
    fetch(source_of(server), tmp_path, lambda name, done, total: seen.append((name, done, total)))
    assert [done for _, done, _ in seen] == sorted({done for _, done, _ in seen})
    assert seen[-1] == ("data.zip", len(CONTENT), len(CONTENT))


def test_a_file_that_is_there_is_verified_and_not_fetched_again(server: Server, tmp_path: Path):
    (tmp_path / "data.zip").write_bytes(CONTENT)
    assert fetch(source_of(server), tmp_path) == tmp_path / "data.zip"
    assert server.does.asked == []


def test_another_file_of_that_name_is_refused_and_kept(server: Server, tmp_path: Path):
    (tmp_path / "data.zip").write_bytes(b"mine")
    with pytest.raises(DataError, match=r"4 bytes, wanted 700001\. Remove"):
        fetch(source_of(server), tmp_path)
    assert (tmp_path / "data.zip").read_bytes() == b"mine"


def test_a_cut_connection_keeps_the_part_and_the_next_call_resumes(server: Server, tmp_path: Path):
    server.does.cut_after = 300_000
    assert "cut after 300000 of 700001 bytes" in failure(source_of(server), tmp_path)
    assert (tmp_path / "data.zip.part").read_bytes() == CONTENT[:300_000]
    server.does.cut_after = None
    assert fetch(source_of(server), tmp_path).read_bytes() == CONTENT
    assert server.does.asked == [None, "bytes=300000-"]
    assert not (tmp_path / "data.zip.part").exists()


def test_a_server_without_ranges_gives_the_whole_file_again(server: Server, tmp_path: Path):
    server.does.has_ranges = False
    (tmp_path / "data.zip.part").write_bytes(CONTENT[:1000])
    assert fetch(source_of(server), tmp_path).read_bytes() == CONTENT
    assert server.does.asked == ["bytes=1000-"]


def test_a_part_that_is_already_whole_is_not_fetched_again(server: Server, tmp_path: Path):
    (tmp_path / "data.zip.part").write_bytes(CONTENT)
    assert fetch(source_of(server), tmp_path).read_bytes() == CONTENT
    assert server.does.asked == [f"bytes={len(CONTENT)}-"]


def test_a_part_that_is_too_long_is_begun_anew(server: Server, tmp_path: Path):
    (tmp_path / "data.zip.part").write_bytes(CONTENT + b"more")
    assert fetch(source_of(server), tmp_path).read_bytes() == CONTENT
    assert server.does.asked == [f"bytes={len(CONTENT) + 4}-", None]


def test_a_part_of_another_file_is_found_by_the_checksum_and_dropped(server: Server, tmp_path: Path):
    (tmp_path / "data.zip.part").write_bytes(b"x" * 1000)
    assert "sha256 is" in failure(source_of(server), tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert fetch(source_of(server), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"sha256": "0" * 64}, f"sha256 is {SHA256}, wanted {'0' * 64}"),
        ({"sha256": None, "md5": "0" * 32}, f"md5 is {MD5}, wanted {'0' * 32}"),
        ({"size": 5}, "700001 bytes, wanted 5"),
    ],
)
def test_a_file_that_fails_its_check_leaves_nothing(
    server: Server, tmp_path: Path, changes: dict[str, object], reason: str
):
    assert reason in failure(source_of(server, **changes), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_known_checksums_the_stated_length_still_counts(server: Server, tmp_path: Path):
    server.does.cut_after = 10
    assert "cut after 10" in failure(source_of(server, size=None, sha256=None), tmp_path)


def test_a_right_md5_and_a_checksum_in_capitals_are_accepted(server: Server, tmp_path: Path):
    source = source_of(server, sha256=SHA256.upper(), md5=MD5)
    assert fetch(source, tmp_path).read_bytes() == CONTENT


def test_an_answer_without_length_is_verified_by_the_known_size(server: Server, tmp_path: Path):
    server.does.states_length = False
    server.does.cut_after = 10
    assert "cut after 10 of 700001 bytes" in failure(source_of(server), tmp_path)
    assert (tmp_path / "data.zip.part").stat().st_size == 10
    server.does.cut_after = None
    assert fetch(source_of(server), tmp_path).read_bytes() == CONTENT


def test_a_web_page_by_its_type_is_refused(server: Server, tmp_path: Path):
    server.does.kind = "text/html; charset=utf-8"
    assert "web page" in failure(source_of(server), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><p>log in", b"\n <html><body>", b"<?xml version='1.0'?><Error/>"])
def test_a_web_page_by_its_first_bytes_is_refused(server: Server, tmp_path: Path, page: bytes):
    server.does.content = page
    assert "web page" in failure(source_of(server, size=None, sha256=None), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_web_page_does_not_destroy_the_part(server: Server, tmp_path: Path):
    (tmp_path / "data.zip.part").write_bytes(CONTENT[:1000])
    server.does.has_ranges = False
    server.does.kind = "text/html"
    failure(source_of(server), tmp_path)
    assert (tmp_path / "data.zip.part").read_bytes() == CONTENT[:1000]


def test_an_empty_answer_is_refused(server: Server, tmp_path: Path):
    server.does.content = b""
    assert "answer is empty" in failure(source_of(server, size=None, sha256=None), tmp_path)


def test_another_part_than_asked_for_is_refused(server: Server, tmp_path: Path):
    (tmp_path / "data.zip.part").write_bytes(CONTENT[:1000])
    server.does.wrong_range = True
    assert "another part" in failure(source_of(server), tmp_path)


def test_an_error_of_the_server_is_named(server: Server, tmp_path: Path):
    server.does.status = 404
    message = failure(source_of(server), tmp_path)
    assert "404" in message
    assert f"put the file by hand at {tmp_path / 'data.zip'}" in message


def test_no_server_at_all_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert "no connection" in failure(Source("data.zip", ("http://127.0.0.1:9/data.zip",)), tmp_path)


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/a"])
def test_only_http_is_fetched(tmp_path: Path, url: str):
    assert "only http and https" in failure(Source("data.zip", (url,)), tmp_path)


def test_a_malformed_address_is_refused(tmp_path: Path):
    assert "no connection" in failure(Source("data.zip", ("http://[broken/data.zip",)), tmp_path)


def test_a_source_without_address_says_how_to_do_it_by_hand(tmp_path: Path):
    assert "no address" in failure(Source("data.zip"), tmp_path)


def test_the_second_mirror_is_asked_when_the_first_fails(server: Server, tmp_path: Path):
    urls = ("http://127.0.0.1:9/data.zip", server.url)
    assert fetch(source_of(server, urls=urls), tmp_path).read_bytes() == CONTENT


def test_all_failed_mirrors_are_named(server: Server, tmp_path: Path):
    server.does.status = 500
    message = failure(source_of(server, urls=(server.url + "?1", server.url + "?2")), tmp_path)
    assert f"{server.url}?1: the server answers 500" in message
    assert f"{server.url}?2: the server answers 500" in message


def test_a_folder_that_is_a_file_is_refused(server: Server, tmp_path: Path):
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(OutputError, match="File exists"):
        fetch(source_of(server), tmp_path / "taken")


def test_a_part_that_cannot_be_written_is_refused(server: Server, tmp_path: Path):
    (tmp_path / "data.zip.part").mkdir()
    with pytest.raises(OutputError, match="directory"):
        fetch(source_of(server, size=None, sha256=None), tmp_path)


def test_a_full_disk_is_an_output_error_and_keeps_no_final_name(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    real_open = Path.open

    def full(path: Path, mode: str = "r") -> object:
        if mode == "wb":
            raise OSError(28, "No space left on device")
        return real_open(path, mode)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OutputError, match="No space left"):
        fetch(source_of(server), tmp_path)
    assert not (tmp_path / "data.zip").exists()


def dataset_of(*sources: Source, needs_path: bool = True) -> Dataset:
    return Dataset(
        name="mine",
        sensor=(4, 4),
        classes=("a",),
        licence="CC0",
        citation="me",
        home="https://example.org",
        by_hand="Ask me.",
        opener=lambda path, sensor: (_ for _ in ()).throw(AssertionError),
        sources=sources,
        needs_path=needs_path,
    )


def test_all_files_of_a_data_set_are_fetched(server: Server, tmp_path: Path):
    sources = source_of(server), source_of(server, file="second.zip")
    assert [path.name for path in fetch_all(dataset_of(*sources), tmp_path)] == ["data.zip", "second.zip"]


@pytest.mark.parametrize(("needs_path", "reason"), [(True, "no direct address.*Ask me"), (False, "needs no download")])
def test_a_data_set_without_files_says_so(tmp_path: Path, needs_path: bool, reason: str):
    with pytest.raises(DataError, match=reason):
        fetch_all(dataset_of(needs_path=needs_path), tmp_path)


def test_the_instructions_name_url_size_checksum_place_and_the_way_by_hand(tmp_path: Path):
    sources = Source("a.zip", ("https://x.org/a", "https://y.org/a"), 5, "ab" * 32), Source("b.zip", md5="cd" * 16)
    text = instructions(dataset_of(*sources), tmp_path)
    for wanted in (
        f"a.zip  ->  {tmp_path / 'a.zip'}",
        "url     https://x.org/a",
        "url     https://y.org/a",
        "size    5 bytes",
        f"sha256  {'ab' * 32}",
        "url     none: by hand only",
        "size    unknown",
        "sha256  unknown",
        f"md5     {'cd' * 16}",
        "by hand: Ask me.",
        "licence CC0",
    ):
        assert wanted in text
