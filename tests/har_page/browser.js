// A page of `hardtack har --html` in Chromium, and what a test says of it.
'use strict';

const assert = require('node:assert/strict');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { chromium } = require('../real_programs/node/node_modules/playwright-core');
const recordings = require('./recordings.js');

const [program, folder] = process.argv.slice(2);

/** Writes the page of a recording, and returns its path. */
function write(name, har, ...options) {
  const recording = path.join(folder, `${name}.har`), page = path.join(folder, `${name}.html`);
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(recording, JSON.stringify(har));
  execFileSync(program, ['har', recording, '--html', page, ...options], { stdio: ['ignore', 'ignore', 'inherit'] });
  return page;
}

let browser = null;
/** Opens a page without a network. What it must never do is an error: dialogs, requests, messages on the console. */
async function open(file, { fragment = '', ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'light', reducedMotion: 'reduce', offline: true, ...options });
  const page = await context.newPage();
  page.wrong = [];
  const own = pathToFileURL(file).href;
  page.on('dialog', (dialog) => { page.wrong.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on('pageerror', (error) => page.wrong.push(`error: ${error.message}`));
  page.on('console', (message) => page.wrong.push(`console: ${message.text()}`));
  page.on('request', (request) => { if (request.url().split('#')[0] !== own && !request.url().startsWith(`blob:`)) page.wrong.push(`request: ${request.url()}`); });
  await page.goto(own + fragment);
  await settled(page);
  return page;
}
async function close(page) {
  assert.deepEqual(page.wrong, []);
  await page.context().close();
}
/** Waits until the cells of the part in view are there: all rows have those of the columns in view. */
async function settled(page) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.waitForFunction(() => {
    const rows = [...document.querySelectorAll('#view .r:not(.site)')];
    return !document.documentElement.classList.contains('js') || document.querySelector('#timeline').hidden || rows.every((row) => row.dataset.cells) && (document.querySelector('#view [tabindex="0"]') || !rows.length);
  });
}

/** A test that hangs fails, and does not hold up the others. */
const LIMIT = 120_000;
const limited = (test) => new Promise((done, fail) => {
  const timer = setTimeout(() => fail(new Error('it hangs')), LIMIT);
  test().then(done, fail).finally(() => clearTimeout(timer));
});

/** Runs tests by their names, one after the other. */
function run(tests) {
  (async () => {
    browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'], timeout: 120_000 });
    let failed = 0;
    for (const [name, test] of Object.entries(tests)) {
      try { await limited(test); } catch (error) { failed++; console.error(`\n${name}: ${error.stack}`); }
    }
    await browser.close();
    console.log(`${Object.keys(tests).length - failed} passed, ${failed} failed`);
    process.exitCode = failed ? 1 : 0;
  })();
}

module.exports = { assert, fs, path, folder, recordings, write, open, close, settled, run };
