// The page without a mouse: Tab from part to part, and each key of the timeline.
'use strict';

const { assert, recordings, write, open, close, settled, run } = require('./browser.js');

const shop = write('keyboard-shop', recordings.shop());
const scale = write('keyboard-scale', recordings.scale(400, 80));

/** The part of the page that has the focus. */
const part = (page) => page.evaluate(() => {
  const at = document.activeElement;
  const parts = { head: 'header', tools: '#tools', pane: '#pane', timeline: '#view', inventory: '#inventory', note: '#note' };
  return Object.keys(parts).find((name) => at.closest(parts[name])) || at.className || at.tagName;
});
/** Where in the timeline the focus is: the row's name and the request's place. */
const place = (page) => page.evaluate(() => {
  const at = document.activeElement, row = at.closest('.r');
  const name = row && row.firstChild.querySelector('b, code');
  return [name ? name.textContent : row ? row.firstChild.textContent : 'head', Number(at.dataset.at)];
});
async function press(page, ...keys) {
  for (const key of keys) await page.keyboard.press(key);
  await settled(page);
}
/** Goes on with Tab until a part has the focus, and returns the stops that were in each part on the way. */
async function tabTo(page, wanted) {
  const stops = {};
  for (let count = 0; count < 200; count++) {
    await page.keyboard.press('Tab');
    const now = await part(page);
    if (now === wanted) return stops;
    stops[now] = (stops[now] || 0) + 1;
  }
  throw new Error(`no Tab leads to ${wanted}: ${JSON.stringify(stops)}`);
}
/** Opens the page with the focus on the cell of a row. */
async function inTimeline(file, name, at, fragment = '') {
  const page = await open(file, { fragment });
  await tabTo(page, 'timeline');
  await press(page, 'Home');
  for (let count = 0; count < 60 && (await place(page))[0] !== 'head'; count++) await page.keyboard.press('ArrowUp');
  for (let count = 0; count < 60 && (await place(page))[0] !== name; count++) await page.keyboard.press('ArrowDown');
  for (let count = 0; count < at; count++) await page.keyboard.press('ArrowRight');
  await settled(page);
  assert.deepEqual(await place(page), [name, at]);
  return page;
}

run({
  async 'Tab goes through the parts in the order of the page'() {
    const page = await open(shop);
    await page.keyboard.press('Tab');
    assert.equal(await part(page), 'skip');
    for (const [next, before] of [['head', 'skip'], ['tools', 'head'], ['pane', 'tools'], ['timeline', 'pane'], ['inventory', 'timeline']]) {
      const stops = await tabTo(page, next);
      assert.deepEqual(Object.keys(stops).filter((it) => it !== before), [], next);
      // The timeline is one stop, however many cells it has.
      if (next === 'inventory') assert.deepEqual(stops, {});
    }
    await page.keyboard.press('Shift+Tab');
    assert.equal(await part(page), 'timeline');
    await close(page);
  },
  async 'the link before all leads to the timeline'() {
    const page = await open(shop);
    await press(page, 'Tab', 'Enter');
    assert.equal(await part(page), 'timeline');
    await close(page);
  },
  async 'the first stop is the worst finding'() {
    const page = await open(shop);
    await tabTo(page, 'timeline');
    assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /withheld/);
    await close(page);
  },
  async 'arrows, Home and End'() {
    const page = await inTimeline(shop, 'sid', 3);
    for (const [key, expected] of [['ArrowRight', 4], ['ArrowRight', 5], ['ArrowLeft', 4], ['End', 13], ['ArrowRight', 13], ['Home', 0]]) {
      await press(page, key);
      assert.deepEqual(await place(page), ['sid', expected], key);
    }
    // Before the first request is the cookie itself.
    await press(page, 'ArrowLeft', 'ArrowLeft');
    assert.deepEqual(await place(page), ['sid', -1]);
    await press(page, 'ArrowDown');
    const below = await place(page);
    assert.notEqual(below[0], 'sid');
    await press(page, 'ArrowUp');
    assert.deepEqual(await place(page), ['sid', -1]);
    await close(page);
  },
  async 'Page Up and Page Down move by ten rows'() {
    const page = await inTimeline(scale, 'c0', 0, '#z=24');
    const row = () => page.evaluate(() => Number(document.activeElement.dataset.row));
    const first = await row();
    await press(page, 'PageDown', 'PageDown');
    assert.equal(await row(), first + 20);
    await press(page, 'PageUp');
    assert.equal(await row(), first + 10);
    assert.ok(await page.evaluate(() => { const box = document.activeElement.getBoundingClientRect(); return box.top > 0 && box.bottom <= innerHeight; }), 'it is in view');
    await close(page);
  },
  async 'brackets go to a navigation'() {
    const page = await inTimeline(shop, 'sid', 3);
    await press(page, ']');
    const [, second] = await place(page);
    assert.equal(await page.evaluate((at) => JSON.parse(document.querySelector('#data').textContent).entries[at].nav > 0, second), true);
    await press(page, ']');
    assert.ok((await place(page))[1] > second);
    await press(page, '[');
    assert.deepEqual(await place(page), ['sid', second]);
    await close(page);
  },
  async 'n and p go to a finding'() {
    const page = await inTimeline(shop, 'sid', 0);
    const label = () => page.evaluate(() => document.activeElement.getAttribute('aria-label') || '');
    const seen = [];
    for (let count = 0; count < 40 && !(seen.length && seen[0] === String(await place(page))); count++) {
      if (count) seen.push(String(await place(page)));
      await press(page, 'n');
      assert.match(await label(), /withheld|refused|browser differs/);
    }
    // All of them, each once, and then the first again.
    assert.ok(seen.length >= 4 && new Set(seen).size === seen.length, String(seen));
    await press(page, 'p');
    assert.equal(String(await place(page)), seen.at(-1));
    await close(page);
  },
  async 'Enter opens a cookie, and Esc leads back to the cell'() {
    const page = await inTimeline(shop, 'sid', 10);
    assert.ok(await page.locator('#tip').isVisible(), 'the tip is there on focus');
    await press(page, 'Enter');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'sid');
    assert.equal(await part(page), 'pane');
    assert.match(await page.locator('#pane').innerText(), /Why was it not sent to #10/);
    assert.match(page.url(), /#p=c\d+$/);
    await press(page, 'Escape');
    assert.deepEqual(await place(page), ['sid', 10]);
    assert.match(await page.locator('#pane').innerText(), /^Findings/);
    // Esc hides the tip, and leaves the focus.
    assert.ok(await page.locator('#tip').isVisible());
    await press(page, 'Escape');
    assert.ok(!(await page.locator('#tip').isVisible()));
    assert.deepEqual(await place(page), ['sid', 10]);
    await close(page);
  },
  async 'Enter on the head of a request, from there to a cookie, and back'() {
    const page = await inTimeline(shop, 'sid', 10);
    for (let count = 0; count < 60 && (await place(page))[0] !== 'head'; count++) await page.keyboard.press('ArrowUp');
    await press(page, 'Enter');
    assert.match(await page.evaluate(() => document.activeElement.textContent), /^GET http:\/\/shop\.example\/old/);
    await tabTo(page, 'pane');
    await page.locator('#pane a.nm', { hasText: 'sid' }).first().focus();
    await press(page, 'Enter');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'sid');
    await press(page, 'Escape');
    assert.deepEqual(await place(page), ['head', 10]);
    await close(page);
  },
  async 'Esc leads back to the link of a finding'() {
    const page = await open(shop);
    await page.locator('#findings .card .ref a', { hasText: /^#10$/ }).first().focus();
    await press(page, 'Enter');
    assert.equal(await part(page), 'pane');
    assert.match(await page.locator('#pane h2').innerText(), /shop\.example\/old/);
    await press(page, 'Escape');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), '#10');
    await close(page);
  },
  async 'plus, minus and 0 zoom around the cell'() {
    const page = await inTimeline(scale, 'c0', 0);
    const zoom = () => page.evaluate(() => document.querySelector('#timeline').dataset.zoom);
    assert.equal(await zoom(), 'places');
    const seen = [];
    for (const key of ['+', '+', '+', '-', '0']) { await press(page, key); seen.push(`${await zoom()}${new URL(page.url()).hash}`); assert.equal(await part(page), 'timeline', key); }
    assert.deepEqual(seen, ['places#z=4', 'places#z=8', 'shapes#z=14', 'places#z=8', 'places']);
    await close(page);
  },
  async 'a slash searches, and a question mark tells the keys'() {
    const page = await inTimeline(shop, 'sid', 3);
    await press(page, '?');
    assert.ok(await page.locator('#keys dl').isVisible());
    assert.equal(await part(page), 'tools');
    await press(page, 'Escape');
    assert.ok(!(await page.locator('#keys dl').isVisible()));
    assert.deepEqual(await place(page), ['sid', 3]);
    await press(page, '/');
    await page.keyboard.type('n/p?+0[');
    assert.equal(await page.inputValue('#search'), 'n/p?+0[');
    await close(page);
  },
  async 'single keys do nothing where the timeline has no focus'() {
    const page = await open(shop);
    await page.locator('header h1 a').first().focus();
    const before = await page.evaluate(() => document.querySelector('#view').scrollLeft + document.querySelector('#timeline').dataset.zoom + document.activeElement.outerHTML);
    for (const key of ['n', 'p', '[', ']', '+', '-', '0', '/', '?', 'ArrowRight']) await page.keyboard.press(key);
    await settled(page);
    assert.equal(await page.evaluate(() => document.querySelector('#view').scrollLeft + document.querySelector('#timeline').dataset.zoom + document.activeElement.outerHTML), before);
    assert.equal(new URL(page.url()).hash, '');
    await close(page);
  },
  async 'Enter folds a site, and shows what was never stored'() {
    const page = await open(shop);
    await tabTo(page, 'timeline');
    for (let count = 0; count < 60 && (await place(page))[0] !== 'shop.example'; count++) await page.keyboard.press('ArrowUp');
    const rows = () => page.locator('#view .r').count();
    const all = await rows();
    await press(page, 'Enter');
    assert.ok(await rows() < all);
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-expanded')), 'false');
    await press(page, 'Enter');
    assert.equal(await rows(), all);
    await press(page, 'ArrowDown');
    for (let count = 0; count < 60 && (await place(page))[1] !== -1; count++) await page.keyboard.press('ArrowLeft');
    for (let count = 0; count < 60 && !(await page.evaluate(() => document.activeElement.innerText.includes('never stored'))); count++) await page.keyboard.press('ArrowDown');
    await press(page, 'Enter');
    assert.ok(await rows() > all);
    assert.ok(await page.locator('#view .line', { hasText: '__Host-x' }).isVisible());
    await close(page);
  },
  async 'a wide recording keeps the focus in view and one stop of Tab'() {
    const page = await inTimeline(scale, 'c0', 0, '#z=24');
    await press(page, 'End');
    assert.deepEqual(await place(page), ['c0', 399]);
    assert.ok(await page.evaluate(() => { const box = document.activeElement.getBoundingClientRect(), view = document.querySelector('#view').getBoundingClientRect(); return box.left >= view.left && box.right <= view.right; }), 'it is in view');
    await page.evaluate(() => { document.querySelector('#view').scrollLeft = 0; });
    await settled(page);
    assert.equal(await page.locator('#view [tabindex="0"]').count(), 1);
    await press(page, 'ArrowLeft');
    assert.deepEqual(await place(page), ['c0', 398]);
    await close(page);
  },
});
