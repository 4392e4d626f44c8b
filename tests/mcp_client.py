"""A client of the Model Context Protocol, made of the official Python SDK, that uses `zalouser mcp`.

    mcp_client.py PROGRAM legacy|auto

`legacy` begins with `initialize`, `auto` with `server/discover` as of revision 2026-07-28. What came of it is
printed as one JSON object, for a test to judge.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from jsonschema import Draft202012Validator
from mcp import Client, MCPError, StdioServerParameters

# A test that waits this long fails; it only has to be longer than a busy machine needs, in seconds.
PATIENCE = 60
HOME = Path(os.environ["ZCA_SIMULATOR_HOME"])


def running(mark):
    """The processes that have this in one of their arguments."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, state = (process / "cmdline").read_bytes(), (process / "stat").read_text()
        except OSError:
            continue
        if mark.encode() in command and ") Z " not in state:
            found.append(process.name)
    return found


async def until(what, look):
    for _ in range(PATIENCE * 100):
        if look():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError(f"{what} did not happen")


async def called(client, tools, name, arguments):
    """The result of a call, which has to be what the tool's own schemas say."""
    result = await client.call_tool(name, arguments)
    answer = result.structured_content
    Draft202012Validator(tools[name].output_schema).validate(answer)
    if not result.is_error:
        Draft202012Validator(tools[name].input_schema).validate(arguments)
    assert json.loads(result.content[0].text) == answer, "the text says the same"
    return {"error": result.is_error, "answer": answer}


async def cancel(client):
    """Takes a call back while its process runs, and waits for the end of that process."""
    mark = "stuck-" + os.urandom(8).hex()
    arguments = {"threadId": "user:111", "message": mark}
    call = asyncio.create_task(client.call_tool("zalouser_send", arguments))
    await until("the start of the process", lambda: mark in (HOME / "calls.jsonl").read_text() and running(mark))
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    await until("the end of the process", lambda: not running(mark))


async def use(program, mode):
    log = []

    async def logged(entry):
        log.append({"level": entry.level, "logger": entry.logger, **entry.data})

    server = StdioServerParameters(command=program, args=["mcp", "--thread", "group:5001"], env=dict(os.environ))
    async with Client(server, mode=mode, logging_callback=logged, log_level="debug") as client:
        legacy = mode == "legacy"
        if legacy:
            await client.set_logging_level("debug")
        listed = (await client.list_tools()).tools
        tools = {tool.name: tool for tool in listed}
        for tool in listed:
            Draft202012Validator.check_schema(tool.input_schema)
            Draft202012Validator.check_schema(tool.output_schema)
        report = {
            "protocol": client.protocol_version,
            "server": client.server_info.name,
            "tools": [tool.model_dump(by_alias=True, exclude_none=True) for tool in listed],
            "sent": await called(client, tools, "zalouser_send", {"message": "hello"}),
            "friends": await called(client, tools, "zalouser_friends", {"query": "alice"}),
            "wrong": await called(client, tools, "zalouser_send", {"threadId": "Alice", "message": "hi"}),
            "failed": await called(client, tools, "zalouser_send", {"threadId": "111", "message": "lost"}),
        }
        for key, name, arguments in [
            ("no_such_tool", "zalouser_dance", {}),
            ("other_action", "zalouser_me", {"action": "send"}),
        ]:
            try:
                await client.call_tool(name, arguments)
            except MCPError as error:
                report[key] = {"code": error.code, "message": error.message}
        await cancel(client)
        report["after"] = await called(client, tools, "zalouser_me", {})
        report["log"] = list(log)
        if legacy:
            log.clear()
            await client.set_logging_level("error")
            await called(client, tools, "zalouser_status", {})
            report["quiet_log"] = list(log)
    return report


print(json.dumps(asyncio.run(use(*sys.argv[1:]))))
