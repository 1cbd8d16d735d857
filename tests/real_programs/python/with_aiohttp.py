"""Loads a cookie file into the jar of aiohttp and asks for URLs with it: FILE PROXY URL..."""

import asyncio
import sys

import aiohttp


async def main(file, proxy, *urls):
    jar = aiohttp.CookieJar()
    jar.load(file)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        for url in urls:
            async with session.get(url, proxy=proxy, ssl=False) as response:
                await response.read()


asyncio.run(main(*sys.argv[1:]))
