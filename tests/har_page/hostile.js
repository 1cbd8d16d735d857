// Whatever stands in a recording is text: nothing of it runs, loads or leads anywhere.
'use strict';

const { assert, fs, path, folder, recordings, write, open, close, settled, run } = require('./browser.js');

const hostile = write('hostile', recordings.hostile());
const shown = write('hostile-shown', recordings.hostile(), '--values');
const shop = write('hostile-shop', recordings.shop());

/** What there is of elements, and where links lead. */
const look = (page) => page.evaluate(() => ({
  scripts: document.scripts.length,
  elements: [...new Set([...document.querySelectorAll('*')].map((it) => it.localName))].sort(),
  handlers: [...document.querySelectorAll('*')].flatMap((it) => [...it.attributes].filter(({ name }) => /^on|^style$|^src$|^srcdoc$|^formaction$/i.test(name)).map(({ name }) => `${it.localName} ${name}`)).filter((it) => !it.endsWith(' style')),
  links: [...document.querySelectorAll('[href]')].map((it) => it.getAttribute('href')).filter((href) => !/^(#|https:\/\/datatracker\.ietf\.org\/)/.test(href)),
  bad: ['alert', 'fetch'].filter((name) => !Function.prototype.toString.call(window[name]).includes('[native code]')),
}));
const ELEMENTS = ['a', 'article', 'aside', 'b', 'body', 'button', 'canvas', 'circle', 'code', 'dd', 'del', 'details', 'div', 'dl', 'dt', 'h1', 'h2', 'h3', 'h4', 'head', 'header', 'html', 'i', 'input', 'ins', 'kbd', 'label', 'li', 'main', 'meta', 'ol', 'p', 'path', 'rect', 'script', 'section', 'small', 'span', 'style', 'summary', 'svg', 'symbol', 'table', 'tbody', 'td', 'text', 'th', 'thead', 'title', 'tr', 'ul', 'use'];

async function check(page) {
  const found = await look(page);
  assert.equal(found.scripts, 2);
  assert.deepEqual(found.elements.filter((it) => !ELEMENTS.includes(it)), []);
  assert.deepEqual([found.handlers, found.links, found.bad], [[], [], []]);
}

/** Each field of a CSV, unquoted. */
const csv = (text) => text.trim().split('\r\n').map((line) => line.slice(1, -1).split('","').map((field) => field.replaceAll('""', '"')));

const tests = {
  async 'every pane, with every cookie and every request'() {
    for (const file of [hostile, shown]) {
      const page = await open(file);
      await check(page);
      const { cookies, entries } = await page.evaluate(() => { const data = JSON.parse(document.querySelector('#data').textContent); return { cookies: data.cookies.length, entries: data.entries.length }; });
      assert.ok(cookies > 20 && entries > 20, `${cookies} cookies, ${entries} entries`);
      const panes = [...Array(cookies).keys()].map((id) => `#p=c${id}`).concat([...Array(entries).keys()].map((at) => `#p=r${at}`));
      for (const pane of panes) {
        const title = await page.evaluate((pane) => { location.hash = pane; return new Promise((done) => setTimeout(() => done(document.querySelector('#pane h2').textContent))); }, pane);
        assert.ok(title.length > 0, pane);
      }
      await check(page);
      await close(page);
    }
  },
  async 'tips, search and filters'() {
    const page = await open(hostile, { fragment: '#z=36' });
    const box = await page.locator('#view').boundingBox();
    for (let y = box.y + 175; y < Math.min(box.y + box.height, 880); y += 21) for (const x of [240, 300, 500]) await page.mouse.move(box.x + x, y);
    for (const evil of recordings.HOSTILE) { await page.fill('#search', evil); await settled(page); }
    await page.fill('#search', '');
    for (const chip of await page.locator('#chips button').all()) { await chip.click(); await chip.click(); await chip.click(); }
    await check(page);
    await close(page);
  },
  async 'fragments'() {
    const page = await open(hostile);
    for (const evil of ['#p=<img src=x onerror=alert(1)>', '#p=__proto__', '#f=__proto__', '#f=constructor!', '#z=1e9', '#z=-1', '#q=%', '#q=%3Cimg%20src=x%20onerror=alert(1)%3E', '#p=c99999', '#p=r99999', '#p=f99999', '#&&==&', '#p=c-1', '#p=javascript:alert(1)']) {
      await page.evaluate((evil) => { location.hash = evil; return new Promise((done) => setTimeout(done, 0)); }, evil);
      await settled(page);
    }
    await check(page);
    await close(page);
  },
  async 'the policy forbids the network, other scripts and other styles'() {
    const page = await open(shop);
    const failures = [];
    page.on('requestfailed', (request) => failures.push(request.failure().errorText));
    const forbidden = await page.evaluate(async () => {
      const heard = [];
      addEventListener('securitypolicyviolation', (event) => heard.push(event.effectiveDirective));
      await fetch('https://evil.example/').catch(() => {});
      const add = (tag, attributes, text = '') => { const it = document.createElement(tag); for (const [name, value] of Object.entries(attributes)) it.setAttribute(name, value); it.textContent = text; document.body.append(it); };
      add('script', {}, 'window.ran = 1');
      add('img', { src: 'https://evil.example/x' });
      add('style', {}, 'body{color:red}');
      add('iframe', { src: 'https://evil.example/' });
      add('a', { id: 'inline', onclick: 'window.ran = 2' });
      document.querySelector('#inline').click();
      await new Promise((done) => setTimeout(done, 200));
      return [[...new Set(heard)].sort(), window.ran];
    });
    assert.deepEqual(forbidden, [['connect-src', 'frame-src', 'img-src', 'script-src-attr', 'script-src-elem', 'style-src-elem'], undefined]);
    // Chromium says each of them on the console. What Playwright calls a request ended before the network.
    assert.ok(page.wrong.length > 0 && page.wrong.every((it) => /^(console|request): /.test(it)), String(page.wrong));
    assert.deepEqual(failures.filter((it) => it !== 'csp'), []);
    page.wrong = [];
    await close(page);
  },
  async 'the CSV has no formula'() {
    const page = await open(hostile, { acceptDownloads: true });
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#csv')]);
    const file = path.join(folder, 'hostile.csv');
    await download.saveAs(file);
    const rows = csv(fs.readFileSync(file, 'utf8'));
    assert.equal(rows[0][0], 'Cookie');
    assert.ok(rows.length > 20, `${rows.length} rows`);
    for (const row of rows) {
      assert.equal(row.length, rows[0].length);
      for (const field of row) assert.ok(!/^[\s]*[=+\-@|%\uFF1D\uFF0B\uFF0D\uFF20]/.test(field), field);
    }
    assert.ok(rows.some((row) => row[0].startsWith("'")), 'some needed it');
    await close(page);
  },
  async 'names of prototypes are names like others'() {
    const page = await open(hostile);
    const names = await page.locator('#inventory tbody td:first-child').allInnerTexts();
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty', 'toString']) assert.ok(names.includes(name), name);
    await page.fill('#search', '__proto__');
    await settled(page);
    assert.equal(await page.locator('#view .r.ck').count() > 0, true);
    await close(page);
  },
  async 'no value is in the page'() {
    const secret = recordings.shop();
    for (const { request } of secret.log.entries) for (const header of request.headers) if (header.name === 'Cookie') header.value = header.value.replaceAll('theme=dark', 'theme=TOPSECRET');
    const text = fs.readFileSync(write('hostile-secret', secret), 'utf8');
    assert.ok(!text.includes('TOPSECRET'));
    assert.ok(fs.readFileSync(write('hostile-secret-shown', secret, '--values'), 'utf8').includes('TOPSECRET'));
  },
  async 'the page is small'() {
    const octets = fs.statSync(write('hostile-empty', recordings.empty())).size;
    console.log(`without data the page has ${octets} octets`);
    assert.ok(octets < 400_000, `${octets} octets`);
  },
};
run(tests);
