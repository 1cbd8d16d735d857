"""Runs `http` once for each URL, in one process, with a session file: FILE PROXY URL..."""

import sys

from httpie.core import main

file, proxy, *urls = sys.argv[1:]
proxies = [f"--proxy={scheme}:{proxy}" for scheme in ("http", "https")]
for url in urls:
    options = ["--ignore-stdin", "--verify=no", f"--session-read-only={file}"]
    status = main(["http", *options, *proxies, url])
    if status != 0:
        sys.exit(status)
