// 5,000 requests and 100 cookies: what is drawn is what is in view, and nothing else is in the document.
'use strict';

const { assert, recordings, write, open, close, settled, run } = require('./browser.js');

const REQUESTS = 5000;
const file = write('large', recordings.scale(REQUESTS, 100));

/** What there is of the timeline in the document, and what is in view. */
const look = (page) => page.evaluate(() => {
  const count = (selector) => document.querySelectorAll(selector).length;
  const view = document.querySelector('#view').getBoundingClientRect();
  const [rows, columns] = ['.r', '.ch'].map((selector) => [...document.querySelectorAll(selector)].map((it) => it.getBoundingClientRect()));
  return {
    zoom: document.querySelector('#timeline').dataset.zoom, bins: Number(document.querySelector('#timeline').dataset.bins),
    nodes: count('*'), timeline: count('#timeline *'), rows: rows.length, columns: columns.length, cells: count('#view .c'), canvases: count('#view canvas'),
    rowcount: Number(document.querySelector('#view [role=grid]').getAttribute('aria-rowcount')), colcount: Number(document.querySelector('#view [role=grid]').getAttribute('aria-colcount')),
    outside: rows.filter((it) => it.bottom < -1 || it.top > innerHeight + 900).length + columns.filter((it) => it.right < view.left - 1 || it.left > view.right + 1).length,
  };
});

run({
  async 'it opens as a whole, in bins'() {
    const page = await open(file);
    const found = await look(page);
    console.log(JSON.stringify(found));
    assert.equal(found.zoom, 'bins');
    // A pixel is a bin, and the bins of a row do not grow with the requests.
    assert.ok(found.bins > 300 && found.bins < 1440, `${found.bins} bins`);
    assert.equal(found.colcount, REQUESTS + 2);
    assert.equal(found.columns, 0);
    assert.ok(found.rows < 60, `${found.rows} rows`);
    // One cell a row has the summary of the row.
    assert.ok(found.cells <= found.rows, `${found.cells} cells`);
    assert.ok(found.timeline < 1500, `${found.timeline} nodes`);
    assert.match(await page.locator('#view .c').first().getAttribute('aria-label'), /^c\d+: .*sent [\d,]+/);
    assert.ok(await page.locator('#over').isVisible());
    await close(page);
  },
  async 'third parties begin folded'() {
    const page = await open(file);
    const folded = await page.evaluate(() => [...document.querySelectorAll('#view .site .rh')].map((it) => [it.querySelector('b').textContent, it.getAttribute('aria-expanded')]));
    assert.deepEqual(folded[0], ['shop.example', 'true']);
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight / 2));
    await settled(page);
    for (const [name, isOpen] of await page.evaluate(() => [...document.querySelectorAll('#view .site .rh')].map((it) => [it.querySelector('b').textContent, it.getAttribute('aria-expanded')]))) assert.equal(isOpen, String(name === 'shop.example'), name);
    await close(page);
  },
  async 'rows and columns are those in view, at each zoom and place'() {
    for (const width of [4, 14, 24, 48]) {
      const page = await open(file, { fragment: `#z=${width}` });
      for (const [x, y] of [[0, 0], [REQUESTS * width / 2, 600], [REQUESTS * width, 1200]]) {
        await page.evaluate(([x, y]) => { scrollTo(0, y); document.querySelector('#view').scrollLeft = x; }, [x, y]);
        await settled(page);
        const found = await look(page);
        const most = Math.ceil(1000 / width) + 2;
        assert.ok(found.rows > 0 && found.rows < 60, `${width}: ${found.rows} rows`);
        assert.ok(width < 12 ? found.columns === 0 : found.columns > 10 && found.columns <= most, `${width}: ${found.columns} columns`);
        assert.ok(width < 12 ? found.cells <= found.rows : found.cells > 10 && found.cells <= found.rows * most, `${width}: ${found.cells} cells`);
        assert.equal(found.outside, 0);
        assert.equal(found.canvases, 1);
        assert.equal(found.zoom, width < 12 ? 'places' : width < 24 ? 'shapes' : 'labels');
      }
      await close(page);
    }
  },
  async 'the cells in view are those of the recording'() {
    const page = await open(file, { fragment: '#z=24' });
    await page.evaluate(() => { document.querySelector('#view').scrollLeft = 24 * 2500; });
    await settled(page);
    const wrong = await page.evaluate(() => {
      const data = JSON.parse(document.querySelector('#data').textContent), wrong = [];
      let seen = 0;
      for (const row of document.querySelectorAll('#view .r.ck')) {
        const name = row.querySelector('code').textContent, id = data.cookies.findIndex((it) => it.n === name);
        for (const cell of row.querySelectorAll('.c')) {
          const entry = data.entries[cell.dataset.at], label = cell.getAttribute('aria-label') || '';
          seen++;
          if (entry.sent.includes(id) !== /sent|by a script/.test(label)) wrong.push(`${name} ${cell.dataset.at} ${label}`);
        }
      }
      return seen > 100 ? wrong : [`${seen} cells only`];
    });
    assert.deepEqual(wrong.slice(0, 5), []);
    await close(page);
  },
  async 'the worst finding is one key away'() {
    const page = await open(file);
    await page.focus('#view [tabindex="0"]');
    await page.keyboard.press('+');
    await settled(page);
    const { at, left, width } = await page.evaluate(() => ({ at: JSON.parse(document.querySelector('#data').textContent).causes[0].at, left: document.querySelector('#view').scrollLeft, width: document.querySelector('#view').clientWidth }));
    assert.ok(at.some((it) => it * 4 >= left && it * 4 <= left + width), `${at.slice(0, 3)} is not from ${left / 4}`);
    await close(page);
  },
  async 'a drag over the overview zooms there'() {
    const page = await open(file);
    const box = await page.locator('#over').boundingBox();
    await page.mouse.move(box.x + 600, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + 602, box.y + 20, { steps: 4 });
    await page.mouse.move(box.x + 604, box.y + 20, { steps: 4 });
    await page.mouse.up();
    await settled(page);
    assert.match(new URL(page.url()).hash, /^#z=(8|14|24)$/);
    const share = await page.evaluate(() => document.querySelector('#view').scrollLeft / document.querySelector('#view').scrollWidth);
    assert.ok(share > 0.4 && share < 0.6, `${share}`);
    await close(page);
  },
});
