// Opens pages of Debian's Chromium with cookies: storage-state|cdp FILE PROXY URL...
// Or tells the browser's version: --version
'use strict';

const fs = require('node:fs');
const { chromium } = require('playwright-core');

const [format, file, proxy, ...urls] = process.argv.slice(2);

(async () => {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    timeout: 120_000,
    proxy: proxy && { server: proxy },
  });
  if (format === '--version') {
    console.log(browser.version());
  }
  const options = { ignoreHTTPSErrors: true };
  if (format === 'storage-state') {
    options.storageState = file;
  }
  const context = await browser.newContext(options);
  context.setDefaultNavigationTimeout(120_000);
  const page = await context.newPage();
  if (format === 'cdp') {
    const protocol = await context.newCDPSession(page);
    await protocol.send('Network.setCookies', JSON.parse(fs.readFileSync(file, 'utf8')));
  }
  for (const url of urls) {
    await page.goto(url);
  }
  await browser.close();
})();
