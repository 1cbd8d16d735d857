// axe finds nothing, in any state of the page.
'use strict';

const { assert, fs, recordings, write, open, close, settled, run } = require('./browser.js');

const AXE = fs.readFileSync(require.resolve('../real_programs/node/node_modules/axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21aa', 'best-practice'];

async function check(page) {
  // The page's policy holds for what is put into it, so that axe runs as an expression of the test.
  await page.evaluate(AXE);
  const found = await page.evaluate((tags) => axe.run(document, { runOnly: tags, resultTypes: ['violations'] }), TAGS);
  const violations = found.violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.target.join(' ')}: ${node.failureSummary.replace(/\s+/g, ' ')}`));
  assert.deepEqual(violations, []);
}

const shop = write('axe-shop', recordings.shop());
const scale = write('axe-scale', recordings.scale(600, 100));
const STATES = {
  findings: [''],
  'a cause': ['#p=f0'],
  cookie: ['#p=c3'],
  request: ['#p=r10'],
  filter: ['#f=refused'],
  hide: ['#f=withheld!'],
  search: ['#q=sid'],
  tip: ['', async (page) => { await page.focus('#view [tabindex="0"]'); await page.locator('#tip').waitFor(); }],
  keys: ['', (page) => page.click('#keys summary')],
  'never stored': ['', (page) => page.click('#inventory summary')],
  shapes: ['#z=14'],
  places: ['#z=4'],
};

/** States that differ from others in their shapes only, not in their colours. */
const SHAPES = ['hide', 'search', 'never stored', 'shapes', 'places'];

const tests = {};
for (const colorScheme of ['light', 'dark']) {
  for (const [name, [fragment, act]] of Object.entries(STATES)) {
    if (colorScheme === 'dark' && SHAPES.includes(name)) continue;
    tests[`${name}, ${colorScheme}`] = async () => {
      const page = await open(shop, { fragment, colorScheme });
      if (act) await act(page);
      await settled(page);
      await check(page);
      await close(page);
    };
  }
  for (const fragment of colorScheme === 'light' ? ['', '#p=c2', '#p=r9'] : ['#p=c2']) {
    tests[`narrow ${fragment}, ${colorScheme}`] = async () => {
      const page = await open(shop, { fragment, colorScheme, viewport: { width: 390, height: 800 }, hasTouch: true });
      await check(page);
      await close(page);
    };
  }
  tests[`many requests, ${colorScheme}`] = async () => {
    const page = await open(scale, { colorScheme });
    await check(page);
    await close(page);
  };
}
for (const [name, har, ...options] of [['empty', recordings.empty()], ['sanitized', recordings.sanitized(), '--allow-sanitized'], ['one', recordings.one()], ['well', recordings.well()], ['refused', recordings.refused()]]) {
  tests[name] = async () => {
    const page = await open(write(`axe-${name}`, har, ...options));
    await check(page);
    await close(page);
  };
}
tests['without scripts'] = async () => {
  // The scripts of a page without scripts are the test's own too: what axe needs is an unscripted copy.
  const text = fs.readFileSync(shop, 'utf8').replace(/<script[^>]*>[^]*?<\/script>/g, '');
  const file = shop.replace('.html', '-unscripted.html');
  fs.writeFileSync(file, text);
  const page = await open(file);
  for (const shown of ['h1', '#findings .card', '#inventory table']) assert.ok(await page.locator(shown).first().isVisible(), shown);
  for (const hidden of ['#tools', '#timeline', '#csv']) assert.ok(!(await page.locator(hidden).isVisible()), hidden);
  await check(page);
  await close(page);
};
run(tests);
