// A narrow window, one that is zoomed to 400 %, touch, little motion, and paper.
'use strict';

const { assert, path, folder, recordings, write, open, close, settled, run } = require('./browser.js');

const shop = write('narrow-shop', recordings.shop());
const hostile = write('narrow-hostile', recordings.hostile());
const scale = write('narrow-scale', recordings.scale(300, 70));

/** What is cut off at the right or cannot be scrolled to. */
const lost = (page) => page.evaluate(() => {
  const lost = [];
  if (document.scrollingElement.scrollWidth > innerWidth) lost.push(`the page is ${document.scrollingElement.scrollWidth} wide`);
  const scrolls = (it) => it.closest('.wide, #view, .hid, .stick, [hidden], .skip');
  for (const it of document.querySelectorAll('body *')) {
    const box = it.getBoundingClientRect();
    if (box.width && box.height && it.checkVisibility() && !scrolls(it) && (box.right > innerWidth + 1 || box.left < -1)) lost.push(`${it.localName}.${it.className.baseVal ?? it.className} from ${box.left} to ${box.right}`);
  }
  return lost.slice(0, 5);
});
/** The controls that cannot be brought into view or are covered there. */
const covered = (page) => page.evaluate(() => {
  const covered = [];
  for (const it of document.querySelectorAll('a[href], button, input, summary, #view [tabindex="0"]')) {
    if (!it.checkVisibility() || it.closest('.skip')) continue;
    it.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    const [box] = it.getClientRects();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    const top = document.elementFromPoint(x, y);
    if (x < 0 || y < 0 || x > innerWidth || y > innerHeight || !top || !(it.contains(top) || top.contains(it) || it.closest('#view') && top.closest('#view'))) covered.push(`${it.outerHTML.slice(0, 80)} at ${x}, ${y} under ${top && top.outerHTML.slice(0, 60)}`);
  }
  return covered.slice(0, 5);
});

const tests = {};
// 320 px is 1,280 px at 400 %.
for (const [name, viewport] of [['320 px', { width: 320, height: 640 }], ['400 %', { width: 320, height: 256 }], ['390 px', { width: 390, height: 800 }], ['768 px', { width: 768, height: 1000 }], ['1024 px', { width: 1024, height: 700 }]]) {
  for (const [what, file] of [['shop', shop], ['hostile', hostile], ['scale', scale]]) {
    if (what !== 'shop' && viewport.width > 320) continue;
    tests[`${name}, ${what}`] = async () => {
      const page = await open(file, { viewport, deviceScaleFactor: name === '400 %' ? 4 : 1 });
      assert.deepEqual(await lost(page), []);
      if (what === 'shop') {
        assert.deepEqual(await covered(page), []);
        await page.click('#keys summary');
        assert.deepEqual(await lost(page), []);
        await page.click('#keys summary');
      }
      for (const fragment of ['#p=c4', '#p=r10']) {
        await page.evaluate((fragment) => { location.hash = fragment; }, fragment);
        await settled(page);
        assert.deepEqual(await lost(page), [], fragment);
        assert.ok(await page.locator('#pane .back').isVisible());
      }
      await close(page);
    };
  }
}
Object.assign(tests, {
  async 'under 900 px the pane is a sheet from below, and Esc takes it away'() {
    const page = await open(shop, { viewport: { width: 390, height: 800 } });
    await page.focus('#view [tabindex="0"]');
    await page.keyboard.press('Enter');
    await settled(page);
    const box = await page.locator('#pane').boundingBox();
    assert.equal(Math.round(box.y + box.height), 800);
    assert.ok(box.height <= 561, `${box.height}`);
    await page.keyboard.press('Escape');
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.querySelector('#pane')).position), 'fixed');
    await close(page);
  },
  async 'a tap is hovering, and a second tap opens the pane'() {
    const page = await open(shop, { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true });
    await page.locator('#timeline').scrollIntoViewIfNeeded();
    await page.evaluate(() => { document.querySelector('#timeline').scrollIntoView({ block: 'start', behavior: 'instant' }); });
    await settled(page);
    const at = await page.evaluate(() => { const cell = [...document.querySelectorAll('#view .c')].find((it) => it.dataset.at > 4 && /withheld|sent/.test(it.getAttribute('aria-label') || '')); const box = cell.getBoundingClientRect(); return [box.left + box.width / 2, box.top + box.height / 2]; });
    const top = () => page.evaluate(() => document.querySelector('#timeline').getBoundingClientRect().top);
    const was = await top();
    await page.touchscreen.tap(...at);
    await page.locator('#tip').waitFor();
    assert.equal(new URL(page.url()).hash, '');
    await page.touchscreen.tap(...at);
    await page.locator('#pane .back').waitFor();
    assert.ok(Math.abs(await top() - was) < 1, 'nothing moves');
    assert.match(new URL(page.url()).hash, /^#p=c\d+$/);
    await close(page);
  },
  async 'what is touched has 24 px'() {
    const page = await open(shop, { viewport: { width: 390, height: 800 }, hasTouch: true, isMobile: true });
    const small = await page.evaluate(() => [...document.querySelectorAll('#tools button, #tools input, #tools summary, .card .ref a, #view .r')].filter((it) => it.checkVisibility() && it.getBoundingClientRect().height < 24).map((it) => `${it.className} ${it.textContent.slice(0, 20)} ${it.getBoundingClientRect().height}`));
    assert.deepEqual(small, []);
    await close(page);
  },
  async 'it moves to its target, and is there at once where motion is not wanted'() {
    for (const reducedMotion of ['no-preference', 'reduce']) {
      const page = await open(scale, { fragment: '#z=24', reducedMotion });
      const [first, later, animations] = await page.evaluate(() => new Promise((done) => {
        // The frames come when the test says so, at the instants that it says.
        const view = document.querySelector('#view'), frames = [], began = performance.now();
        window.requestAnimationFrame = (step) => frames.push(step);
        const frame = (now) => { for (const step of frames.splice(0)) step(now); };
        addEventListener('popstate', () => setTimeout(() => {
          frame(began);
          const first = view.scrollLeft;
          for (let count = 0; count < 3; count++) frame(began + 1e6);
          done([first, view.scrollLeft, document.getAnimations().length]);
        }), { once: true });
        location.hash = 'z=24&p=r250';
      }));
      assert.ok(later > 5000, `${later}`);
      assert.equal(first, reducedMotion === 'reduce' ? later : 0);
      assert.equal(animations, 0);
      await close(page);
    }
  },
  async 'on paper: light, findings, the timeline by navigation, the inventory'() {
    for (const colorScheme of ['light', 'dark']) {
      const page = await open(shop, { colorScheme, fragment: '#p=c4' });
      await page.emulateMedia({ media: 'print', colorScheme });
      await page.locator('#paper').waitFor();
      const found = await page.evaluate(() => ({
        tools: getComputedStyle(document.querySelector('#tools')).display, screen: getComputedStyle(document.querySelector('#timeline')).display,
        cards: [...document.querySelectorAll('#findings .card')].filter((it) => it.checkVisibility()).length, tables: document.querySelectorAll('#paper table').length,
        marks: document.querySelectorAll('#paper td .mk').length, rows: document.querySelectorAll('#inventory tbody tr').length, ink: getComputedStyle(document.body).color, paper: getComputedStyle(document.body).backgroundColor,
        steps: document.querySelectorAll('#findings .ref a[href^=https]').length,
      }));
      assert.deepEqual([found.tools, found.screen, found.ink, found.paper], ['none', 'none', 'rgb(25, 28, 32)', 'rgb(255, 255, 255)']);
      const navigations = await page.evaluate(() => JSON.parse(document.querySelector('#data').textContent).entries.filter((it) => it.nav).length);
      assert.equal(found.tables, navigations);
      assert.ok(found.cards > 5 && found.marks > 30 && found.rows > 10 && found.steps > 5, JSON.stringify(found));
      if (colorScheme === 'light') {
        const pdf = await page.pdf({ preferCSSPageSize: true, path: path.join(folder, 'paper.pdf') });
        const [, width, height] = /\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/.exec(pdf.toString('latin1'));
        assert.ok(Number(width) > Number(height), `${width} by ${height}`);
      }
      await page.emulateMedia({ media: 'screen', colorScheme });
      await settled(page);
      assert.equal(await page.locator('#paper').count(), 0);
      assert.equal(await page.locator('#pane h2').innerText(), await page.evaluate(() => JSON.parse(document.querySelector('#data').textContent).cookies[4].n));
      await close(page);
    }
  },
});
run(tests);
