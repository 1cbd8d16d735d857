// What the page says in each state, that each state has an address, and pictures of them for people.
'use strict';

const { assert, fs, path, folder, recordings, write, open, close, settled, run } = require('./browser.js');

const shop = write('states-shop', recordings.shop());
const well = write('states-well', recordings.well());
const PAGES = {
  shop, well,
  hostile: write('states-hostile', recordings.hostile()),
  one: write('states-one', recordings.one()),
  refused: write('states-refused', recordings.refused()),
  empty: write('states-empty', recordings.empty()),
  sanitized: write('states-sanitized', recordings.sanitized(), '--allow-sanitized'),
  scale: write('states-scale', recordings.scale(1000, 100)),
};

const shownText = (page) => page.evaluate(() => document.body.innerText);
const isVisible = (page, ...selectors) => Promise.all(selectors.map((it) => page.locator(it).first().isVisible()));
/** The marks that the canvas has, as the pixels of each colour that is none of the ground. */
const inks = (page) => page.evaluate(() => {
  const canvas = document.querySelector('#view canvas');
  const pen = Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height }).getContext('2d', { willReadFrequently: true });
  pen.drawImage(canvas, 0, 0);
  const { data } = pen.getImageData(0, 0, canvas.width, canvas.height);
  const style = getComputedStyle(document.documentElement), found = {};
  for (const name of ['sent', 'set', 'bad', 'warn', 'script']) {
    const hex = style.getPropertyValue(`--${name}`).trim(), rgb = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    found[name] = 0;
    for (let at = 0; at < data.length; at += 4) if (data[at] === rgb[0] && data[at + 1] === rgb[1] && data[at + 2] === rgb[2]) found[name]++;
  }
  return found;
});
const state = (page) => page.evaluate(() => ({
  hash: location.hash, pane: document.querySelector('#pane h2').innerText.split('\n')[0], zoom: document.querySelector('#timeline').dataset.zoom,
  filter: [...document.querySelectorAll('#chips [aria-pressed=true]')].map((it) => it.dataset.kind).join(), said: document.querySelector('#said').textContent, search: document.querySelector('#search').value,
}));

const tests = {
  async 'nothing recorded: one sentence, and no empty grid'() {
    const page = await open(PAGES.empty);
    assert.equal(await page.locator('h1').innerText(), 'Nothing was recorded.');
    assert.deepEqual(await isVisible(page, '#timeline', '#tools', '#inventory', '.bars'), [false, false, false, false]);
    await close(page);
  },
  async 'sanitized: it says so, and how to export with cookies'() {
    const page = await open(PAGES.sanitized);
    const text = await shownText(page);
    assert.match(text, /exported without cookies/);
    assert.match(text, /Export it again with sensitive data/);
    assert.deepEqual(await isVisible(page, '#timeline', '#inventory', '.bars'), [false, false, false]);
    await close(page);
  },
  async 'one entry: its pane is open, and there is no overview'() {
    const page = await open(PAGES.one);
    assert.match(await page.locator('#pane h2').innerText(), /^GET https:\/\/shop\.example\/$/);
    assert.deepEqual(await isVisible(page, '#over', '#timeline'), [false, true]);
    // Esc leads to the findings, and that has an address too.
    await page.keyboard.press('Escape');
    assert.equal((await state(page)).pane, 'Findings worst first');
    await page.reload();
    await settled(page);
    assert.equal((await state(page)).pane, 'Findings worst first');
    await close(page);
  },
  async 'nothing wrong, and no third party: in words'() {
    const page = await open(well);
    const text = await shownText(page);
    assert.match(text, /Nothing was refused, every Cookie header is as predicted\./);
    assert.match(text, /There are none: nothing was refused/);
    assert.match(text, /1 cookie that lived; no third party has one/);
    assert.equal(await page.locator('.card').count(), 0);
    await close(page);
  },
  async 'only lines that were refused: no cookie lived'() {
    const page = await open(PAGES.refused);
    assert.match(await shownText(page), /No line was stored, and no cookie was sent\./);
    assert.match(await page.locator('#view').innerText(), /1 never stored/);
    await close(page);
  },
  async 'Back and the fragment restore every state'() {
    const viewport = { width: 1100, height: 900 };
    const page = await open(shop, { viewport });
    const seen = [await state(page)];
    const steps = [
      () => page.click('#view .rh code >> text=sid'), () => page.locator('#pane a', { hasText: /^#10$/ }).first().click(), () => page.click('#chips [data-kind=refused]'),
      () => page.click('#chips [data-kind=refused]'), () => page.click('#in'), () => page.click('#pane .back'), () => page.locator('#findings .card h4 a').first().click(),
    ];
    for (const step of steps) { await step(); await settled(page); seen.push(await state(page)); }
    const hashes = seen.map((it) => it.hash);
    assert.equal(new Set(hashes).size, hashes.length, hashes.join(' '));
    for (const expected of seen.slice(0, -1).reverse()) {
      await page.goBack();
      await settled(page);
      assert.deepEqual(await state(page), expected);
    }
    // A link that was sent opens what it was made of.
    for (const expected of seen) {
      const other = await open(shop, { viewport, fragment: expected.hash });
      assert.deepEqual(await state(other), expected);
      await close(other);
    }
    await close(page);
  },
  async 'a link in the head leads to its finding, and each part of a bar filters'() {
    const page = await open(shop);
    await page.click('h1 a.bad');
    await settled(page);
    assert.match((await state(page)).hash, /^#p=f\d+$/);
    assert.equal(await page.locator('.card.lit').count(), 1);
    for (const [word, hash] of [['stored', '#p=f1&f=stored'], ['refused', '#p=f1&f=refused'], ['explained', '#p=f1&f=explained']]) {
      await page.locator('.bars a', { hasText: new RegExp(`^${word} `) }).click();
      await settled(page);
      assert.equal((await state(page)).hash.replace(/f\d+&/, 'f1&'), hash);
      assert.match((await state(page)).said, /dimmed/);
    }
    await page.click('#clear');
    assert.equal((await state(page)).said, '');
    await close(page);
  },
  async 'a filter dims, then hides and counts, then shows all'() {
    const page = await open(shop);
    const all = await inks(page), rows = await page.locator('#view .r').count();
    assert.ok(Object.values(all).every((count) => count > 20), JSON.stringify(all));
    const chip = page.locator('#chips [data-kind=refused]');
    await chip.click();
    await settled(page);
    const dimmed = await inks(page);
    assert.ok(dimmed.bad > 20 && dimmed.sent === 0 && dimmed.set === 0, JSON.stringify(dimmed));
    assert.equal(await page.locator('#view .r').count(), rows);
    await chip.click();
    await settled(page);
    const hidden = await inks(page);
    assert.ok(hidden.bad > 20 && hidden.sent === 0, JSON.stringify(hidden));
    assert.ok(await page.locator('#view .r').count() < rows);
    // All marks but those of the filter, and all cookies without one.
    const counts = await page.evaluate(() => [...document.querySelectorAll('#chips button')].map((it) => [it.dataset.kind, Number(it.querySelector('span').textContent)]));
    const others = counts.filter(([kind]) => kind !== 'refused').reduce((sum, [, count]) => sum + count, 0);
    assert.match((await state(page)).said, new RegExp(`^${others} marks and \\d+ cookies are hidden\\.$`));
    await chip.click();
    await settled(page);
    assert.deepEqual(await inks(page), all);
    assert.equal((await state(page)).said, '');
    await close(page);
  },
  async 'search finds by name, host and path, and says how many'() {
    const page = await open(shop);
    for (const [text, name] of [['SID', 'sid'], ['tracker', 'uid'], ['/api', 'seen']]) {
      await page.fill('#search', text);
      await settled(page);
      assert.ok((await page.locator('#view .ck code').allInnerTexts()).includes(name), text);
      assert.match((await state(page)).said, /of \d+ match\.$/);
    }
    await page.fill('#search', 'no such cookie');
    await settled(page);
    assert.equal(await page.locator('#view .ck').count(), 0);
    assert.match((await state(page)).said, /^0 cookies of/);
    await close(page);
  },
  async 'a cause lights its cells'() {
    const page = await open(shop);
    const all = await inks(page);
    await page.locator('.card', { hasText: 'It is Secure, and the connection is not' }).locator('h4 a').click();
    await settled(page);
    const lit = await inks(page);
    assert.ok(lit.warn === all.warn && lit.sent === 0, JSON.stringify([all, lit]));
    await close(page);
  },
  async 'each zoom has its marks'() {
    const page = await open(PAGES.scale);
    const seen = {};
    for (const fragment of ['', '#z=4', '#z=8', '#z=14', '#z=24', '#z=48']) {
      await page.evaluate((fragment) => { location.hash = fragment; }, fragment);
      await settled(page);
      const labels = await page.locator('#view .ch .lab').count(), { zoom } = await state(page);
      seen[fragment] = [zoom, labels > 0, await page.locator('#legend').isVisible(), await page.locator('#over').isVisible()];
      assert.ok((await inks(page)).sent > 100, fragment);
    }
    assert.deepEqual(seen, { '': ['bins', false, true, true], '#z=4': ['places', false, true, true], '#z=8': ['places', false, true, true], '#z=14': ['shapes', false, false, true], '#z=24': ['labels', true, false, true], '#z=48': ['labels', true, false, true] });
    await close(page);
  },
  async 'hovering lights the row and the column, and tells both halves'() {
    const page = await open(shop);
    const at = await page.evaluate(() => { const cell = [...document.querySelectorAll('#view .c')].find((it) => /withheld, refused/.test(it.getAttribute('aria-label') || '')); const box = cell.getBoundingClientRect(); return [box.left + box.width / 2, box.top + box.height / 2]; });
    await page.mouse.move(...at);
    await page.locator('#tip').waitFor();
    const tip = await page.locator('#tip').innerText();
    for (const said of [/sid at #10 GET http:\/\/shop\.example\/old/, /Not sent: it is Secure, and the connection is not/, /5\.8\.3 step 3\.3 · SecureOnly in DevTools/, /Line refused/, /5\.7 step 16/]) assert.match(tip, said);
    assert.deepEqual([await page.locator('.r.hot').count(), await page.locator('.ch.hot').count()], [1, 1]);
    // It can be reached with the mouse, and read.
    const box = await page.locator('#tip').boundingBox();
    await page.mouse.move(box.x + 20, box.y + 10);
    assert.ok(await page.locator('#tip').isVisible());
    await page.mouse.click(...at);
    assert.match(await page.locator('#pane').innerText(), /Why was it not sent to #10\?/);
    await close(page);
  },
  async 'a life goes from top to bottom, and its values are letters'() {
    const page = await open(shop, { fragment: '' });
    await page.click('#view .rh code >> text=uid');
    const life = await page.locator('.life').innerText();
    assert.match(life.replace(/\s+/g, ' '), /#5 set to \w+ .*#9 sent \w+ replaced by \w+/);
    const letters = await page.locator('.life .v').allInnerTexts();
    assert.equal(letters.length, 3);
    assert.ok(letters[0] === letters[1] && letters[1] !== letters[2], String(letters));
    await close(page);
  },
  async 'the inventory sorts'() {
    const page = await open(shop);
    const column = (index) => page.evaluate((index) => [...document.querySelectorAll('#inventory tbody')][0].rows.length && [...[...document.querySelectorAll('#inventory tbody')][0].rows].map((row) => row.children[index].textContent), index);
    await page.click('#inventory th button >> text=Octets');
    const up = (await column(8)).map(Number);
    assert.deepEqual(up, [...up].sort((a, b) => a - b));
    await page.click('#inventory th button >> text=Octets');
    assert.deepEqual((await column(8)).map(Number), up.reverse());
    assert.equal(await page.getAttribute('#inventory th:nth-child(9)', 'aria-sort'), 'descending');
    await close(page);
  },
  async 'pictures for people'() {
    const pictures = path.join(folder, 'pictures');
    fs.rmSync(pictures, { recursive: true, force: true });
    const wanted = [['shop', ''], ['shop', '#p=c4'], ['shop', '#p=r10'], ['shop', '#f=refused'], ['shop', '#f=refused!'], ['shop', '#z=14'], ['shop', '#z=4'], ['hostile', ''], ['hostile', '#p=r0'], ['scale', ''], ['scale', '#z=4'], ['scale', '#z=24'], ['one', ''], ['well', ''], ['refused', ''], ['empty', ''], ['sanitized', '']];
    let taken = 0;
    for (const [name, fragment] of wanted) {
      for (const colorScheme of ['empty', 'sanitized', 'refused', 'well'].includes(name) ? ['light'] : ['light', 'dark']) {
        taken++;
        const page = await open(PAGES[name], { fragment, colorScheme });
        await page.screenshot({ path: path.join(pictures, `${name}${fragment.replace(/\W+/g, '-')}-${colorScheme}.png`) });
        await close(page);
      }
    }
    // Without colour the shapes alone have to tell the marks apart.
    const page = await open(shop, { deviceScaleFactor: 2 });
    const protocol = await page.context().newCDPSession(page);
    await protocol.send('Emulation.setEmulatedVisionDeficiency', { type: 'achromatopsia' });
    await page.screenshot({ path: path.join(pictures, 'shop-grey.png') });
    await close(page);
    assert.equal(fs.readdirSync(pictures).length, taken + 1);
  },
  async 'no two shapes are alike in grey'() {
    const page = await open(shop);
    // Each shape on its own, in one ink: what differs is the form only.
    const alike = await page.evaluate(() => {
      const shapes = [...document.querySelectorAll('symbol')].map((symbol) => {
        const pen = Object.assign(document.createElement('canvas'), { width: 39, height: 39 }).getContext('2d', { willReadFrequently: true });
        pen.scale(3, 3);
        const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
        svg.setAttribute('class', `mk ${symbol.id}`);
        document.body.append(svg);
        const look = getComputedStyle(svg), isFilled = !['none', getComputedStyle(document.documentElement).getPropertyValue('--panel')].includes(look.fill) && look.stroke === 'none';
        for (const part of symbol.children) {
          const of = (name) => Number(part.getAttribute(name));
          const form = new Path2D(part.getAttribute('d') || undefined);
          if (part.localName === 'circle') form.arc(of('cx'), of('cy'), of('r'), 0, 7);
          if (part.localName === 'rect') form.rect(of('x'), of('y'), of('width'), of('height'));
          pen.lineWidth = of('stroke-width') || parseFloat(look.strokeWidth);
          if (isFilled) pen.fill(form); else pen.stroke(form);
        }
        svg.remove();
        return [symbol.id, pen.getImageData(0, 0, 39, 39).data.filter((_, at) => at % 4 === 3)];
      });
      const alike = [];
      shapes.forEach(([one, a], index) => { for (const [other, b] of shapes.slice(index + 1)) { let both = 0, any = 0; a.forEach((ink, at) => { both += Math.min(ink, b[at]); any += Math.max(ink, b[at]); }); if (both / any > 0.75) alike.push([one, other, both / any]); } });
      return shapes.length === 11 ? alike : ['some are missing'];
    });
    assert.deepEqual(alike, []);
    await close(page);
  },
};
run(tests);
