// Measures the page of 5,000 requests and 100 cookies: node tests/har_page/measure.js target/debug/hardtack target/har_page
// Prints the first paint; and of the frames, while it scrolls and while the mouse moves, the median, the 95th percentile, and the
// work of the page's thread.
'use strict';

const { recordings, write, open, settled, run } = require('./browser.js');

const FRAMES = 240;
const file = write('measure', recordings.scale(5000, 100));

const share = (sorted, of) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))].toFixed(1);

const tests = {
  async paint() {
    for (let count = 0; count < 3; count++) {
      const page = await open(file);
      const [paint, ready] = await page.evaluate(() => [performance.getEntriesByType('paint')[0].startTime, performance.getEntriesByType('navigation')[0].loadEventEnd]);
      console.log(`first paint ${paint.toFixed(0)} ms, timeline ${ready.toFixed(0)} ms`);
      await page.context().close();
    }
  },
};
for (const fragment of ['', '#z=4', '#z=14', '#z=24', '#z=48']) {
  for (const how of ['scroll right', 'scroll down', 'hover']) {
    tests[`${fragment} ${how}`] = async () => {
      const page = await open(file, { fragment });
      const protocol = await page.context().newCDPSession(page);
      await protocol.send('Performance.enable');
      const worked = async () => (await protocol.send('Performance.getMetrics')).metrics.find((it) => it.name === 'TaskDuration').value * 1000;
      await page.waitForTimeout(500);
      const before = await worked();
      const took = await page.evaluate(([how, frames]) => new Promise((done) => {
        const view = document.querySelector('#view'), box = view.getBoundingClientRect(), took = [];
        let last = 0;
        const step = (now) => {
          if (last) took.push(now - last);
          last = now;
          const count = took.length;
          if (how === 'scroll right') view.scrollLeft += 30;
          else if (how === 'scroll down') scrollBy({ top: count % 100 < 50 ? 25 : -25, behavior: 'instant' });
          else view.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + 240 + (count * 13) % 700, clientY: box.top + 180 + (count * 7) % 400, pointerType: 'mouse', bubbles: true }));
          if (count < frames) requestAnimationFrame(step); else done(took);
        };
        requestAnimationFrame(step);
      }), [how, FRAMES]);
      const work = (await worked() - before) / FRAMES;
      took.sort((a, b) => a - b);
      console.log(`${(fragment || 'to fit').padEnd(7)} ${how.padEnd(13)} median ${share(took, 0.5)} ms, 95 % ${share(took, 0.95)} ms; work a frame ${work.toFixed(1)} ms`);
      await page.context().close();
    };
  }
}
run(tests);
