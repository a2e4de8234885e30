"""A model Central System: it keeps its own books, answers in simulated time, and has every vice that was ever met.

Nothing here knows the code under test; it reads and writes frames.  All chance comes from one seeded generator.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from tests.sim import requests

EPOCH = datetime(2026, 5, 4, 10, 0, tzinfo=UTC).timestamp()
"""True UTC at simulated second 0."""

THINK_S = 0.03
"""How long a well-behaved Central System thinks about an answer."""

ERROR_CODES = (
    "NotImplemented",
    "NotSupported",
    "InternalError",
    "ProtocolError",
    "SecurityError",
    "FormationViolation",
    "PropertyConstraintViolation",
    "OccurenceConstraintViolation",
    "TypeConstraintViolation",
    "GenericError",
)

ANSWER_VICES = ("silence", "late", "slow", "twice", "error", "wrong-id", "malformed")
START_VICES = ("id-zero", "id-negative", "id-repeated", "start-refused", "start-expired")
BOOT_VICES = ("boot-pending", "boot-rejected", "interval-zero", "interval-negative", "interval-huge")
CLOCK_VICES = ("clock-future", "clock-past")
VICES = (*ANSWER_VICES, *START_VICES, *BOOT_VICES, *CLOCK_VICES, "authorize-refused")

FIFTY_YEARS_S = 50 * 365.25 * 86400


def iso(utc: float) -> str:
    """ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(utc, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(utc * 1000 + 0.5) % 1000:03d}Z"


@dataclass
class Session:
    """One transaction as the Central System sees it: its id, the start, the values in order of arrival, the stops."""

    transaction_id: int
    start: dict[str, Any]
    values: list[dict[str, Any]] = field(default_factory=list)
    stops: list[dict[str, Any]] = field(default_factory=list)

    @property
    def energy_wh(self) -> int | None:
        return self.stops[0]["meterStop"] - self.start["meterStart"] if self.stops else None


@dataclass
class CentralSystem:
    """`receive` takes one frame and says which frames go back, and after how many seconds."""

    seed: int = 0
    boot_status: str = "Accepted"
    interval_s: int = 300
    clock_error_s: float = 0.0
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    """IdTagInfo of the cards that are not simply Accepted."""
    vices: dict[str, float] = field(default_factory=dict)
    """Probability of each vice, per message to which it can apply."""
    by_hand: set[str] = field(default_factory=set)
    """Actions that nobody answers until `reply` does."""
    next_id: int = 1
    sessions: list[Session] = field(default_factory=list)
    strikes: Counter[str] = field(default_factory=Counter)
    open: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    """Calls of the station that wait for `reply`."""
    asked: dict[str, str] = field(default_factory=dict)
    """Our own calls, id to action."""
    answers: list[tuple[str, list[Any]]] = field(default_factory=list)
    """What the station answered to our own calls."""

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.calls = 0
        self.lied = False
        """A wrong time was told once."""

    # --- what the station says ------------------------------------------------------------------------------------

    def receive(self, t: float, frame: list[Any]) -> list[tuple[float, str]]:
        """Take a frame that the station sent at simulated second `t`."""
        if frame[0] != 2:
            if self.asked.pop(frame[1], None) is not None:
                self.answers.append((frame[1], frame))
            return []
        _, call_id, action, payload = frame
        if action in self.by_hand:
            self.open.append((call_id, action, payload))
            return []
        return self._distort(call_id, action, self.conf(t, action, payload))

    def conf(self, t: float, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The answer of a well-behaved Central System, content vices applied; the books are kept here."""
        match action:
            case "BootNotification":
                return self._boot_conf(t)
            case "Heartbeat":
                return {"currentTime": self._time(t)}
            case "Authorize":
                return {"idTagInfo": self._id_tag_info(payload["idTag"], "authorize-refused")}
            case "StartTransaction":
                return self._start_conf(t, payload)
            case "StopTransaction":
                for session in self.sessions:
                    if session.transaction_id == payload["transactionId"]:
                        session.stops.append(payload)
                return {"idTagInfo": self._id_tag_info(payload["idTag"], "")} if "idTag" in payload else {}
            case "MeterValues":
                for session in self.sessions:
                    if session.transaction_id == payload.get("transactionId"):
                        session.values.append(payload)
                return {}
            case "DataTransfer" | "SignCertificate":
                return {"status": "Accepted"}
            case _:
                return {}

    def reply(self, t: float, action: str | None, payload: dict[str, Any] | None, **more: Any) -> str:
        """Answer by hand the newest open call (of that action): the normal answer with fields put over it."""
        fitting = [call for call in self.open if action in (None, call[1])]
        assert fitting, f"no call of the station waits for an answer{f' to {action}' if action else ''}"
        call_id, action, asked = fitting[-1]
        self.open.remove((call_id, action, asked))
        conf = self.conf(t, action, asked) if payload is None else payload
        for key, value in more.items():
            home = conf.get("idTagInfo", {}) if key in ("status", "parentIdTag", "expiryDate") else conf
            (home if "idTagInfo" in conf else conf)[key] = value
        if action == "StartTransaction" and "transactionId" in more:
            self.sessions[-1].transaction_id = more["transactionId"]
        return json.dumps([3, call_id, conf])

    # --- what we ask ----------------------------------------------------------------------------------------------

    def call(self, action: str, payload: dict[str, Any], call_id: str | None = None) -> str:
        """The text of a CALL of ours."""
        self.calls += 1
        call_id = call_id or f"cs-{self.calls}"
        self.asked[call_id] = action
        return json.dumps([2, call_id, action, payload])

    def random_call(self, t: float = 0.0) -> str:
        """Anything that a back-office may want at simulated second `t`, sensible or not."""
        action, payload = _random_request(self.rng, [s.transaction_id for s in self.sessions[-3:]], EPOCH + t)
        self.strikes[f"asks {action}"] += 1
        return self.call(action, payload)

    def junk(self) -> str:
        """A text that is no proper frame."""
        self.strikes["junk"] += 1
        return self.rng.choice(JUNK)

    # --- how it answers -------------------------------------------------------------------------------------------

    def struck(self, vice: str) -> bool:
        rate = self.vices.get(vice, 0.0)
        hit = rate >= 1 or (rate > 0 and self.rng.random() < rate)
        if hit:
            self.strikes[vice] += 1
        return hit

    def _time(self, t: float) -> str:
        utc = EPOCH + t + self.clock_error_s
        if self.struck("clock-future"):
            utc += FIFTY_YEARS_S
        elif self.struck("clock-past"):
            utc -= FIFTY_YEARS_S
        self.lied = self.lied or abs(utc - EPOCH - t) > 1.0
        return iso(utc)

    def _boot_conf(self, t: float) -> dict[str, Any]:
        status, interval = self.boot_status, self.interval_s
        if self.struck("boot-pending"):
            status, interval = "Pending", self.rng.choice([0, 1, 30, 300])
        elif self.struck("boot-rejected"):
            status, interval = "Rejected", self.rng.choice([0, 1, 30, 300])
        if self.struck("interval-zero"):
            interval = 0
        elif self.struck("interval-negative"):
            interval = -self.rng.choice([1, 300, 2**31])
        elif status == "Accepted" and self.struck("interval-huge"):
            interval = self.rng.choice([10**9, 2**31 - 1, 2**40])
        return {"status": status, "currentTime": self._time(t), "interval": interval}

    def _id_tag_info(self, tag: str, vice: str) -> dict[str, str]:
        info = dict(self.tags.get(tag, {"status": "Accepted"}))
        if vice and self.struck(vice):
            info["status"] = self.rng.choice(["Invalid", "Blocked", "Expired", "ConcurrentTx"])
        return info

    def _start_conf(self, t: float, payload: dict[str, Any]) -> dict[str, Any]:
        info = self._id_tag_info(payload["idTag"], "start-refused")
        if self.struck("start-expired"):
            info["status"] = "Expired"
        session = next((s for s in self.sessions if s.start == payload), None)
        if session is None:
            session = Session(self.next_id, payload)
            self.next_id += 1
            if self.struck("id-zero"):
                session.transaction_id = 0
            elif self.struck("id-negative"):
                session.transaction_id = -self.rng.randrange(1, 2**31)
            elif self.sessions and self.struck("id-repeated"):
                session.transaction_id = self.sessions[-1].transaction_id
            self.sessions.append(session)
        return {"transactionId": session.transaction_id, "idTagInfo": info}

    def _distort(self, call_id: str, action: str, conf: dict[str, Any]) -> list[tuple[float, str]]:
        text = json.dumps([3, call_id, conf])
        if not self.vices:
            return [(THINK_S, text)]
        if self.struck("silence"):
            return []
        if self.struck("late"):
            return [(self.rng.uniform(31, 200), text)]
        if self.struck("slow"):
            return [(self.rng.uniform(1, 29), text)]
        if self.struck("twice"):
            return [(THINK_S, text), (self.rng.uniform(0.1, 60), text)]
        if self.struck("error"):
            details = self.rng.choice([{}, {"why": "x" * 40}])
            return [(THINK_S, json.dumps([4, call_id, self.rng.choice(ERROR_CODES), "no", details]))]
        if self.struck("wrong-id"):
            return [(THINK_S, json.dumps([3, call_id[::-1] + "x", conf]))]
        if self.struck("malformed"):
            return [(THINK_S, json.dumps([3, call_id, self._malformed(action, conf)]))]
        return [(THINK_S, text)]

    def _malformed(self, action: str, conf: dict[str, Any]) -> Any:
        """A CALLRESULT that its schema refuses."""
        if conf and self.rng.random() < 0.5:
            return dict(list(conf.items())[1:])  # the first property is mandatory in every answer we give
        return self.rng.choice([[], "ok", 7, [conf]])


JUNK = (
    "",
    "{}",
    "[]",
    "null",
    "[2]",
    "[3]",
    "[4]",
    '"text"',
    "[2,",
    "NaN",
    '[5,"x",{}]',
    '["3","x",{}]',
    '[0,"x",{}]',
    '[3,"nobody-asked",{}]',
    '[4,"nobody-asked","GenericError","",{}]',
    '[3,"nobody-asked",{},1,2]',
    '[2,17,"Reset",{"type":"Soft"}]',
    '[2,"' + "x" * 60 + '","ClearCache",{}]',
    '[2,"a","Reset"]',
    '[2,"b","Reset",[]]',
    '[2,"c","Reset",{"type":"Warm"}]',
    '[2,"d","NoSuchAction",{}]',
    '[2,"e","UnlockConnector",{"connectorId":1,"connectorId":99}]',
    '[2,"f","ChangeAvailability",{"connectorId":-1,"type":"Operative"}]',
    '[2,"g","RemoteStartTransaction",{"idTag":"' + "y" * 21 + '"}]',
    '[2,"h","GetConfiguration",{"key":["' + "k" * 51 + '"]}]',
    '[2,"i","DataTransfer",{"vendorId":"' + "v" * 300 + '"}]',
    '[2,"j","clearcache",{}]',
    '[2,"k","Authorize",{"idTag":"x"}]',
    "[" * 3000,
    '[2,"l","ClearCache",null]',
    '[2,"m","RemoteStopTransaction",{"transactionId":1e999}]',
    '\ufeff[2,"n","ClearCache",{}]',
    '[2,"o","DataTransfer",{"vendorId":"\\ud800"}]',
)

SETTINGS = {
    "AllowOfflineTxForUnknownId": ("true", "false"),
    "AuthorizationCacheEnabled": ("true", "false"),
    "AuthorizeRemoteTxRequests": ("true", "false"),
    "ClockAlignedDataInterval": ("0", "900", "3600", "-1"),
    "ConnectionTimeOut": ("30", "60", "120", "0"),
    "HeartbeatInterval": ("0", "300", "3600", "86400", "86401"),
    "LocalAuthorizeOffline": ("true", "false"),
    "LocalPreAuthorize": ("true", "false", "maybe"),
    "MaxEnergyOnInvalidId": ("0", "500", "2000"),
    "MessageTimeout": ("5", "30", "60", "0"),
    "MeterValueSampleInterval": ("0", "60", "300", "900", "86401"),
    "MeterValuesSampledData": (
        "Energy.Active.Import.Register",
        "Energy.Active.Import.Register,Voltage,Current.Import,Power.Active.Import,SoC,Temperature",
        "",
        "Frequency,NoSuchThing",
    ),
    "MeterValuesAlignedData": ("Energy.Active.Import.Register", "Voltage,SoC", ""),
    "MinimumStatusDuration": ("0", "2", "10"),
    "StopTransactionOnEVSideDisconnect": ("true", "false"),
    "StopTransactionOnInvalidId": ("true", "false"),
    "StopTxnSampledData": ("", "Energy.Active.Import.Register", "Voltage,Current.Import"),
    "StopTxnAlignedData": ("", "Energy.Active.Import.Register"),
    "TransactionMessageAttempts": ("0", "1", "3", "5"),
    "TransactionMessageRetryInterval": ("0", "10", "60"),
    "WebSocketPingInterval": ("0", "10", "30"),
    "NumberOfConnectors": ("7",),
    "NoSuchKey": ("1",),
}


REQUESTS = (
    "ChangeAvailability",
    "ChangeConfiguration",
    "ChangeConfiguration",
    "ChangeConfiguration",
    "ClearCache",
    "DataTransfer",
    "GetConfiguration",
    "RemoteStartTransaction",
    "RemoteStartTransaction",
    "RemoteStopTransaction",
    "UnlockConnector",
    "Reset",
    "NoSuchAction",
    *requests.REQUESTS,
)


def _random_request(rng: Random, known: list[int], utc: float) -> tuple[str, dict[str, Any]]:
    connector = rng.choice([1, 1, 1, 1, 2, 0, 99])
    action = rng.choice(REQUESTS)
    match action:
        case "ChangeAvailability":
            return action, {"connectorId": connector, "type": rng.choice(["Operative", "Operative", "Inoperative"])}
        case "ChangeConfiguration":
            key = rng.choice(list(SETTINGS))
            return action, {"key": key, "value": rng.choice(SETTINGS[key])}
        case "DataTransfer":
            return action, {"vendorId": "com.example", "messageId": "m", "data": "d"}
        case "GetConfiguration":
            return action, rng.choice([{}, {"key": ["HeartbeatInterval"]}, {"key": ["NoSuchKey", "ResetRetries"]}])
        case "RemoteStartTransaction":
            order: dict[str, Any] = {"idTag": rng.choice(["04A2B9", "REMOTE1", "04a2b9"])}
            if rng.random() < 0.2:
                order["chargingProfile"] = requests.charging_profile(rng, known, utc)
            return action, rng.choice([order, order | {"connectorId": connector}])
        case "RemoteStopTransaction":
            return action, {"transactionId": rng.choice([*known, 0, 424242])}
        case "UnlockConnector":
            return action, {"connectorId": connector}
        case "Reset":
            return action, {"type": rng.choice(["Soft", "Soft", "Hard"])}
        case _:
            return action, requests.profile_request(rng, action, known, utc) or {}
