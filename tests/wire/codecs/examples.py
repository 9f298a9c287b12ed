"""A payload or more of every format, made from the public specifications, to be decoded, cut, bent and printed."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Final, NamedTuple

RECEIVED_AT: Final = datetime(2026, 5, 1, 6, 0, tzinfo=UTC)


class Example(NamedTuple):
    """A message as it would arrive."""

    topic: str
    payload: bytes


EXAMPLES: Final[dict[str, list[Example]]] = {
    "beatwatch-json": [
        Example("bw/1/acme/van-1/pos", b'{"fix_time":"2026-05-01T05:59:58Z","longitude_deg":77.6,"latitude_deg":13,"seq":7}'),
        Example("bw/1/acme/van-1/pos", b'[{"fix_time":1777615198000,"temperature_c":[3.5,null]},{"alarms":["sos"],"seq":8}]'),
        Example("bw/1/acme/shelf-1/sensor", b'{"measured_at":"2026-05-01T05:59:58Z","weight_g":5200.5,"count":13}'),
        Example("bw/1/acme/van-1/status", b'{"online":false}'),
        Example("", b'{"reported_at":"2026-05-01T05:59:58Z","firmware":"1.2.0"}'),
    ],
    "beatwatch-cbor": [
        Example("bw/1/acme/van-1/pos", bytes.fromhex("a601030207031b0000019de21f5730041a2e3f4b60051a07bb10a00cf5")),
        Example("bw/1/acme/van-1/pos", bytes.fromhex("82a10207a20208178219015ef6")),
        Example("bw/1/acme/shelf-1/sensor", bytes.fromhex("a21820191450182119028f")),
        Example("bw/1/acme/van-1/status", bytes.fromhex("a11828f4")),
    ],
    "teltonika": [
        Example(
            "352093081429150/data",
            bytes.fromhex(
                "000000000000004a8e010000016b412cee000100000000000000000000000000000000010005000100010100010011001d00010010015e2c880002"
                "000b000000003544c87a000e000000001dd7e06a00000100002994"
            ),
        ),
        Example(
            "352093081429150/data",
            bytes.fromhex(
                "000000000000005f10020000016bdbc7833000000000000000000000000000000000000b05040200010000030002000b00270042563a0000000001"
                "6bdbc7871800000000000000000000000000000000000b05040200010000030002000b00260042563a00000200005fb3"
            ),
        ),
        Example("352093081429150/data", bytes.fromhex("000f333532303933303831343239313530")),
    ],
    "teltonika-json": [
        Example(
            "352093081429150/data",
            b'{"state":{"reported":{"ts":1777615198000,"pr":0,"latlng":"12.9720978,77.5931818","alt":"900","ang":90,"sat":"9",'
            b'"sp":36,"evt":0,"239":1,"240":"1","66":"12600","16":123456,"72":4294967246,"25":65436,"662":0,"181":12,"182":9}}}',
        ),
    ],
    "ais140": [
        Example(
            "ais140/861359034137271/raw",
            b"$,NRM,ACME,1.2.0,NR,01,L,861359034137271,KA01I2000,1,01052026,055958,12.972098,N,77.593182,E,36.0,90.0,9,900.0,"
            b"1.40,0.90,Airtel,1,1,12.6,4.1,0,C,22,404,45,61B4,9AD9,31,9ADB,61B4,35,FFFF,0000,33,FFFF,0000,31,FFFF,0000,"
            b"0100,00,000123,7B*\r\n",
        ),
        Example(
            "ais140/861359034137271/raw",
            b"$,NRM,ACME,1.2.0,BD,03,H,861359034137271,KA01I2000,0,00000000,000000,0.000000,N,0.000000,E,0.0,0.0,0,0.0,"
            b"0.0,0.0,Airtel,0,0,0.0,3.9,1,O,22,404,45,61B4,9AD9,,,,,,,,,,,,,0000,00,000124,00*",
        ),
        Example(
            "ais140/861359034137271/raw",
            b"$EPB,EMR,861359034137271,NM,01052026055958,A,12.972098,N,077.593182,E,900.0,36.0,0.0,G,KA01I2000,+910000000000*",
        ),
        Example("ais140/861359034137271/raw", b"$LGN,KA01I2000,861359034137271,1.2.0,12.972098,N,77.593182,E"),
        Example("ais140/861359034137271/raw", b"$,02,ACME,1.2.0,861359034137271,85,30,00.0,00005,00600,1000,01,00.1,00.0,"),
    ],
    "traccar": [
        Example(
            "traccar/positions",
            b'{"position":{"id":0,"deviceId":7,"protocol":"gt06","fixTime":"2026-05-01T05:59:58.000+00:00","valid":true,'
            b'"latitude":12.9720978,"longitude":77.5931818,"altitude":900.0,"speed":19.438445,"course":90.0,"accuracy":0.0,'
            b'"attributes":{"ignition":true,"motion":true,"door":false,"sat":9,"hdop":0.9,"batteryLevel":80,"battery":4.1,'
            b'"power":12.6,"odometer":123456.0,"fuel":40.5,"temp1":-18.5,"temp3":4.0,"alarm":"hardBraking,sos","archive":true}},'
            b'"device":{"id":7,"uniqueId":"861359034137271","name":"van 1"}}',
        ),
    ],
    "owntracks": [
        Example(
            "owntracks/ravi/phone",
            b'{"_type":"location","lat":12.97,"lon":77.59,"tst":1777615198,"acc":12,"vel":36,"cog":90,"batt":81,"t":"u"}',
        ),
        Example("owntracks/ravi/phone/event", b'{"_type":"transition","event":"enter","tst":1777615198,"lat":13,"lon":77.6}'),
        Example("owntracks/ravi/phone", b'{"_type":"lwt","tst":1777600000}'),
        Example("owntracks/ravi/phone/waypoint", b'{"_type":"waypoint","desc":"depot","tst":1777600000}'),
    ],
    "chirpstack": [
        Example(
            "application/5bb92de6/device/a8404187d187106e/event/up",
            b'{"deduplicationId":"9ffbc7be","time":"2026-05-01T05:59:58.863512+00:00","deviceInfo":{"devEui":"a8404187d187106e"},'
            b'"fCnt":42,"fPort":2,"object":{"BatV":3.301,"TempC_SHT":4.5,"Hum_SHT":65.5,"Door_open_status":0},"rxInfo":[]}',
        ),
        Example(
            "application/5bb92de6/device/a8404187d187106e/event/status",
            b'{"deduplicationId":"9ffbc7bf","time":"2026-05-01T05:59:58Z","deviceInfo":{"devEui":"a8404187d187106e"},'
            b'"margin":10,"batteryLevel":75.5}',
        ),
        Example(
            "application/5bb92de6/device/a8404187d187106e/event/location",
            b'{"time":"2026-05-01T05:59:58Z","deviceInfo":{"devEui":"a8404187d187106e"},'
            b'"location":{"latitude":12.97,"longitude":77.59,"accuracy":300}}',
        ),
        Example("application/5bb92de6/device/a8404187d187106e/event/join", b'{"deviceInfo":{"devEui":"a8404187d187106e"}}'),
    ],
    "ttn": [
        Example(
            "v3/shelves@acme/devices/cooler-1/up",
            b'{"end_device_ids":{"device_id":"cooler-1","dev_eui":"0004A30B001C0530"},"received_at":"2026-05-01T05:59:59.1Z",'
            b'"uplink_message":{"f_port":1,"f_cnt":15,"decoded_payload":{"temperature_0":4.5,"relative_humidity_1":60},'
            b'"received_at":"2026-05-01T05:59:58.954236764Z"}}',
        ),
        Example(
            "v3/shelves@acme/devices/crate-1/up",
            b'{"end_device_ids":{"device_id":"crate-1"},"uplink_message":{"received_at":"2026-05-01T05:59:58Z",'
            b'"decoded_payload":{"gps_0":{"latitude":12.97,"longitude":77.59,"altitude":900},"temperature_1":7.5,"count":3}}}',
        ),
        Example(
            "v3/shelves@acme/devices/cooler-1/join",
            b'{"end_device_ids":{"device_id":"cooler-1"},"join_accept":{}}',
        ),
    ],
    "senml-json": [
        Example(
            "senml/cooler-1",
            b'[{"bn":"urn:dev:mac:0024befffe804ff1:","bt":1777615198,"n":"temp","u":"Cel","v":4.5},{"n":"hum","u":"%RH","v":65.5},'
            b'{"n":"door","vb":false},{"n":"label","vs":"top"},{"n":"shelf","u":"kg","v":5.25,"t":-60}]',
        ),
        Example("senml/crate-1", b'[{"bn":"crate-1","u":"lat","v":12.97},{"u":"lon","v":77.59},{"u":"km/h","v":36}]'),
    ],
    "senml-cbor": [
        Example(
            "senml/cooler-1",
            bytes.fromhex("82a52169636f6f6c65722d313a221a69f4415e006474656d70016343656c02fb4012000000000000a20064646f6f7204f5"),
        ),
    ],
    "sparkplug": [
        Example(
            "spBv1.0/acme/NBIRTH/gate-1",
            base64.b64decode(
                "CNLig7n6MhINCgViZFNlcRABIAhYWBIcChROb2RlIENvbnRyb2wvUmViaXJ0aBACIAtwABIaCgtUZW1wZXJhdHVyZRBkIAppAAAAAACANUAYAA=="
            ),
        ),
        Example("spBv1.0/acme/NDATA/gate-1", base64.b64decode("CNLig7n6MhINEGQgCmkAAAAAAAA5QBgB")),
        Example("spBv1.0/acme/NDEATH/gate-1", base64.b64decode("CNLig7n6MhINCgViZFNlcRABIAhYWBgA")),
    ],
    "zigbee2mqtt": [
        Example(
            "zigbee2mqtt/cooler door",
            b'{"battery":95,"contact":true,"last_seen":"2026-05-01T11:29:58+05:30","linkquality":120,"temperature":4.5,'
            b'"humidity":65.5,"voltage":3005}',
        ),
        Example("zigbee2mqtt/cooler door", b'{"contact":false}'),
        Example("zigbee2mqtt/cooler door/availability", b'{"state":"offline"}'),
        Example("zigbee2mqtt/cooler door/availability", b"online"),
        Example("zigbee2mqtt/lamp", b'{"brightness":254,"state":"ON"}'),
    ],
    "gt06": [
        Example("gt06/123456789012345/raw", bytes.fromhex("78780d01012345678901234500018cdd0d0a")),
        Example(
            "gt06/123456789012345/raw",
            bytes.fromhex("78781f120b081d112e10cf027ac7eb0c46584900148f01cc00287d001fb8000380810d0a"),
        ),
        Example("gt06/123456789012345/raw", bytes.fromhex("78780a134004040001000fdcee0d0a")),
        Example(
            "gt06/123456789012345/raw",
            bytes.fromhex("787825160b0b0f0e241dcf027ac8870c4657e60014020901cc00287d001f726506040101003656a40d0a"),
        ),
    ],
}
