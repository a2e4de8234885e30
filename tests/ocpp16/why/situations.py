"""The situations that `evsectl why` is asked about, each played on the bench: the table of docs/why.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ocpp16 import events as ev
from ocpp16.product import Product
from tests.ocpp16.profiles.firmware_management.works import Unit
from tests.ocpp16.rig import SILENCE, CallError, Station, clock_text, limit_to, profile, refused
from tests.ocpp16.why import faulty

DUAL = Product(connectors=2)
SOCKET = Product(fixed_cable=False)
NO_CARDS = Product(local_start=False, local_stop=False, readers="none")
CARD, OTHER = "04A2B9C1", "0477F1D2"


class Situation(NamedTuple):
    """What happened, in words, and on the bench; `connector` is the one that is asked about."""

    title: str
    play: Callable[[], Station]
    connector: int = 1

    def row(self) -> dict[str, object]:
        """The answer of `why`."""
        station = self.play()
        return station.cp.why(station.now(), self.connector)[0]

    def line(self) -> str:
        """The first line of `evsectl why`, without the number of the connector."""
        row = self.row()
        return f"{row['text']} {row['remedy']}"


# --- before anything can begin ----------------------------------------------------------------------------------------


def down(stage: str, cause: str, next_s: float | None = 8.0) -> Callable[[], Station]:
    def play() -> Station:
        station = Station().started()
        station.happens(ev.LinkDown(stage, cause, next_s))
        station.wait(3)
        return station

    return play


def boot(answer: object, wait_s: float = 9.0) -> Callable[[], Station]:
    def play() -> Station:
        station = Station().started()
        station.script["BootNotification"] = answer  # type: ignore[assignment]
        station.connect()
        station.wait(wait_s)
        return station

    return play


def answer_to_boot(status: str) -> dict[str, object]:
    return {"status": status, "currentTime": clock_text(1000), "interval": 60}


def parked_outside() -> Station:
    station = Station().online()
    station.plug()
    station.wait(12)
    return station


def offline(then: Callable[[Station], object] = lambda station: None, **first: object) -> Callable[[], Station]:
    def play() -> Station:
        station = Station(**first).online()
        station.disconnect()
        station.happens(
            ev.LinkDown("TCP", "csms.example port 443 does not answer: host off, or a firewall drops", 17.0)
        )
        then(station)
        station.wait(2)
        return station

    return play


def rejected_after_a_restart() -> Station:
    station = Station().online().restart()
    station.script["BootNotification"] = answer_to_boot("Rejected")  # type: ignore[assignment]
    station.started().connect()
    station.plug()
    station.wait(5)
    return station


FIRST = (
    Situation("No attempt to connect has ended yet", lambda: Station().started()),
    Situation(
        "The name of the Central System is not known",
        down("DNS", "csms.example port 443: no such name: check [csms] url"),
    ),
    Situation(
        "Nothing listens at the Central System's port",
        down("TCP", "10.0.0.7 port 9000 refuses the connection: nothing listens there, or a firewall refuses"),
    ),
    Situation(
        "Its certificate is not trusted",
        down("TLS", "no secure connection with csms.example port 443: 'unable to get local issuer certificate'"),
    ),
    Situation(
        "It does not know the identity",
        down("HTTP", "the server answers 404 'Not Found': it does not know this path or identity"),
    ),
    Situation(
        "It closes the connection",
        down("WebSocket", "the Central System closed with 1008 'unknown charge point'", 0.0),
    ),
    Situation("BootNotification is not answered yet", boot(SILENCE)),
    Situation("BootNotification was not answered in time", boot(SILENCE, 40)),
    Situation("BootNotification was refused", boot(CallError("InternalError", "database is locked"))),
    Situation("The station is rejected", boot(answer_to_boot("Rejected"))),
    Situation("The station is pending", boot(answer_to_boot("Pending"))),
)

# --- nobody charges ---------------------------------------------------------------------------------------------------


def cable_only() -> Station:
    station = Station(SOCKET).online()
    station.cable(max_amps=20.0)
    return station


def no_cards(plug: bool) -> Callable[[], Station]:
    def play() -> Station:
        station = Station(NO_CARDS).online()
        if plug:
            station.plug()
        return station

    return play


def inoperative(*connectors: int, back: int | None = None) -> Callable[[], Station]:
    def play() -> Station:
        station = Station(DUAL).online()
        for connector in connectors:
            station.request("ChangeAvailability", connectorId=connector, type="Inoperative")
        if back is not None:
            station.request("ChangeAvailability", connectorId=back, type="Operative")
        return station

    return play


def reserved(connector: int = 1, then: str = "", parent: str | None = None) -> Callable[[], Station]:
    def play() -> Station:
        station = Station().online()
        group = {"parentIdTag": parent} if parent else {}
        station.request(
            "ReserveNow", connectorId=connector, expiryDate=clock_text(station.mono + 600), idTag=CARD,
            reservationId=42, **group,
        )  # fmt: skip
        if then == "plug":
            station.plug()
        elif then:
            station.tap(then)
        station.wait(4)
        return station

    return play


def resetting() -> Station:
    station = Station().online()
    station.script["StatusNotification"] = SILENCE
    station.plug()
    station.ask("Reset", type="Soft")
    station.wait(5)
    return station


NOBODY = (
    Situation("No car", lambda: Station().online()),
    Situation("A car, no card", parked_outside),
    Situation("A cable in the socket, no car at it", cable_only),
    Situation("No car, at a product without cards", no_cards(False)),
    Situation("A car, at a product without cards", no_cards(True)),
    Situation("A car, no card, and no connection", offline(lambda station: station.plug())),
    Situation("A car, no card; rejected since the last start", rejected_after_a_restart),
    Situation("One connector out of service", inoperative(1)),
    Situation("The whole station out of service", inoperative(0)),
    Situation("The whole station out of service, this connector Operative", inoperative(0, back=1)),
    Situation("Reserved", reserved()),
    Situation("Reserved for a group", reserved(parent="FLEET")),
    Situation("The whole station reserved", reserved(0)),
    Situation("Reserved, and a car is plugged in", reserved(then="plug")),
    Situation("Reserved, and another card was shown", reserved(then=OTHER)),
    Situation("A reset is under way", resetting),
)

# --- cards and starts -------------------------------------------------------------------------------------------------


def tapped(card: str = CARD, wait_s: float = 12.0, plug: bool = True, product: Product | None = None,
           script: object = None, **first: object) -> Callable[[], Station]:  # fmt: skip
    def play() -> Station:
        station = Station(product, **first).online()
        if script is not None:
            station.script["Authorize"] = script  # type: ignore[assignment]
        if plug:
            station.plug()
        station.tap(card)
        station.wait(wait_s)
        return station

    return play


def card_list(entry: dict[str, object], **first: object) -> Callable[[], Station]:
    def play() -> Station:
        station = Station(LocalAuthListEnabled=True, **first).online()
        listed = [{"idTag": CARD, "idTagInfo": entry}]
        station.request("SendLocalList", listVersion=1, updateType="Full", localAuthorizationList=listed)
        station.disconnect()
        station.plug()
        station.tap(CARD)
        station.wait(6)
        return station

    return play


def remote(product: Product | None = None, before: Callable[[Station], object] = lambda station: None,
           connector: int | None = 1, wait_s: float = 6.0, **first: object) -> Callable[[], Station]:  # fmt: skip
    def play() -> Station:
        station = Station(product, AuthorizeRemoteTxRequests=False, **first).online()
        before(station)
        where = {} if connector is None else {"connectorId": connector}
        station.request("RemoteStartTransaction", idTag=CARD, **where)
        station.wait(wait_s)
        return station

    return play


def remote_asked() -> Station:
    station = Station(AuthorizeRemoteTxRequests=True).online()
    station.script["Authorize"] = refused("Blocked")
    station.request("RemoteStartTransaction", idTag=CARD, connectorId=1)
    station.wait(6)
    return station


def no_reading() -> Station:
    station = Station().online(attached=False)
    station.attach(ev.PilotChanged(1, "B", station.mono))
    station.tap(CARD)
    return station


def stale_reading() -> Station:
    station = Station().online()
    station.reads = False
    station.wait(45)
    station.plug()
    station.tap(CARD)
    return station


def unlocked() -> Station:
    station = Station(SOCKET).online()
    station.cable()
    station.plug()
    station.tap(CARD)
    return station


def behind_another() -> Station:
    station = Station().online()
    station.script["StatusNotification"] = SILENCE
    station.plug()
    station.tap(CARD)
    return station


CARDS = (
    Situation("A card was accepted, no car yet", tapped(plug=False, wait_s=17)),
    Situation("A remote start was accepted, no car yet", remote(wait_s=17)),
    Situation("The Central System is being asked", tapped(script=SILENCE, wait_s=3)),
    Situation("It is asked when another answer has come", behind_another),
    Situation("The cable is being locked", unlocked),
    Situation("The meter was not read yet", no_reading),
    Situation("The meter has stopped to be read", stale_reading),
    Situation("The card is blocked", tapped(script=refused("Blocked"))),
    Situation("The card is expired", tapped(script=refused("Expired"))),
    Situation("The card is not known", tapped(script=refused("Invalid"))),
    Situation("The card charges elsewhere", tapped(script=refused("ConcurrentTx"))),
    Situation("The card is blocked in the local list", card_list({"status": "Blocked"})),
    Situation("An unknown card while offline", offline(lambda station: (station.plug(), station.tap(CARD)))),
    Situation(
        "No car came to the accepted card", tapped(plug=False, wait_s=70, ConnectionTimeOut=60),
    ),
    Situation("The accepted card was shown again", lambda: shown_twice()),
    Situation("No car came to the remote start", remote(wait_s=70, ConnectionTimeOut=60)),
    Situation("A remote start for a connector out of service", remote(
        DUAL, lambda station: station.request("ChangeAvailability", connectorId=1, type="Inoperative"))),
    Situation("A remote start for a connector that is not there", remote(connector=7), 1),
    Situation("A remote start while another car charges", remote(
        None, lambda station: station.charging(OTHER))),
    Situation("A remote start whose card is refused", remote_asked),
    Situation("A card number of 21 characters", tapped(card="0" * 21)),
)  # fmt: skip


def shown_twice() -> Station:
    station = Station().online()
    station.tap(CARD)
    station.wait(5)
    station.tap(CARD)
    station.wait(8)
    return station


# --- a transaction runs -----------------------------------------------------------------------------------------------


def charging(then: Callable[[Station], object] = lambda station: None, wait_s: float = 40.0,
             product: Product | None = None, **first: object) -> Callable[[], Station]:  # fmt: skip
    def play() -> Station:
        station = Station(product, **first).online().charging(CARD)
        station.meter(120, volts=(230.0,), amps=(15.8,), watts=(3634.0,))
        then(station)
        station.wait(wait_s)
        return station

    return play


def derated(station: Station) -> None:
    station.happens(ev.OfferAcked(1, 10.0, "it is too warm for more"))


def started_only(pilot: str = "B", ack: ev.OfferAcked | None = None) -> Callable[[], Station]:
    def play() -> Station:
        station = Station().online()
        station.plug()
        station.tap(CARD)
        if pilot != "B":
            station.wait(20)
            station.pilot(pilot)  # type: ignore[arg-type]
        if ack is not None:
            station.happens(ack)
        station.wait(50)
        return station

    return play


def invalid_after_start(more_wh: int) -> Callable[[], Station]:
    def play() -> Station:
        station = Station(StopTransactionOnInvalidId=False, MaxEnergyOnInvalidId=more_wh).online()
        station.script["StartTransaction"] = {"transactionId": 7, **refused("Blocked")}
        station.charging(CARD)
        station.meter(200)
        return station

    return play


def ended_by_verdict() -> Station:
    station = Station().online()
    station.script["StartTransaction"] = {"transactionId": 7, **refused("Blocked")}
    station.charging(CARD)
    station.open_contactor()
    station.wait(9)
    return station


def station_limit(connector: int) -> Callable[[], Station]:
    def play() -> Station:
        station = Station(DUAL).online().charging(CARD, 1).charging(OTHER, 2)
        cap = profile(9, (0, 10.0), chargingProfilePurpose="ChargePointMaxProfile", chargingProfileKind="Absolute",
                      startSchedule=clock_text(station.mono))  # fmt: skip
        station.request("SetChargingProfile", connectorId=0, csChargingProfiles=cap)
        return station

    return play


def poor_cable() -> Station:
    station = Station(SOCKET).online()
    station.cable(max_amps=5.0, locked=True)
    station.plug()
    station.tap(CARD)
    return station


def update_planned(state: str) -> Callable[[], Station]:
    def play() -> Station:
        dual = Product(connectors=2, secure_firmware=False, download_while_charging=True)
        unit = Unit(dual)
        unit.station.charging(CARD)
        later = clock_text(unit.station.mono + 3600)
        unit.update(**({"retrieveDate": later} if state == "planned" else {}))
        if state == "waits":
            unit.downloaded()
        unit.wait(2)
        return unit.station

    return play


def update_alone(state: str) -> Callable[[], Station]:
    def play() -> Station:
        unit = Unit()
        unit.update()
        unit.downloaded()
        unit.wait(1)
        return unit.station

    return play


def start_refused(attempts: int) -> Callable[[], Station]:
    def play() -> Station:
        station = Station(TransactionMessageAttempts=attempts).online()
        station.script["StartTransaction"] = CallError("InternalError", "no such tariff")
        station.charging(CARD)
        station.wait(7)
        return station

    return play


def stopping(how: Callable[[Station], object]) -> Callable[[], Station]:
    def play() -> Station:
        station = Station().online().charging(CARD)
        how(station)
        station.wait(2)
        return station

    return play


RUNNING = (
    Situation("It charges", charging()),
    Situation("It charges with less, for the board is warm", charging(derated)),
    Situation("It charges, and another card was shown", charging(lambda station: station.tap(OTHER))),
    Situation("It charges, with no connection", charging(lambda station: offline_now(station))),
    Situation("It began while there was no connection", offline(
        lambda station: station.charging(CARD), AllowOfflineTxForUnknownId=True)),
    Situation("Its start is refused and sent again", start_refused(5)),
    Situation("Its start could not be delivered", start_refused(1)),
    Situation("It goes out of service afterwards", charging(
        lambda station: station.request("ChangeAvailability", connectorId=1, type="Inoperative"))),
    Situation("A refused card has some energy left", invalid_after_start(500)),
    Situation("A refused card has had its energy", invalid_after_start(150)),
    Situation("The car does not ask for energy", started_only()),
    Situation("The car asks, the contactor is open", started_only("C", ev.OfferAcked(1, 32.0))),
    Situation("The board gives less than can be signalled", started_only(
        "B", ev.OfferAcked(1, 0.0, "raised at most once in 5 s"))),
    Situation("A charging profile pauses it", charging(lambda station: limit_to(station, 0.0))),
    Situation("A charging profile allows less than 6 A", charging(lambda station: limit_to(station, 5.9))),
    Situation("The limit of the station is used up by another connector", station_limit(2), 2),
    Situation("The cable carries too little", poor_cable),
    Situation("The plug was pulled, the transaction stays", charging(
        lambda station: station.unplug(), StopTransactionOnEVSideDisconnect=False)),
    Situation("A firmware update is planned", update_planned("planned")),
    Situation("A firmware image waits for this car", update_planned("waits")),
    Situation("A firmware image waits for the car at connector 1", update_planned("waits"), 2),
    Situation("A firmware image is being installed", update_alone("installing")),
    Situation("It is being stopped by its card", stopping(lambda station: station.tap(CARD))),
    Situation("It is being stopped by the Central System", stopping(
        lambda station: station.request("RemoteStopTransaction", transactionId=101))),
    Situation("It is being stopped by a technician", stopping(lambda station: station.happens(ev.StopAsked(1, 1)))),
    Situation("It is being stopped for a reset", stopping(lambda station: station.ask("Reset", type="Hard"))),
)  # fmt: skip


def offline_now(station: Station) -> None:
    station.disconnect()


# --- a transaction has ended ------------------------------------------------------------------------------------------


def over(how: Callable[[Station], object], wait_s: float = 9.0, unplug: bool = False) -> Callable[[], Station]:
    def play() -> Station:
        station = Station().online().charging(CARD)
        station.meter(1240)
        how(station)
        if station.cp.parts.connectors[1].state.closed:
            station.open_contactor()
        if unplug:
            station.unplug()
        station.wait(wait_s)
        return station

    return play


def unlocked_remotely() -> Station:
    station = Station(SOCKET).online()
    station.cable(locked=True)
    station.charging(CARD)
    station.ask("UnlockConnector", connectorId=1)
    station.open_contactor(more_wh=300)
    station.wait(4)
    return station


def power_cut(still_in: bool = False) -> Station:
    station = Station().online().charging(CARD)
    station.meter(1240)
    station.wait(70)
    station.restart(dark=True).started(attached=False)
    station.attach(ev.PilotChanged(1, "B" if still_in else "A", station.mono), station.reading())
    station.connect()
    return station


def pulled_from_the_socket() -> Station:
    station = Station(SOCKET, UnlockConnectorOnEVSideDisconnect=False).online()
    station.cable(locked=True)
    station.charging(CARD)
    station.unplug()
    station.wait(3)
    return station


def stop_refused() -> Station:
    station = Station(TransactionMessageAttempts=1).online().charging(CARD)
    station.script["StopTransaction"] = CallError("InternalError", "no such transaction")
    station.meter(40)
    station.unplug()
    station.wait(4)
    return station


def inexact_end() -> Station:
    station = Station().online().charging(CARD)
    station.reads = False
    station.wait(5)
    station.happens(ev.ContactorChanged(1, False, True, station.mono))
    station.tap(CARD)
    station.wait(15)
    return station


OVER = (
    Situation("Ended by its card, the plug is still in", over(lambda station: station.tap(CARD))),
    Situation("Ended by the Central System", over(
        lambda station: station.request("RemoteStopTransaction", transactionId=101))),
    Situation("Ended by a technician", over(lambda station: station.happens(ev.StopAsked(1, 1)))),
    Situation("The Central System refused the card after the start", ended_by_verdict),
    Situation("Ended by UnlockConnector", unlocked_remotely),
    Situation("Unplugged while it charged", over(lambda station: None, unplug=True)),
    Situation("Unplugged after the card had ended it", over(lambda station: station.tap(CARD), unplug=True)),
    Situation("The power failed, the plug is still in", lambda: power_cut(still_in=True)),
    Situation("The power failed, the car is gone", power_cut),
    Situation("The cable is kept for its driver", pulled_from_the_socket),
    Situation("Its end could not be delivered", stop_refused),
    Situation("Its meter could not be read at the end", inexact_end),
)  # fmt: skip


def free_vend() -> Station:
    return Station(free_vend="FREE", AuthorizationCacheEnabled=False)


def nobody_is_asked_for_a_card() -> Station:
    station = free_vend().online()
    station.wait(60)
    return station


def starting_without_a_card() -> Station:
    station = free_vend().online()
    station.script["Authorize"] = SILENCE
    station.plug()
    station.wait(1)
    return station


def no_card_refused(online: bool) -> Callable[[], Station]:
    def play() -> Station:
        station = free_vend().online()
        station.script["Authorize"] = refused("Blocked")
        if not online:
            station.disconnect()
        station.plug()
        station.wait(5)
        return station

    return play


def had_its_transaction() -> Station:
    station = free_vend().online()
    station.plug()
    station.request("RemoteStopTransaction", transactionId=station.transaction().transaction_id)
    station.wait(600)
    station.restart().happens(ev.Started())
    station.attach(ev.PilotChanged(1, "B", station.mono), station.reading())
    station.connect()
    station.wait(600)
    return station


NO_CARD_NEEDED = (
    Situation("No car is plugged in, where no card is needed", nobody_is_asked_for_a_card),
    Situation("A car is plugged in and its start is awaited", starting_without_a_card),
    Situation("The Central System refuses the idTag of free vend", no_card_refused(online=True)),
    Situation("The idTag of free vend is not known offline", no_card_refused(online=False)),
    Situation("The car has had its transaction", had_its_transaction),
)

GROUPS: dict[str, tuple[Situation, ...]] = {
    "Before the first acceptance": FIRST,
    "Nobody charges": NOBODY,
    "Cards and starts": CARDS,
    "Charging without a card ([station] free_vend)": NO_CARD_NEEDED,
    "A transaction runs": RUNNING,
    "A transaction has ended": OVER,
    "Faults": tuple(Situation(title, play) for title, play in faulty.SITUATIONS),
}


def every() -> Iterator[Situation]:
    """All of them, in the order of the page."""
    for situations in GROUPS.values():
        yield from situations
