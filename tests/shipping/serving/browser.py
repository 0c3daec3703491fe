"""Chromium without a window, spoken to over two pipes: no driver and no package is needed."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

HANG_S = 60.0
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def found() -> str | None:
    """Where a browser is, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


class Browser:
    """One page. Errors of its scripts, and what its policy refused, are kept in `complaints`."""

    def __init__(self, *, width: int = 1100, height: int = 900, dark: bool = False) -> None:
        self._folder = tempfile.mkdtemp(prefix="striate-browser-")
        to_read, to_write = os.pipe(), os.pipe()

        def wired() -> None:  # Chromium reads commands on 3 and writes answers on 4
            ours = (os.dup(to_read[0]), os.dup(to_write[1]))
            os.dup2(ours[0], 3)
            os.dup2(ours[1], 4)

        self._process = subprocess.Popen(
            [
                found() or "chromium", "--headless=new", "--remote-debugging-pipe", "--no-sandbox",
                "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
                "--no-first-run", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
                f"--user-data-dir={self._folder}", f"--window-size={width},{height}", "about:blank",
            ],
            preexec_fn=wired,  # noqa: PLW1509 it only moves two handles
            close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_read[0])
        os.close(to_write[1])
        self._in, self._out = os.fdopen(to_read[1], "wb"), os.fdopen(to_write[0], "rb")
        self._number, self._session, self._left = 0, None, b""
        self.complaints: list[str] = []
        targets = self.command("Target.getTargets")["targetInfos"]
        page = next(one["targetId"] for one in targets if one["type"] == "page")
        self._session = self.command("Target.attachToTarget", targetId=page, flatten=True)[
            "sessionId"
        ]
        for domain in ("Page", "Runtime", "Log", "DOM"):
            self.command(f"{domain}.enable")
        self.look(width, height, dark=dark)

    def look(self, width: int, height: int, *, dark: bool = False) -> None:
        """Another size, another scheme of colours."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        self.command("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._in.close()
        self._out.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def command(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the protocol, and its result."""
        self._number += 1
        asked = {"id": self._number, "method": method, "params": params}
        if self._session:
            asked["sessionId"] = self._session
        self._in.write(json.dumps(asked).encode() + b"\0")
        self._in.flush()
        while True:
            told = self._message()
            if told.get("id") == self._number:
                assert "error" not in told, told
                result: dict[str, Any] = told["result"]
                return result
            self._note(told)

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._left:
            piece = os.read(self._out.fileno(), 1 << 20)
            assert piece, "the browser has ended"
            self._left += piece
        text, _, self._left = self._left.partition(b"\0")
        told: dict[str, Any] = json.loads(text)
        return told

    def _note(self, told: dict[str, Any]) -> None:
        if told.get("method") == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["params"]["exceptionDetails"])[:400])
        entry = told.get("params", {}).get("entry", {})
        if entry.get("source") in ("security", "violation", "javascript"):
            self.complaints.append(entry["text"])

    def open(self, url: str) -> None:
        """A page."""
        self.command("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")

    def value(self, script: str) -> Any:
        """What a script gives."""
        asked = {"expression": script, "returnByValue": True, "awaitPromise": True}
        told = self.command("Runtime.evaluate", **asked, userGesture=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def until(self, script: str) -> None:
        """Wait for something to be true."""
        began = time.monotonic()
        while not self.value(script):
            assert time.monotonic() - began < HANG_S, f"it never became true: {script}"
            time.sleep(0.03)

    def give(self, selector: str, path: Path) -> None:
        """A file to an input."""
        root = self.command("DOM.getDocument")["root"]["nodeId"]
        node = self.command("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.command("DOM.setFileInputFiles", files=[str(path)], nodeId=node)

    def press(self, key: str, code: int) -> None:
        """A key, as a person presses it."""
        for kind in ("rawKeyDown", "keyUp"):
            text = {"text": "\r"} if key == "Enter" and kind == "rawKeyDown" else {}
            kind = "keyDown" if text else kind
            self.command(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                **text,
            )

    def picture(self, path: Path) -> None:
        """A screenshot of the whole page."""
        told = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(told["data"]))
