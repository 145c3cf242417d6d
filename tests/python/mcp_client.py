"""Drives the server with the official MCP client: lists tools, reads a day's shifts and records, checks somebody in.

usage: mcp_client.py URL KEY DATE SHIFT_ID USER_ID; prints one JSON object.
"""

import asyncio
import json
import sys

import httpx2
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client


async def main(url, key, date, shift, user):
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(headers=headers, trust_env=False, timeout=20) as http:
        async with streamable_http_client(url, http_client=http) as streams:
            async with ClientSession(streams[0], streams[1]) as session:
                hello = await session.initialize()
                tools, cursor = [], None
                while True:
                    page = await session.list_tools(params={"cursor": cursor} if cursor else None)
                    tools += page.tools
                    cursor = page.next_cursor
                    if not cursor:
                        break

                async def call(name, arguments):
                    result = await session.call_tool(name, arguments)
                    text = "".join(part.text for part in result.content)
                    return {"isError": bool(result.is_error), "value": json.loads(text)}

                print(json.dumps({
                    "server": hello.server_info.name,
                    "tools": [tool.name for tool in tools],
                    "readOnly": [tool.name for tool in tools if tool.annotations and tool.annotations.read_only_hint],
                    "shifts": await call("listShifts", {"shiftDate": date}),
                    "records": await call("listAttendanceRecords", {"shiftDate": date, "pageRowCount": "25"}),
                    "checkIn": await call("checkInAttendance", {"shiftId": shift, "userId": user}),
                    "again": await call("checkInAttendance", {"shiftId": shift, "userId": user}),
                    "wrong": await call("checkInAttendance", {"shiftId": "none", "userId": 7}),
                }))


asyncio.run(main(*sys.argv[1:]))
