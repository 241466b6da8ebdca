"""Firefox, from file://: search, switcher and theme. Driven through Marionette, which every Firefox brings along."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

START = 60.0  # seconds for Firefox to open its port, on a busy machine


class Firefox:
    """One Firefox without a window. Messages are ``LENGTH:[0, id, command, parameters]``."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._number = 0
        self._read()  # the greeting
        self.ask("WebDriver:NewSession", {})

    def ask(self, command: str, parameters: dict[str, Any]) -> Any:
        """Send a command and return its result; RuntimeError with Firefox's words where it refuses."""
        self._number += 1
        text = json.dumps([0, self._number, command, parameters]).encode()
        self._socket.sendall(str(len(text)).encode() + b":" + text)
        _, _, error, result = self._read()
        if error:
            raise RuntimeError(f"{command}: {error['message']}")
        return result

    def close(self) -> None:
        self._socket.close()

    def open(self, url: str) -> None:
        self.ask("WebDriver:Navigate", {"url": url})

    def run(self, script: str) -> Any:
        """What ``script`` returns in the page; it may await."""
        whole = f"const done = arguments[0]; (async () => {{ {script} }})().then(done)"
        return self.ask("WebDriver:ExecuteAsyncScript", {"script": whole, "args": []})["value"]

    def _read(self) -> Any:
        length = b""
        while (byte := self._socket.recv(1)) != b":":
            length += byte
        data = b""
        while len(data) < int(length):
            data += self._socket.recv(int(length) - len(data))
        return json.loads(data)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def firefox(tmp_path_factory: pytest.TempPathFactory, need: Callable[..., str]) -> Iterator[Firefox]:
    path = need("firefox-esr", "firefox")
    profile, port = tmp_path_factory.mktemp("firefox"), free_port()
    (profile / "user.js").write_text(
        f'user_pref("marionette.port", {port});\nuser_pref("network.proxy.type", 1);\n'
        'user_pref("network.proxy.http", "127.0.0.1");\nuser_pref("network.proxy.http_port", 9);\n',
        encoding="utf-8",
    )
    env = dict(os.environ, MOZ_HEADLESS="1", HOME=str(profile))
    process = subprocess.Popen(
        [path, "-marionette", "-headless", "-no-remote", "-profile", str(profile)],
        env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        client = connected(port)
        yield client
        client.close()
    finally:
        process.terminate()
        process.wait(30)


def connected(port: int) -> Firefox:
    until = time.monotonic() + START
    while True:
        try:
            return Firefox(port)
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


SEARCH = """
  const field = document.querySelector('[data-md-component=search-query]');
  field.focus();
  for (let turn = 0; turn < 100; turn += 1) {
    field.value = 'évènements 4105';
    field.dispatchEvent(new KeyboardEvent('keyup', {bubbles: true}));
    await new Promise(done => setTimeout(done, 100));
    const link = document.querySelector('a.md-search-result__link');
    if (link) return link.href;
  }
  return null;
"""


def test_search_works(firefox: Firefox, site: Path) -> None:
    firefox.open((site / "fr/index.html").as_uri())
    found = firefox.run(SEARCH)
    assert found is not None
    assert "/fr/e" in found  # events or errors


def test_the_switcher_keeps_page_and_anchor(firefox: Firefox, site: Path) -> None:
    firefox.open((site / "fr/errors.html").as_uri() + "#e07")
    firefox.run("document.querySelector('.md-select__link[hreflang=en]').click()")
    time.sleep(1)
    assert firefox.run("return location.href").endswith("/en/errors.html#e07")


def test_style_drawing_and_theme_work(firefox: Firefox, site: Path) -> None:
    firefox.open((site / "en/index.html").as_uri())
    assert firefox.run("return getComputedStyle(document.querySelector('.css-missing')).display") == "none"
    assert firefox.run("return document.querySelector('.picture svg').getBoundingClientRect().width > 300")
    firefox.run("document.querySelector('label[for=__palette_1]').click()")
    assert firefox.run("return document.body.dataset.mdColorScheme") == "slate"
