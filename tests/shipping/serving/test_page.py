"""The page in a real browser: by file, by paste, by drop, by camera; by keyboard; light and dark."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from striate.shipping.classifier import load
from striate.shipping.serving import page
from tests.shipping.serving import served
from tests.shipping.serving.browser import Browser, found
from tests.shipping.serving.served import Served
from tests.verbs import made

needs_browser = pytest.mark.skipif(found() is None, reason="there is no Chromium on this machine")
ANSWERED = (
    "!document.getElementById('result').hidden && document.getElementById('seen').naturalWidth > 0"
)
READY = "document.getElementById('name').textContent === 'photos'"


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


@pytest.fixture
def browser(window: Browser) -> Browser:
    """The page, freshly opened."""
    window.complaints.clear()
    window.look(1100, 900)
    window.open(f"http://127.0.0.1:{served.photos().port}/")
    window.until(READY)
    return window


def text(browser: Browser, name: str) -> str:
    found = browser.value(f"document.getElementById('{name}').textContent")
    assert isinstance(found, str)
    return found


def dropped(kind: str) -> str:
    """A script that gives a picture as a person's drop or paste does."""
    data = base64.b64encode(served.pictures()[0]).decode()
    return f"""{{
      const bytes = Uint8Array.from(atob("{data}"), (c) => c.charCodeAt(0));
      const held = new DataTransfer();
      held.items.add(new File([bytes], "a.jpg", {{ type: "image/jpeg" }}));
      const event = "{kind}" === "paste" ? new ClipboardEvent("paste", {{ clipboardData: held }})
        : new DragEvent("drop", {{ dataTransfer: held, bubbles: true, cancelable: true }});
      window.dispatchEvent(event); }}"""


@needs_browser
def test_a_chosen_picture_shows_the_answer_that_python_gives(
    browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(served.pictures()[0])
    browser.give("#file", path)
    browser.until(ANSWERED)
    answer = load(made.photos().path).predict(path)[0]
    assert text(browser, "label") == ("" if answer.sure else "Perhaps ") + str(answer.label)
    assert "Not sure" in text(browser, "kind") or answer.sure
    shares = browser.value("[...document.querySelectorAll('.share')].map((one) => one.textContent)")
    assert shares == [f"{p * 100:.1f} %" for _, p in answer.top]
    widths = browser.value("[...document.querySelectorAll('.bar i')].map((one) => one.style.width)")
    assert [float(w[:-1]) for w in widths] == pytest.approx(
        [p * 100 for _, p in answer.top], abs=0.01
    )
    assert browser.value("document.getElementById('seen').naturalWidth") == 8
    assert text(browser, "seen-told").endswith("8 × 8, colour")
    assert "Answered in" in text(browser, "time")
    assert browser.complaints == []


@needs_browser
@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_a_picture_may_be_dropped_or_pasted(browser: Browser, kind: str) -> None:
    browser.value(dropped(kind))
    browser.until(ANSWERED)
    assert browser.complaints == []


@needs_browser
def test_the_camera_takes_a_picture_by_keyboard_alone(browser: Browser) -> None:
    browser.value("document.getElementById('photograph').focus()")
    browser.press("Enter", 13)
    browser.until("document.activeElement.id === 'shoot'")
    browser.press("Enter", 13)
    browser.until(ANSWERED)
    assert browser.value("document.getElementById('video').srcObject === null")
    assert browser.complaints == []


@needs_browser
def test_escape_leaves_the_camera_and_turns_it_off(browser: Browser) -> None:
    browser.value("document.getElementById('photograph').click()")
    browser.until(
        "document.getElementById('camera').open && !document.getElementById('shoot').disabled"
    )
    browser.press("Escape", 27)
    browser.until("document.getElementById('video').srcObject === null")
    assert browser.value("document.getElementById('result').hidden")


@needs_browser
@pytest.mark.parametrize(
    "how",
    ["new Response('', { status: 503 })", "Promise.reject(new Error())"],
    ids=["busy", "gone"],
)
def test_no_picture_of_before_stays_where_the_network_cannot_be_looked_into(
    browser: Browser, how: str
) -> None:
    browser.value(dropped("drop"))
    browser.until(ANSWERED)
    browser.value(
        "{ const asked = window.fetch; window.answers = 0; window.fetch = async (path, options) => {"
        f" if (path === '/seen') {{ window.answers += 1; return {how}; }}"
        " return asked(path, options); }; }"
    )
    browser.value(dropped("drop"))
    browser.until("window.answers === 1 && !document.body.classList.contains('waiting')")
    assert browser.value("document.getElementById('seen').naturalWidth") == 0
    assert text(browser, "seen-told") == "What the network sees cannot be shown now"
    assert browser.value("document.getElementById('fault').hidden")


@needs_browser
def test_what_cannot_be_read_is_told_as_an_alert(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"<script>alert(1)</script>")
    browser.give("#file", path)
    browser.until("!document.getElementById('fault').hidden")
    told = "This picture cannot be read: it is no picture of a known format."
    assert text(browser, "fault") == told
    assert browser.value("document.getElementById('fault').getAttribute('role')") == "alert"


@needs_browser
def test_every_control_has_a_name_and_colours_can_be_read(browser: Browser) -> None:
    browser.value(dropped("drop"))
    browser.until(ANSWERED)
    browser.command("Accessibility.enable")
    nodes = browser.command("Accessibility.getFullAXTree")["nodes"]
    controls = [n for n in nodes if n.get("role", {}).get("value") in ("button", "link", "image")]
    assert len(controls) >= 5
    assert all(n.get("name", {}).get("value") for n in controls if not n.get("ignored"))
    for dark in (False, True):
        browser.look(1100, 900, dark=dark)
        for name in ("facts", "meaning", "kind", "time", "choose", "pick-how"):
            assert browser.value(f"({CONTRAST})(document.getElementById('{name}'))") >= 4.5, name


@needs_browser
def test_a_telephone_needs_no_sideways_scrolling(browser: Browser) -> None:
    browser.value(dropped("drop"))
    browser.until(ANSWERED)
    browser.look(360, 740)
    assert browser.value("document.documentElement.scrollWidth") <= 360
    sizes = browser.value(
        "[...document.querySelectorAll('#pick button')].map((b) => b.getBoundingClientRect().height)"
    )
    assert min(sizes) >= 44


@needs_browser
def test_a_token_is_asked_for_and_may_come_with_the_address(window: Browser) -> None:
    window.complaints.clear()
    with Served(made.photos().path, token="a-token-of-the-tests") as server:
        window.open(f"http://127.0.0.1:{server.port}/")
        window.until("!document.getElementById('door').hidden")
        assert window.value("document.getElementById('pick').hidden")
        window.value("document.getElementById('token').value = 'a-token-of-the-tests'")
        window.value("document.getElementById('door').requestSubmit()")
        window.until(READY)
        window.open(f"http://127.0.0.1:{server.port}/?again#token=a-token-of-the-tests")
        window.until(READY)
        assert "token" not in window.value("location.href")
        window.value(dropped("drop"))
        window.until(ANSWERED)


@needs_browser
def test_a_script_within_the_page_does_not_run(browser: Browser) -> None:
    browser.value(
        "{ const s = document.createElement('script'); s.textContent = 'window.ran = 1';"
        " document.body.append(s); document.body.insertAdjacentHTML('beforeend',"
        " '<img src=x onerror=\"window.ran = 1\">') }"
    )
    browser.until("true")
    assert browser.value("window.ran === undefined")
    assert any("Content Security Policy" in one for one in browser.complaints)


CONTRAST = """(node) => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255;
    return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 });
    return .2126 * r + .7152 * g + .0722 * b };
  let behind = node;
  const under = (one) => parse(getComputedStyle(one).backgroundColor);
  while (behind && (under(behind)[3] ?? 1) === 0) behind = behind.parentElement;
  const a = light(parse(getComputedStyle(node).color)), b = light(under(behind));
  return (Math.max(a, b) + .05) / (Math.min(a, b) + .05) }"""


def test_the_files_of_the_page_name_no_other_place() -> None:
    for path, (name, kind) in page.FILES.items():
        answer = served.photos().ask("GET", path)
        assert answer.status == 200
        assert answer.headers["content-type"].split(";")[0] == kind.split(";")[0]
        text = answer.body.decode().replace("http://www.w3.org/2000/svg", "")
        assert "http:" not in text, name
        assert "https:" not in text, name
        assert "style=" not in text
        assert "innerHTML" not in text


def test_the_page_comes_to_whoever_types_its_address_and_to_no_other_site() -> None:
    server = served.photos()
    assert server.ask("GET", "/", headers={"Sec-Fetch-Site": "none"}).status == 200
    assert server.ask("GET", "/", headers={"Sec-Fetch-Site": "cross-site"}).status == 403
