// Recordings that the tests of the page make: HAR 1.2, without a clock and without chance.
'use strict';

const BEGAN = Date.UTC(2026, 10, 27, 15, 17, 14);

/** A number generator that gives the same numbers for the same seed. */
function seeded(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function har(entries, more = {}) {
  return { log: { version: '1.2', creator: { name: 'Playwright', version: '1.65.1' }, browser: { name: 'chromium', version: '156.0' }, pages: [], entries, ...more } };
}

const KINDS = {
  page: { 'Sec-Fetch-Dest': 'document', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'none' },
  hop: { 'Sec-Fetch-Dest': 'document', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'cross-site' },
  same: { 'Sec-Fetch-Dest': 'empty', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Site': 'same-origin', Referer: 'https://shop.example/' },
  cross: { 'Sec-Fetch-Dest': 'image', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Site': 'cross-site', Referer: 'https://shop.example/' },
  frame: { 'Sec-Fetch-Dest': 'iframe', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Site': 'cross-site', Referer: 'https://shop.example/' },
  http: { 'Upgrade-Insecure-Requests': '1' },
};

/** A request at so many milliseconds: its kind, what it sends, and the lines of its answer. */
function entry(at, url, kind, sent = '', lines = [], more = {}) {
  const headers = Object.entries(KINDS[kind]).map(([name, value]) => ({ name, value }));
  if (sent) headers.push({ name: 'Cookie', value: sent });
  const answer = lines.map((value) => ({ name: 'Set-Cookie', value }));
  if (more.to) answer.push({ name: 'Location', value: more.to });
  return {
    startedDateTime: new Date(BEGAN + at).toISOString(), time: 5, pageref: 'page_1',
    request: { method: more.method || 'GET', url, httpVersion: 'HTTP/2', headers, cookies: [], queryString: [], headersSize: -1, bodySize: -1 },
    response: { status: more.to ? 302 : more.status || 200, headers: answer, cookies: [], redirectURL: more.to || '', content: { size: 0, mimeType: '' }, headersSize: -1, bodySize: -1 },
    cache: {}, timings: { send: 0, wait: 5, receive: 0 },
  };
}

const S = 'https://shop.example';
const LONG = `a-cookie-${'with-a-name-that-does-not-end-'.repeat(4)}`;

/** A login with redirects, a frame, third parties, and most that goes wrong. */
function shop() {
  return har([
    entry(0, `${S}/login`, 'page', 'cart=1; theme=dark', ['csrf=a; Path=/; Secure; SameSite=Strict']),
    entry(270, `${S}/login`, 'same', 'cart=1; theme=dark; csrf=a', ['state=s; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600'], { method: 'POST', to: 'https://idp.example/authorize?client=shop' }),
    entry(320, 'https://idp.example/authorize?client=shop', 'hop', '', ['idp=1; Path=/; Secure; HttpOnly; SameSite=None; Max-Age=31536000'], { to: `${S}/callback?code=1` }),
    entry(360, `${S}/callback?code=1`, 'hop', 'cart=1; theme=dark; state=s', ['sid=v1; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600', 'state=; Path=/; Max-Age=0'], { to: `${S}/home` }),
    entry(400, `${S}/home`, 'hop', 'cart=1; theme=dark; sid=v1', ['cart=2; Path=/; Max-Age=99999999']),
    entry(420, 'https://tracker.example/p.gif?u=1', 'cross', '', ['uid=1; Path=/; Secure; SameSite=None; Max-Age=31536000', 'lax=1; SameSite=Lax', 'plain=1; Path=/', 'part=1; Path=/; Secure; SameSite=None; Partitioned']),
    entry(450, `${S}/api/me`, 'same', 'csrf=a; sid=v1; cart=2; theme=dark; widget=w', ['seen=1; Path=/api; HttpOnly']),
    entry(470, 'https://pay.example/frame', 'frame', '', ['pay=1; Path=/; Secure; HttpOnly; SameSite=None']),
    entry(480, 'https://pay.example/frame/style/of/a/path/that/is/rather/long/indeed.css', 'cross', 'pay=1', []),
    entry(600, 'https://tracker.example/p.gif?u=2', 'cross', 'uid=1; part=1', ['uid=2; Path=/; Secure; SameSite=None; Max-Age=31536000']),
    entry(1180, 'http://shop.example/old', 'http', 'cart=2; theme=dark', ['sid=v2; Path=/', 'moved=1; Path=/; Max-Age=31536000', 'insecure=1; Path=/; Secure'], { status: 301, to: `${S}/new` }),
    entry(1200, `${S}/new`, 'page', 'csrf=a; sid=v1; cart=2; theme=dark; moved=1', [`${LONG}=1; Path=/`]),
    entry(1500, `${S}/refuse`, 'page', `csrf=a; sid=v1; cart=2; theme=dark; moved=1; ${LONG}=1`, ['sup=1; Domain=example', '__Host-x=1; Path=/', '__Secure-x=1', 'other=1; Domain=other.example', 'none=1; SameSite=None', 'ctl=a\u0001b']),
    entry(1700, `${S}/logout`, 'page', `csrf=a; sid=v1; cart=2; moved=1; ${LONG}=1`, ['sid=; Path=/; Secure; Max-Age=0']),
  ]);
}

const HOSTILE = [
  '</script><script>alert(1)</script>', '<img src=x onerror=alert(2)>', '"><svg onload=alert(3)>', "' onmouseover='alert(4)", '<!--<script>', ']]><b>',
  '\u2028alert(5)\u2029', 'a\u0000b', '\u202Eevil\u202C\u2066x\u2069', '&lt;b&gt;&amp;#x3c;', '</style><style>*{display:none}', 'url(https://evil.example/x)', '${alert(6)}', '{{alert(7)}}', '`alert(8)`',
  '__proto__', 'constructor', 'hasOwnProperty', 'toString', 'javascript:alert(9)', 'data:text/html,<script>alert(10)</script>', '=cmd|\' /C calc\'!A0', '@SUM(1)', '+1', '-1', '\u0009=1', '\uFF1D1', '%0d%0aSet-Cookie: x=1',
];

/** Whatever could break out of the page stands wherever a recording has text. */
function hostile() {
  const entries = HOSTILE.map((evil, index) => {
    const name = evil.replace(/[;=]/g, '') || 'x';
    const one = entry(index * 10, `https://shop.example/${evil}?${evil}#${evil}`, index % 3 ? 'same' : 'page', `${name}=${evil}; ok=1`, [`${name}=${evil}; Path=/; Secure`, `${name}=1; Domain=${evil}`, `${name}=1; Path=/${evil}; ${evil}; SameSite=${evil}`, `x${name}=1; Domain=example; ${evil}=${evil}`, evil]);
    one.request.method = evil;
    one.pageref = evil;
    one._frameref = evil;
    one._resourceType = evil;
    one.request.headers.push({ name: evil, value: evil }, { name: 'Referer', value: `https://shop.example/${evil}` });
    return one;
  });
  for (const url of ['javascript:alert(11)', 'data:text/html,<script>alert(12)</script>', 'https://user:pass@shop.example/', 'https://xn--80ak6aa92e.example/']) entries.push(entry(9000, url, 'same', 'ok=1', ['ok=2']));
  return har(entries, { creator: { name: HOSTILE[0], version: HOSTILE[1] }, browser: { name: HOSTILE[2], version: HOSTILE[8] } });
}

/** So many requests, and so many cookies of 21 sites. Each twentieth page is asked for over http. */
function scale(requests, cookies) {
  const chance = seeded(7);
  const jar = new Map();
  const entries = [];
  let made = 0;
  for (let index = 0; index < requests; index++) {
    const isPage = index % 40 === 0;
    const host = !isPage && chance(3) === 0 ? `site${chance(20)}.example` : 'shop.example';
    const isHttp = isPage && index % 800 === 400;
    if (!jar.has(host)) jar.set(host, new Map());
    const of = jar.get(host);
    const sent = isHttp ? '' : [...of].map(([name, value]) => `${name}=${value}`).join('; ');
    const lines = [];
    const line = (name) => { of.set(name, `v${index}`); lines.push(`${name}=v${index}; Path=/; Secure; SameSite=None; Max-Age=31536000`); };
    if (!isHttp && made < cookies && index >= Math.floor((made * requests) / cookies / 2)) line(`c${made++}`);
    else if (!isHttp && of.size && chance(12) === 0) line([...of.keys()][chance(of.size)]);
    else if (chance(30) === 0) lines.push(`bad${chance(9)}=1; Domain=example`);
    entries.push(entry(index * 1000, `${isHttp ? 'http' : 'https'}://${host}/p/${index % 97}`, isHttp ? 'http' : isPage ? 'page' : host === 'shop.example' ? 'same' : 'cross', sent, lines));
  }
  return har(entries);
}

const empty = () => har([]);
const sanitized = () => har([entry(0, `${S}/`, 'page'), entry(10, `${S}/api`, 'same')]);
const one = () => har([entry(0, `${S}/`, 'page', '', ['sid=1; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600', 'bad=1; Domain=example'])]);
/** Nothing is wrong, and there is no third party. */
const well = () => har([entry(0, `${S}/`, 'page', '', ['sid=1; Path=/; Secure; HttpOnly; SameSite=Lax']), entry(10, `${S}/api`, 'same', 'sid=1'), entry(20, `${S}/api`, 'same', 'sid=1')]);
/** Only lines that are never stored. */
const refused = () => har([entry(0, `${S}/`, 'page', '', ['bad=1; Domain=example'])]);

module.exports = { shop, hostile, HOSTILE, scale, empty, sanitized, one, well, refused, seeded };
