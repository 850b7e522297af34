#!/usr/bin/python3
"""Prints every attachment event of the token's project once and in order, also after lost connections and restarts.

    OS_TOKEN=$(openstack token issue -f value -c id) python3 examples/listener.py ws://127.0.0.1:4000/graphql cursor.txt

Needs the package websockets, 10 or later (Debian: python3-websockets).
"""
import asyncio
import json
import os
import pathlib
import random
import sys

import websockets

LIST = "{ shareAttachments { eventCursor } }"
EVENTS = """subscription ($after: String!) {
  shareAttachmentEvents(after: $after) { cursor type at attachment { id status fault { message } } }
}"""


class OperationError(Exception):
    """The gateway answered an operation with errors."""

    def __init__(self, errors):
        super().__init__("; ".join(error["message"] for error in errors))
        self.codes = [error.get("extensions", {}).get("code") for error in errors]


async def execute(socket, query, variables=None):
    """Sends one operation (graphql-transport-ws) and yields the data of each of its results."""
    payload = {"query": query, "variables": variables or {}}
    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
    async for text in socket:
        message = json.loads(text)
        if message["type"] == "ping":
            await socket.send('{"type": "pong"}')
        elif message["type"] == "error":
            raise OperationError(message["payload"])
        elif message["type"] == "next":
            if message["payload"].get("errors"):
                raise OperationError(message["payload"]["errors"])
            yield message["payload"]["data"]
        elif message["type"] == "complete":
            return


async def listen(url, token, cursor_file):
    """Reads events over one connection, from the stored cursor, until the connection or the subscription ends."""
    async with websockets.connect(url, subprotocols=["graphql-transport-ws"]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"X-Auth-Token": token}}))
        if json.loads(await socket.recv())["type"] != "connection_ack":
            raise ConnectionError("expected connection_ack")
        if not cursor_file.exists():
            # a program that keeps its own list of attachments reads it here: later events do not repeat it
            async for data in execute(socket, LIST):
                cursor_file.write_text(data["shareAttachments"]["eventCursor"])
        async for data in execute(socket, EVENTS, {"after": cursor_file.read_text()}):
            event = data["shareAttachmentEvents"]
            print(json.dumps(event), flush=True)
            cursor_file.write_text(event["cursor"])


async def main(url, token, cursor_file):
    """Listens for ever; each new connection continues after the last cursor."""
    while True:
        try:
            await listen(url, token, cursor_file)
        except websockets.ConnectionClosed as closed:
            if closed.rcvd and closed.rcvd.code == 4401:
                sys.exit(f"The token is not valid: {closed.rcvd.reason}")
        except OperationError as error:
            if "CURSOR_EXPIRED" in error.codes:
                cursor_file.unlink(missing_ok=True)
        except (OSError, ConnectionError, websockets.WebSocketException):
            pass  # the gateway is away
        await asyncio.sleep(0.05 + 0.5 * random.random())


if __name__ == "__main__":
    if len(sys.argv) != 3 or not os.environ.get("OS_TOKEN"):
        print("Usage: OS_TOKEN=<token> python3 examples/listener.py <ws://host/graphql> <cursor file>", file=sys.stderr)
        sys.exit(2)
    asyncio.run(main(sys.argv[1], os.environ["OS_TOKEN"], pathlib.Path(sys.argv[2])))
