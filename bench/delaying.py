"""A proxy that holds back what the server answers, as a slow line does."""

import asyncio
from contextlib import asynccontextmanager, suppress


@asynccontextmanager
async def delayed(port, milliseconds):
    """The port of a proxy in front of this one."""

    async def carry(reader, writer, seconds):
        while data := await reader.read(65536):
            await asyncio.sleep(seconds)
            writer.write(data)
        writer.close()

    async def connected(reader, writer):
        from_server, to_server = await asyncio.open_connection("127.0.0.1", port)
        both_ways = carry(reader, to_server, 0), carry(from_server, writer, milliseconds / 1000)
        with suppress(asyncio.CancelledError):  # the end of the run; Python 3.11 would print it as an error
            await asyncio.gather(*both_ways, return_exceptions=True)

    async with await asyncio.start_server(connected, "127.0.0.1") as proxy:
        yield proxy.sockets[0].getsockname()[1]
