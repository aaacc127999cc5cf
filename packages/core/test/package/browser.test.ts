import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const dist = join(import.meta.dirname, '../../dist');
const executablePath = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-headless-shell',
].find((path) => path !== undefined && existsSync(path));

if (executablePath === undefined) {
  const message =
    'no Chromium: install Debian’s chromium or chromium-headless-shell, or set CHROMIUM to one';
  if (process.env['CI'] === 'true') throw new Error(message);
  console.warn(`SKIPPED: the built package in a browser (${message})`);
}

const PAGE = `<!doctype html><script type="module">
  import * as core from '/index.js';
  globalThis.core = core;
</script>`;

/** Runs against dist/, in a real browser, without a bundler: what it imports must be all it needs. */
describe.skipIf(executablePath === undefined)('the built package in a browser', () => {
  let server: Server;
  let browser: Browser;
  let origin: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const name = request.url === '/' ? undefined : request.url?.slice(1);
      if (name === undefined) {
        response.setHeader('content-type', 'text/html').end(PAGE);
        return;
      }
      readFile(join(dist, name)).then(
        (code) => response.setHeader('content-type', 'text/javascript').end(code),
        () => response.writeHead(404).end(),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await chromium.launch({
      ...(executablePath !== undefined && { executablePath }),
      args: ['--no-sandbox'],
    });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  it('draws the sequence, opens a breaker and fails a call over', { timeout: 60_000 }, async () => {
    const page = await browser.newPage();
    const errors: Error[] = [];
    page.on('pageerror', (error) => errors.push(error));
    await page.goto(origin);
    await page.waitForFunction('globalThis.core !== undefined');
    const seen = await page.evaluate(async () => {
      const { core } = globalThis as unknown as { core: typeof import('@wrr/core') };
      const balancer = core.createBalancer({ clock: performance });
      balancer.update([
        { key: 'a', weight: 5 },
        { key: 'b', weight: 1 },
        { key: 'c', weight: 1 },
      ]);
      const sequence = Array.from({ length: 7 }, () => {
        const pick = balancer.pick();
        return pick.kind === 'picked' ? pick.endpoint.key : '-';
      }).join('');

      const answer = await core.runWithFailover(
        balancer,
        async ({ key }, { signal }) => {
          const response = await fetch(key === 'a' ? '/missing.js' : '/index.js', { signal });
          if (!response.ok) throw new Error(`${key}: ${response.status}`);
          return key;
        },
        {
          clock: performance,
          sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
          retryable: () => true,
          perAttemptTimeoutMs: 10_000,
        },
      );

      const breaker = core.createCircuitBreaker({ consecutiveFailures: 1 });
      breaker.settle(breaker.acquire(performance.now()), performance.now(), 'failure');
      return { sequence, answer, state: breaker.state };
    });
    expect(seen).toEqual({ sequence: 'aabacaa', answer: 'b', state: 'open' });
    expect(errors).toEqual([]);
  });
});
