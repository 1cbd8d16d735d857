"""Loads a cookie file into a jar of http.cookiejar and asks for URLs with it: CLASS FILE PROXY URL..."""

import http.cookiejar
import ssl
import sys
import urllib.request

name, file, proxy, *urls = sys.argv[1:]
jar = getattr(http.cookiejar, name)(file)
jar.load(ignore_discard=True)
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({"http": proxy, "https": proxy}),
    urllib.request.HTTPSHandler(context=context),
    urllib.request.HTTPCookieProcessor(jar),
)
for url in urls:
    opener.open(url).read()
