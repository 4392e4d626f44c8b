"""The component in Python, without anything of zalouser's host: wasmtime-py runs it.

    python drive.py COMPONENT CONFIG RECORDING

Configures the default account, hands it the recorded output of `zca listen`, and prints each decision as a line of
JSON.
"""

import json
import sys
import time
from pathlib import Path

from wasmtime import Engine, Store
from wasmtime.component import Component, Linker, Record

VERSION = "0.1.0"


class Plugin:
    """An instance of the component, whose functions are called by their names in WIT."""

    def __init__(self, file):
        engine = Engine()
        self.store = Store(engine)
        self.instance = Linker(engine).instantiate(self.store, Component.from_file(engine, file))

    def call(self, interface, function, *arguments):
        exported = self.instance.get_export_index(self.store, f"zalouser:plugin/{interface}@{VERSION}")
        index = self.instance.get_export_index(self.store, function, exported)
        return self.instance.get_func(self.store, index)(self.store, *arguments)


def decision(effect):
    said = vars(effect.payload)
    match effect.tag:
        case "deliver":
            reason = {"reason": said["admission"], "body": said["body"]}
        case "pair":
            reason = {"reason": "not-paired"}
        case "drop":
            reason = {"reason": said["reason"]}
        case _:
            return None
    return {
        "outcome": effect.tag,
        "senderId": said["sender-id"],
        "messageId": said["message-id"],
        **reason,
    }


def main(component, config, recording):
    plugin = Plugin(component)
    environment = Record()
    setattr(environment, "zca-profile", None)
    loaded = plugin.call("config", "load", Path(config).read_text(), environment)
    if isinstance(loaded, list):
        sys.exit("\n".join(f"{error.path} {error.problem}" for error in loaded))
    loaded = vars(loaded)
    account = next(account for account in loaded["accounts"] if account.id == loaded["default-account"])
    monitor = plugin.call("inbound", "[constructor]monitor", account, [])
    now = int(time.time() * 1000)
    # A last line without an end is a line all the same.
    lines = Path(recording).read_bytes() + b"\n"
    effects = plugin.call("inbound", "[method]monitor.push", monitor, lines, now, "origin")
    for told in filter(None, map(decision, effects)):
        print(json.dumps(told, ensure_ascii=False))


main(*sys.argv[1:])
