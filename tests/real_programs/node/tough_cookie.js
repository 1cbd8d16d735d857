// Deserializes a jar of tough-cookie and sends its cookie strings: FILE PROXY URL...
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const { CookieJar } = require('tough-cookie');

const [file, proxy, ...urls] = process.argv.slice(2);

function send(url, cookie) {
  return new Promise((resolve, reject) => {
    const headers = { Host: new URL(url).host };
    if (cookie !== '') {
      // Node.js writes a field in latin-1: so the octets are those of UTF-8, as browsers send.
      headers.Cookie = Buffer.from(cookie).toString('latin1');
    }
    const request = http.request(proxy, { path: url, headers }, (response) => {
      response.on('end', resolve).resume();
    });
    request.on('error', reject).end();
  });
}

(async () => {
  const jar = await CookieJar.deserialize(fs.readFileSync(file, 'utf8'));
  for (const url of urls) {
    await send(url, await jar.getCookieString(url));
  }
})();
