"""Plays the transcripts of this folder: left what happens, right everything that follows from it, checked in full.

`python -m tests.stories --write` writes the right side anew, to be reviewed; the first line says which clause is shown.
The words of the left side are the methods of `Player`: `on_plug` for `plug`, and so on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from daemon.config.product_profile import read_product
from ocpp16.configuration.keys import REGISTER
from ocpp16.events import Event, QueueAsked, ResetAsked, SelftestAsked, SettingAsked, StopAsked
from ocpp16.product import Product
from tests.sim.central_system import EPOCH, CentralSystem
from tests.sim.checkers import Checkers
from tests.sim.rules import all_checkers
from tests.sim.world import Setup, World
from tests.stories.orders import Orders
from tests.stories.scribe import Line, Scribe, _clock, _where

FOLDER = Path(__file__).parent
SETTLE_S = 5.0
"""After each thing that happens its consequences have so many seconds (a `wait` has its own)."""
SILENT = ("wait", "dark", "by", "card", "boots", "clock", "jobs", "why", "verdict")
MEASURANDS = ("MeterValuesAlignedData", "MeterValuesSampledData")
"""Of these a story tells the register alone, so that its lines stay short, unless its `with` says another thing;
`default` is what the station does of itself."""
LEFT = 32
KIND = 9


@dataclass
class Story:
    """A parsed transcript."""

    name: str
    lines: list[str]
    settings: dict[str, str] = field(default_factory=dict)
    stimuli: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Story:
        story = cls(path.stem, path.read_text(encoding="utf-8").splitlines())
        for line in story.lines:
            if line.startswith("with "):
                story.settings |= dict(word.split("=", 1) for word in line.split()[1:])
            elif stimulus := stimulus_of(line):
                story.stimuli.append(stimulus)
        return story

    def player(self) -> Player:
        return Player(self.settings)


def stories() -> list[Path]:
    """All transcripts, in order."""
    return sorted(FOLDER.glob("*.txt"))


def stimulus_of(line: str) -> str:
    """The left side of a line, empty where it has none."""
    if not line.strip() or line[0] in "# " or line.startswith("with "):
        return ""
    return line.partition(" -> ")[0].strip()


@cache
def product(name: str) -> Product:
    """A shipped product profile."""
    found, troubles = read_product(f"{name}.toml", FOLDER.parent.parent / "etc" / "products")
    assert not troubles, troubles
    return found


class Player(Orders):
    """Does what stands on the left."""

    def __init__(self, settings: dict[str, str], *watchers: Any) -> None:
        left = dict.fromkeys(MEASURANDS, REGISTER) | settings
        self.scribe = Scribe()
        self.checkers = Checkers(all_checkers())
        setup = Setup(
            product=replace(
                product(left.pop("product", "chq-s-07sr")), secure_firmware=left.pop("firmware", "signed") == "signed"
            ),
            utc_known=left.pop("clock", "") == "known",
            meter_period_s=float(left.pop("meter", "10")),
            board=product(left.pop("board")) if "board" in left else None,
            free_vend=left.pop("free_vend", ""),
            settings={key: value for key, value in left.items() if value != "default"},
        )
        self.central = CentralSystem(by_hand={"Authorize"})
        self.world = World(setup, self.central, (self.checkers, self.scribe, *watchers))
        self.world.work = self.work

    def do(self, stimulus: str) -> list[Line]:
        """Everything that follows from one line."""
        word, *rest = stimulus.split()
        getattr(self, f"on_{word}")(*rest)
        if word not in SILENT:
            self.world.run(SETTLE_S)
        lines = self.scribe.take()
        if word == "ready" and [(kind, words) for _, kind, words in lines] == usual_boot(self.world):
            lines = [(self.world.t, "boot", "accepted, every status told")]
        return lines

    # --- the driver ---

    def on_plug(self, connector: str = "1") -> None:
        self.world.sim("plug", connector=int(connector))

    def on_unplug(self, connector: str = "1") -> None:
        self.world.sim("unplug", connector=int(connector))

    def on_tap(self, tag: str, connector: str = "1") -> None:
        self.world.sim("tap", tag, connector=int(connector))

    def on_car(self, what: str, *rest: str) -> None:
        """`car pause|charge [N]`, `car flap|rude-draw|ignore-stop on|off`."""
        on = [word for word in rest if word in ("on", "off")]
        numbers = [int(word) for word in rest if word.isdigit()]
        self.world.sim("ev", what, *on, connector=numbers[0] if numbers else 1)

    def on_soc(self, percent: str) -> None:
        self.world.sim("soc", percent)

    def on_fault(self, code: str, state: str, connector: str = "1") -> None:
        self.world.sim("fault", code, state, connector=int(connector))

    # --- the Central System ---

    def on_reply(self, *words: str) -> None:
        """`reply [Action] [Status] [key=value …]`: answers the newest open call, or that of the action."""
        action, more = None, {}
        for word in words:
            key, equals, value = word.partition("=")
            if equals:
                more[key] = _value(value)
            elif any(word == call[1] for call in self.central.open):
                action = word
            else:
                more["status"] = word
        self.world.say(self.central.reply(self.world.t, action, None, **more))

    def on_refuse(self, code: str = "InternalError") -> None:
        """A CALLERROR for the newest open call."""
        call_id, _, _ = self.central.open.pop()
        self.world.say(json.dumps([4, call_id, code, "", {}]))

    def on_answer(self, *words: str) -> None:
        """`answer with JSON`: a CALLRESULT of that very payload for the newest open call."""
        call_id, _, _ = self.central.open.pop()
        self.world.say(json.dumps([3, call_id, json.loads(" ".join(words[1:]))]))

    def on_ask(self, action: str, *words: str) -> None:
        """`ask Action key=value …`: a CALL of the Central System."""
        pairs = (word.split("=", 1) for word in words)
        self.world.ask(action, **{key: value if key == "value" else _value(value) for key, value in pairs})

    def on_frame(self, *words: str) -> None:
        """The Central System sends that very text."""
        self.world.say(" ".join(words))

    def on_long(self, _: str, octets: str) -> None:
        """`long frame N`: a CALL of that many octets."""
        self.world.say(f'[2,"long","DataTransfer",{{"vendorId":"v","data":"{"x" * int(octets)}"}}]')

    def on_by(self, how: str, *actions: str) -> None:
        """`by hand Action …`: answered by `reply` only; `by itself Action …`: answered at once again."""
        if how == "hand":
            self.central.by_hand |= set(actions)
        else:
            self.central.by_hand -= set(actions)

    def on_card(self, tag: str, status: str, *words: str) -> None:
        """What the Central System thinks of a card from now on."""
        more = dict(word.split("=", 1) for word in words)
        self.central.tags[tag] = {"status": status, **more}

    def on_boots(self, status: str, interval: str = "300") -> None:
        """How a BootNotification is answered from now on."""
        self.central.boot_status, self.central.interval_s = status, int(interval)

    def on_clock(self, *words: str) -> None:
        """`clock of the Central System +50 years`: its currentTime is wrong by so much from now on."""
        self.central.clock_error_s = float(words[-2]) * 365.25 * 86400

    # --- power, processes, network, disk ---

    def on_ready(self) -> None:
        """As `power on`; what every boot brings about is not told again where it is just that (see boot_accepted)."""
        self.world.power_on()

    def on_power(self, what: str, *rest: str) -> None:
        """`power on [without board]`, `power off`."""
        self.world.board_there = not rest
        if what == "on":
            self.world.power_on()
        else:
            self.world.power_off()

    def on_board(self, _: str) -> None:
        """`board comes`: it is there from now on."""
        self.world.board_there = True
        self.world.start_board()

    def on_dark(self, number: str, unit: str) -> None:
        """The mains fail for so long; the unit comes back by itself."""
        self.world.dark(_seconds(number, unit))
        self.world.run(SETTLE_S)

    def on_wait(self, number: str, unit: str) -> None:
        self.world.run(_seconds(number, unit))

    def on_network(self, state: str) -> None:
        self.world.network(state == "up")

    def on_kill(self, what: str, *rest: str) -> None:
        """`kill evsed|board [for 30 s]`: SIGKILL, and started again after that time (half a second)."""
        after_s = _seconds(rest[1], rest[2]) if rest else 0.5
        if what == "evsed":
            self.world.kill_evsed(after_s)
        else:
            self.world.kill_board(after_s)

    def on_stop(self, what: str) -> None:
        """`stop evsed`: SIGTERM while the board lives on; `stop both`: the board dies with it."""
        self.world.shutdown(ends_charge=what == "both")

    def on_store(self, state: str) -> None:
        self.world.store(state)

    def on_evsectl(self, command: str, *words: str) -> None:
        """`evsectl stop-transaction [N]`, `queue park|retry [N]`, `config set KEY VALUE`, `reset Soft|Hard`."""
        number = int(words[-1]) if words and words[-1].isdigit() else None
        events: dict[str, Callable[[], Event]] = {
            "stop-transaction": lambda: StopAsked(1, number),
            "queue": lambda: QueueAsked(1, words[0], number),  # type: ignore[arg-type]
            "config": lambda: SettingAsked(1, words[1], words[2]),
            "reset": lambda: ResetAsked(1, words[0]),  # type: ignore[arg-type]
        }
        self.world.feed_if_alive(events[command]())

    def on_service(self) -> None:
        """`evsectl selftest --clear-latched`."""
        self.world.feed_if_alive(SelftestAsked(1, clear_latched=True))

    def on_mains(self, _: str) -> None:
        """`mains fail`: a unit with backup supply has some seconds left."""
        self.world.mains_lost()


def usual_boot(world: World) -> list[tuple[str, str]]:
    """What follows from power on where nothing is special."""
    connectors = range(1, world.setup.product.connectors + 1)
    return [
        ("board", "attached"),
        ("commit", "unit board known"),
        *(("offer", f"{_where(connector)}lamp available") for connector in connectors),
        ("link", "up"),
        ("tell", "BootNotification"),
        ("hear", "Accepted interval 300"),
        ("commit", "unit registered, time known"),
        ("commit", "setting HeartbeatInterval = 300"),
        *(("tell", f"StatusNotification {connector} Available") for connector in (0, *connectors)),
    ]


def _seconds(number: str, unit: str) -> float:
    return float(number) * {"s": 1, "min": 60, "h": 3600, "d": 86400}[unit]


def _value(text: str) -> Any:
    """A number, true, false, JSON or plain text."""
    if re.fullmatch(r"-?\d+|true|false|[\[{].*", text):
        return json.loads(text)
    return text


def perform(path: Path) -> str:
    """The transcript as it plays now."""
    story = Story.read(path)
    player = story.player()
    out: list[str] = []
    for line in story.lines:
        stimulus = stimulus_of(line)
        if stimulus:
            out.extend(_written(stimulus, player.do(stimulus)))
        elif not line.startswith(" "):
            out.append(line)
    return "\n".join(out) + "\n"


def _written(stimulus: str, lines: list[Line]) -> list[str]:
    timed = stimulus.startswith(("wait", "dark"))
    rights = [f"{kind:{KIND}}{_clock(EPOCH + t) + '  ' if timed else ''}{words}" for t, kind, words in lines]
    if not rights:
        if stimulus.split()[0] in ("by", "card", "boots", "clock", "jobs"):
            return [stimulus]
        rights = ["nothing"]
    first = [f"{stimulus:{LEFT}}-> {rights[0]}"] if len(stimulus) < LEFT else [stimulus, f"{'':{LEFT}}-> {rights[0]}"]
    return [*first, *(" " * (LEFT + 3) + right for right in rights[1:])]


def write_all() -> None:
    """Writes the right side of every story anew."""
    for path in stories():
        text = perform(path)
        if text != path.read_text(encoding="utf-8"):
            path.write_text(text, encoding="utf-8")
            print(f"rewritten: {path.name}")
