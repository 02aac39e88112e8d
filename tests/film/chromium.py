"""A headless Chromium for the player's tests: its flags, what a report must never do, how to scrub."""

from collections.abc import Callable

from playwright.sync_api import Page

#: Opens a document in a page: the fixture ``show``.
Open = Callable[..., Page]

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

#: Drag the playhead to and fro and say how long a step takes, layout included: median, 95 %, longest.
SCRUB = """async (steps) => {
  const box = document.querySelector('#timeline'), r = box.getBoundingClientRect(), times = [];
  const fire = (type, x) => box.dispatchEvent(
    new PointerEvent(type, {clientX: x, clientY: r.y + 60, button: 0, pointerId: 1, bubbles: true}));
  box.setPointerCapture = () => {};
  fire('pointerdown', r.x + 200);
  for (let i = 0; i < steps; i += 1) {
    const from = performance.now();
    fire('pointermove', r.x + 200 + (r.width - 220) * ((i * 37) % steps) / steps);
    document.body.offsetHeight;
    times.push(performance.now() - from);
    await new Promise(requestAnimationFrame);
  }
  fire('pointerup', r.x + 300);
  times.sort((a, b) => a - b);
  return [times[times.length >> 1], times[Math.floor(times.length * .95)], times.at(-1)];
}"""

#: What 95 % of the steps over a small report take on a quiet machine, in ms: limits grow with what they take now.
QUIET = 15.0


def scrub(page: Page) -> list[float]:
    """Median, 95 % and longest step in ms, of three goes the quietest: a machine's other work only ever adds."""
    return min((page.evaluate(SCRUB, 60) for _ in range(3)), key=lambda figures: float(figures[1]))


class Watch:
    """What the page did that a report must never do."""

    def __init__(self, page: Page) -> None:
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda m: self.errors.append(m.text) if m.type in ("error", "warning") else None)

    def assert_clean(self) -> None:
        outside = [u for u in self.requests if not u.startswith(("file://", "data:"))]
        assert (outside, self.dialogs, self.errors) == ([], [], [])
        assert len({u.partition("#")[0] for u in self.requests if u.startswith("file://")}) == 1
