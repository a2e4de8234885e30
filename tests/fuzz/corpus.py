"""Good input to start from: one of each frame, payload, board message, configuration, control line."""

from __future__ import annotations

from typing import Any

WHEN = "2030-01-01T00:00:00.000Z"
SCHEDULE = {
    "chargingRateUnit": "A",
    "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16.0, "numberPhases": 1}, {"startPeriod": 60, "limit": 8.1}],
    "duration": 3600,
    "minChargingRate": 6.0,
}
PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": SCHEDULE,
}
DEFAULT_PROFILE = {**PROFILE, "chargingProfileId": 2, "chargingProfilePurpose": "TxDefaultProfile"}
WEEKLY_PROFILE = {
    **PROFILE,
    "chargingProfileId": 3,
    "chargingProfilePurpose": "ChargePointMaxProfile",
    "chargingProfileKind": "Recurring",
    "recurrencyKind": "Weekly",
    "validTo": "2031-01-01T00:00:00Z",
    "chargingSchedule": {**SCHEDULE, "startSchedule": WHEN},
}
LISTED = {"idTag": "CARD", "idTagInfo": {"status": "Accepted", "expiryDate": "2031-01-01T00:00:00Z"}}
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
HASHES = {"hashAlgorithm": "SHA256", "issuerNameHash": "00" * 32, "issuerKeyHash": "11" * 32, "serialNumber": "1"}
SIGNED = {
    "location": "https://files.example/x.bin",
    "retrieveDateTime": WHEN,
    "installDateTime": WHEN,
    "signingCertificate": PEM,
    "signature": "AAAA",
}

REQUESTS: list[tuple[str, Any]] = [
    ("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"}),
    ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "300"}),
    ("ChangeConfiguration", {"key": "MeterValuesSampledData", "value": "Voltage,Current.Import.L1"}),
    ("ChangeConfiguration", {"key": "ConnectorPhaseRotation", "value": "0.RST,1.NotApplicable"}),
    ("ClearCache", {}),
    ("DataTransfer", {"vendorId": "org.example", "messageId": "m", "data": "d"}),
    ("GetConfiguration", {"key": ["HeartbeatInterval", "NoSuchKey"]}),
    ("GetConfiguration", {}),
    ("RemoteStartTransaction", {"idTag": "CARD", "connectorId": 1}),
    ("RemoteStartTransaction", {"idTag": "CARD", "connectorId": 1, "chargingProfile": PROFILE}),
    ("RemoteStopTransaction", {"transactionId": 1}),
    ("Reset", {"type": "Soft"}),
    ("UnlockConnector", {"connectorId": 1}),
    ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": DEFAULT_PROFILE}),
    ("SetChargingProfile", {"connectorId": 0, "csChargingProfiles": WEEKLY_PROFILE}),
    ("ClearChargingProfile", {"id": 2}),
    ("GetCompositeSchedule", {"connectorId": 1, "duration": 7200, "chargingRateUnit": "A"}),
    ("ReserveNow", {"connectorId": 1, "expiryDate": "2031-01-01T00:00:00Z", "idTag": "CARD", "reservationId": 1}),
    ("CancelReservation", {"reservationId": 1}),
    ("GetLocalListVersion", {}),
    ("SendLocalList", {"listVersion": 3, "updateType": "Full", "localAuthorizationList": [LISTED]}),
    ("SendLocalList", {"listVersion": 4, "updateType": "Differential", "localAuthorizationList": [{"idTag": "b"}]}),
    ("TriggerMessage", {"requestedMessage": "MeterValues", "connectorId": 1}),
    ("TriggerMessage", {"requestedMessage": "StatusNotification"}),
    ("GetDiagnostics", {"location": "https://files.example/", "retries": 1, "retryInterval": 5}),
    ("UpdateFirmware", {"location": "https://files.example/x.bin", "retrieveDate": WHEN}),
    ("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"}),
    ("ExtendedTriggerMessage", {"requestedMessage": "LogStatusNotification"}),
    ("GetLog", {"logType": "SecurityLog", "requestId": 5, "log": {"remoteLocation": "https://files.example/"}}),
    ("SignedUpdateFirmware", {"requestId": 6, "firmware": SIGNED}),
    ("InstallCertificate", {"certificateType": "CentralSystemRootCertificate", "certificate": PEM}),
    ("CertificateSigned", {"certificateChain": PEM}),
    ("GetInstalledCertificateIds", {"certificateType": "CentralSystemRootCertificate"}),
    ("DeleteCertificate", {"certificateHashData": HASHES}),
    ("ChangeConfiguration", {"key": "CpoName", "value": "Operator"}),
]
CONFIRMATIONS: list[tuple[str, Any]] = [
    ("Authorize", {"idTagInfo": {"status": "Accepted", "expiryDate": WHEN, "parentIdTag": "GROUP"}}),
    ("BootNotification", {"status": "Accepted", "currentTime": WHEN, "interval": 300}),
    ("DataTransfer", {"status": "Accepted", "data": "d"}),
    ("Heartbeat", {"currentTime": WHEN}),
    ("MeterValues", {}),
    ("StartTransaction", {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}),
    ("StatusNotification", {}),
    ("StopTransaction", {"idTagInfo": {"status": "Expired", "expiryDate": WHEN}}),
]
FRAMES: list[Any] = [
    *([2, f"id-{number}", action, value] for number, (action, value) in enumerate(REQUESTS)),
    *([3, f"id-{number}", value] for number, (_, value) in enumerate(CONFIRMATIONS)),
    [4, "id-9", "InternalError", "something went wrong", {"detail": 1}],
    [4, "id-9", "NotImplemented", "", {}],
]

FROM_BOARD: list[Any] = [
    {
        "type": "hello",
        "version": 1,
        "boot_id": "b",
        "session_id": "s",
        "board": "x",
        "connectors": 1,
        "layers": ["watchdog"],
    },
    {
        "type": "connector",
        "connector": 1,
        "min_amps": 6,
        "max_amps": 32,
        "phases": 3,
        "outlet": "socket",
        "lock": True,
        "meter": True,
        "measurands": ["Voltage"],
    },
    {"type": "ack", "seq": 4, "connector": 1, "amps": 16.0, "why": ""},
    {"type": "pilot", "connector": 1, "state": "C", "at": 12.5},
    {"type": "cable", "connector": 1, "present": True, "max_amps": 32, "locked": False, "at": 12.5},
    {"type": "contactor", "connector": 1, "closed": True, "confirmed": True, "at": 12.5},
    {
        "type": "meter",
        "connector": 1,
        "at": 13.0,
        "wh": 1234.5,
        "volts": [230.1, 229.8, 231.0],
        "amps": [16.0, 16.1, 15.9],
        "watts": [3680.0, 3700.0, 3650.0],
        "soc": 55,
        "temperature": 31.5,
    },
    {"type": "card", "connector": None, "id_tag": "04A2B9", "at": 14.0},
    {"type": "fault", "connector": 1, "code": "weld", "on": True, "latched": True, "detail": "closed", "at": 15.0},
    {"type": "fault", "connector": None, "code": "mains", "on": True, "at": 15.0},
    {"type": "done", "seq": 5, "ok": True, "detail": ""},
    {"type": "refused", "reason": "another client"},
]
TO_BOARD: list[Any] = [
    {"type": "hello", "version": 1},
    {"type": "latched", "connector": 1, "code": "weld"},
    {
        "type": "offer",
        "connector": 1,
        "amps": 16,
        "locked": True,
        "in_service": True,
        "lamp": "charging",
        "lease_s": 20,
        "seq": 7,
    },
    {"type": "do", "what": "sim", "words": ["fault", "rcd", "on"], "connector": 1, "seq": 8},
    {"type": "do", "what": "selftest", "seq": 9},
]

CONFIGS: list[str] = [
    """
[station]
id = "CP0001"
vendor = "evsed"
model = "Demo"
serial = "1"
product = "chq-s-07sr"

[csms]
url = "ws://127.0.0.1:9000/ocpp"
security_profile = 0
allow_insecure = true
reconnect_max_s = 300

[store]
dir = "/tmp/evsed"

[board]
kind = "simulated"
connectors = 1

[simulated]
state_dir = "/tmp/evsed"

[control]
socket = "/tmp/evsed/control.sock"

[ocpp]
HeartbeatInterval = 300
ConnectionTimeOut = "60"
LocalPreAuthorize = true
MeterValuesSampledData = ["Voltage", "Current.Import"]
""",
    """
[station]
id = "CP 7/1"
vendor = "x"
model = "y"
[csms]
url = "wss://csms.example/ocpp/"
security_profile = 2
authorization_key = "00112233445566778899aabbccddeeff"
ca_file = "/etc/ssl/ca.pem"
[store]
dir = "/var/lib/evsed"
[board]
kind = "process"
socket = "/run/evsed/board.sock"
[control]
socket = "/run/evsed/control.sock"
[jobs]
socket = ""
[hooks]
install = ["/usr/bin/install-it", "now"]
reboot = []
[transfers]
schemes = ["https", "ftps"]
allow_hosts = ["files.example", "192.0.2.0/24"]
allow_loopback = false
""",
]
