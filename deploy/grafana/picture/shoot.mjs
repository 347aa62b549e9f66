// Opens the built page in Debian's Chromium and takes the picture.
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { chromium } from 'playwright-core';

const [folder, target, height] = process.argv.slice(2);
const types = { '.html': 'text/html', '.js': 'text/javascript', '.json': 'application/json', '.css': 'text/css' };
const server = http.createServer((request, response) => {
  const file = path.join(folder, request.url === '/' ? 'index.html' : decodeURI(request.url.split('?')[0]));
  if (!file.startsWith(folder) || !fs.existsSync(file)) {
    response.writeHead(404).end();
    return;
  }
  response.writeHead(200, { 'Content-Type': types[path.extname(file)] ?? 'application/octet-stream' });
  response.end(fs.readFileSync(file));
}).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync'],
});
const failures = [];
try {
  // 24 times COLUMN of main.tsx and its edges; down to the end of the cache's panels.
  const page = await browser.newPage({ viewport: { width: 24 * 64 + 24, height: Number(height ?? 1724) } });
  page.on('pageerror', (error) => failures.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && failures.push(message.text()));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForSelector('body[data-panels]', { timeout: 20000 });
  await page.waitForTimeout(3000); // canvases are drawn after the components are there
  fs.mkdirSync(path.dirname(target), { recursive: true });
  await page.screenshot({ path: target });
} finally {
  await browser.close();
  server.close();
}
for (const failure of failures) console.error(failure);
console.error(`${target}: ${fs.statSync(target).size} bytes`);
