"""An MCP client of the official Python SDK that does what it is told, as tests/node/driver.mjs is told the same.

One JSON object a line on standard input, one answer a line on standard output.
What goes wrong is an answer, too: {failed: {name, code, message}}.
"""

import json
import sys
from contextlib import AsyncExitStack

import anyio
import httpx2
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

ERAS = {"legacy": "legacy", "modern": "2026-07-28", "auto": "auto"}


def leaf(error):
    """What really went wrong, out of the groups that tasks make of it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def failure(error):
    error = leaf(error)
    response = getattr(error, "response", None)
    code = getattr(getattr(error, "error", None), "code", None) or getattr(response, "status_code", None)
    return {"failed": {"name": type(error).__name__, "code": code, "message": str(error)}}


class Driver:
    def __init__(self):
        self.stack = AsyncExitStack()
        self.client = None

    async def connect(self, order):
        await self.end(order)
        if order["kind"] == "sse":
            transport = sse_client(order["url"], headers=order["headers"])
        else:
            http = httpx2.AsyncClient(headers=order["headers"], trust_env=False, timeout=20)
            transport = streamable_http_client(order["url"], http_client=await self.stack.enter_async_context(http))
        client = Client(transport, mode=ERAS[order.get("era") or "legacy"], read_timeout_seconds=20, cache=None)
        self.client = await self.stack.enter_async_context(client)
        return {
            "server": client.server_info.name if client.server_info else None,
            "capabilities": client.server_capabilities.model_dump(by_alias=True, exclude_none=True),
            "instructions": client.instructions,
            "version": client.protocol_version,
        }

    async def tools(self, _):
        tools, cursor = [], None
        while True:
            page = await self.client.list_tools(cursor=cursor)
            tools += [tool.model_dump(by_alias=True, exclude_none=True) for tool in page.tools]
            cursor = page.next_cursor
            if not cursor:
                return {"tools": tools}

    async def call(self, order):
        if order.get("cancel"):
            with anyio.move_on_after(0.001):
                await self.client.call_tool(order["name"], order.get("args") or {})
            return {"failed": {"name": "Cancelled", "code": None, "message": "not wanted any more"}}
        result = await self.client.call_tool(order["name"], order.get("args") or {})
        text = "".join(part.text for part in result.content if part.type == "text")
        return {"isError": bool(result.is_error), "text": text, "structured": result.structured_content}

    async def end(self, _):
        stack, self.stack = self.stack, AsyncExitStack()
        await stack.aclose()
        return {}


async def main():
    driver = Driver()
    while line := await anyio.to_thread.run_sync(sys.stdin.readline):
        order = json.loads(line)
        try:
            answer = await getattr(driver, order["do"])(order)
        except Exception as error:
            answer = failure(error)
            if order["do"] == "connect":
                await driver.end(order)
        print(json.dumps(answer), flush=True)


anyio.run(main)
