"""`evidence devices`: the register, checks before a shift, issue and return, faults, lists."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from evidence.answers.device import (
    check_out,
    clocks_out,
    device_history_out,
    device_out,
    issue_out,
    listed_out,
    service_out,
    stock_out,
)
from evidence.answers.people import with_names
from evidence.cli.coded import of_pack, one_of
from evidence.cli.device_lines import history_lines
from evidence.cli.lists import print_table
from evidence.cli.site import OPERATOR, Data, Json, open_site, print_json
from evidence.cli.units import unit_names, unit_of
from evidence.cli.words import print_new, printable, time_text
from evidence.domain.devices import ServiceKind
from evidence.locale import Word, say
from evidence.service.devices.device_register import DeviceDetails

app = typer.Typer(help="设备 / recording devices", no_args_is_help=True)
Device = Annotated[str, typer.Argument(help="设备编号或标识 / serial number or id")]
Number = Annotated[str, typer.Argument(help="人员编号 / number of the person")]
Maker = Annotated[str | None, typer.Option(help="制造商 / maker")]
Model = Annotated[str | None, typer.Option(help="型号 / model")]
Firmware = Annotated[str | None, typer.Option(help="固件版本 / firmware")]
Capacity = Annotated[int | None, typer.Option(help="存储容量，MiB / capacity of its card")]
Until = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="使用年限止日 / last day of service")
]


@app.command()
def add(
    serial: Annotated[str, typer.Argument(help="设备编号，同采集站所报 / serial number, as docks send it")],
    class_: Annotated[
        str,
        typer.Option(
            "--class", help="类别，见规则包 / class, as the policy pack names it", **of_pack("device-class")
        ),
    ],
    unit: Annotated[str, typer.Option(help="单位标识或全名 / id or full name of its unit")],
    maker: Maker = None,
    model: Model = None,
    firmware: Firmware = None,
    capacity_mib: Capacity = None,
    service_until: Until = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """登记设备 / Register a device; prints its id."""
    details = _details(maker, model, firmware, capacity_mib, service_until)
    application = open_site(data)
    where = unit_of(application, unit)
    new = device_out(application.equipment.register.add(OPERATOR, serial, class_, where, **details))
    if json_:
        print_json(new)
        return
    print_new(new["id"], "device", serial=serial)


@app.command()
def change(
    device: Device,
    unit: Annotated[
        str | None, typer.Option(help="调往单位的标识或全名 / id or full name of another unit")
    ] = None,
    maker: Maker = None,
    model: Model = None,
    firmware: Firmware = None,
    capacity_mib: Capacity = None,
    service_until: Until = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """更改登记或调拨 / Change a device's row, or hand it to another unit."""
    details = _details(maker, model, firmware, capacity_mib, service_until)
    application = open_site(data)
    if unit is not None:
        details["unit_id"] = unit_of(application, unit)
    _done(device_out(application.equipment.register.change(OPERATOR, device, **details)), json_)


@app.command("list")
def list_(data: Data = None, json_: Json = False) -> None:
    """设备清单 / List the devices: whose, where, in what order, how full, what is not brought in."""
    application = open_site(data)
    rows = [listed_out(one) for one in application.equipment.reports.all(OPERATOR)]
    if json_:
        print_json(rows)
        return
    zone = application.site.policies.latest.time_zone
    columns = ("serial", "class", "unit", "state", "holder", "checked", "service_until", "full", "not_sealed")
    print_table(columns, [_line(row, zone) for row in rows])
    if not rows:
        print(say("cli.nothing-listed"))


@app.command()
def show(device: Device, data: Data = None, json_: Json = False) -> None:
    """一台设备的全部记录 / All about one device: checks, issues, faults and maintenance, newest first."""
    application = open_site(data)
    found = device_history_out(application.equipment.reports.history(OPERATOR, device))
    if json_:
        print_json(found)
        return
    zone = application.site.policies.latest.time_zone
    rows = [found, *found["checks"], *found["issues"], *found["services"]]
    who = with_names(application.site, OPERATOR, [{"people": rows}])[0]["who"]
    print("\n".join(history_lines(found, unit_names(application)[found["unit"]], who, zone)))


@app.command()
def units(data: Data = None, json_: Json = False) -> None:
    """各单位的设备、专人和缺额 / What each unit has and needs, and who keeps it."""
    rows = [stock_out(one) for one in open_site(data).equipment.reports.by_unit(OPERATOR)]
    if json_:
        print_json(rows)
        return
    shown = [
        {
            **row,
            "unit": row["name"],
            "custodians": " ".join(row["custodians"]) or f"‼ {say('device.no-keeper')}",
        }
        for row in rows
    ]
    print_table(("unit", "custodians", "devices", "officers", "needed", "short"), shown)
    if not rows:
        print(say("cli.nothing-listed"))


@app.command()
def clocks(data: Data = None, json_: Json = False) -> None:
    """各采集站所测的时钟偏差 / How far clocks were off at each dock, over the last thirty days."""
    application = open_site(data)
    found = clocks_out(application.equipment.reports.clocks(OPERATOR))
    if json_:
        print_json(found)
        return
    columns = ("dock", "device", "cards", "last_offset_ms", "largest_offset_ms", "drift_ms_per_day")
    print_table((*columns, "over_limit"), found["clocks"])
    for dock in found["suspected_docks"]:
        print(f"‼ {say('device.suspected-dock', dock=printable(dock))}")
    if not found["clocks"]:
        print(say("cli.nothing-listed"))


@app.command()
def check(
    device: Device,
    battery: Annotated[int, typer.Option(help="电量，% / battery")],
    free: Annotated[int, typer.Option(help="剩余空间，% / free space")],
    clock_offset_ms: Annotated[int, typer.Option(help="时钟偏差，毫秒 / clock offset")] = 0,
    data: Data = None,
    json_: Json = False,
) -> None:
    """出勤前检查 / Note a check before a shift; exit code 1 where something is out of order."""
    desk = open_site(data).equipment.custody
    done = check_out(*desk.check(OPERATOR, device, battery, free, clock_offset_ms))
    if json_:
        print_json(done)
    else:
        faults = " · ".join(say(f"device-fault.{one}") for one in done["faults"])
        print(f"‼ {faults}" if faults else say("device.in-order"))
    if done["faults"]:
        raise typer.Exit(1)


@app.command()
def issue(
    device: Device,
    number: Number,
    override: Annotated[
        str | None, typer.Option(help="未按时检查而领用的理由 / why without a check in time")
    ] = None,
    data: Data = None,
    json_: Json = False,
) -> None:
    """领用 / Hand a device to a person."""
    _done(issue_out(open_site(data).equipment.custody.issue(OPERATOR, device, number, override)), json_)


@app.command("return")
def give_back(device: Device, number: Number, data: Data = None, json_: Json = False) -> None:
    """归还；由他人归还的照收并提出 / Take a device back from whoever brings it; another's is raised."""
    done = issue_out(open_site(data).equipment.custody.give_back(OPERATOR, device, number))
    _done(done, json_)
    if done["by_another"] and not json_:
        print(f"‼ {say('device.by-another')}")


@app.command()
def report(
    device: Device,
    kind: Annotated[
        ServiceKind,
        typer.Argument(help="故障或保养 / fault or maintenance", **one_of(ServiceKind, "service-kind")),
    ],
    note: Annotated[str, typer.Option(help="情况 / what is wrong or done")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """报告故障或开始保养 / Report a fault, or that maintenance begins; nobody is issued it meanwhile."""
    _done(service_out(open_site(data).equipment.custody.report(OPERATOR, device, kind, note)), json_)


@app.command()
def settle(
    device: Device,
    outcome: Annotated[str, typer.Option(help="结果 / how it ended")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """故障已修复或保养完毕 / Note that a fault is mended, or maintenance over."""
    _done(service_out(open_site(data).equipment.custody.settle(OPERATOR, device, outcome)), json_)


@app.command()
def retire(
    device: Device,
    reason: Annotated[str, typer.Option(help="理由 / reason")],
    wiped: Annotated[str, typer.Option(help="清除存储的证明 / how it was shown that nothing is left on it")],
    data: Data = None,
    json_: Json = False,
) -> None:
    """淘汰；未采集完毕的不得淘汰 / Retire a device; refused while files of it are not brought in."""
    _done(device_out(open_site(data).equipment.register.retire(OPERATOR, device, reason, wiped)), json_)


def _details(
    maker: str | None,
    model: str | None,
    firmware: str | None,
    capacity_mib: int | None,
    service_until: datetime | None,
) -> DeviceDetails:
    """Return what was said; what was not said stays as it is."""
    said: DeviceDetails = {}
    if maker is not None:
        said["maker"] = maker
    if model is not None:
        said["model"] = model
    if firmware is not None:
        said["firmware"] = firmware
    if capacity_mib is not None:
        said["capacity_mib"] = capacity_mib
    if service_until is not None:
        said["service_until"] = service_until.date()
    return said


def _line(row: Mapping[str, Any], zone: str) -> dict[str, Any]:
    check = row["check"]
    checked = "" if check is None else time_text(check["at"], zone)
    faults = [] if check is None else check["faults"]
    over = "‼ " if row["service_over"] else ""
    kind = row["service"] and Word(f"service-kind.{row['service']['kind']}")
    service = f" ‼ {say('device.not-ended', kind=kind)}" if kind else ""
    return {
        **row,
        "class": say(f"device-class.{row['class']}"),
        "unit": row["unit_name"],
        "state": say(f"device-state.{row['state']}") + service,
        "holder": "" if row["holder"] is None else row["holder"]["number"],
        "checked": " ".join((checked, *(f"‼ {say(f'device-fault.{one}')}" for one in faults))),
        "service_until": f"{over}{row['service_until'] or ''}",
        "full": row["days_until_full"],
        "not_sealed": row["not_sealed"] or None,
    }


def _done(done: Mapping[str, Any], json_: bool) -> None:
    if json_:
        print_json(done)
    else:
        print(say("device.done"))
