import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../documents.ts';
import { hasChromium, startChromium } from './chromium.ts';

const TIMEOUT_MS = 60_000;

/** The page as `pnpm playground` serves it, on the built core, in a real browser. */
describe.skipIf(!hasChromium)('the playground', { timeout: TIMEOUT_MS }, () => {
  let server: ChildProcess;
  let browser: Browser;
  let origin: string;
  let page: Page;
  let problems: string[];

  beforeAll(async () => {
    server = spawn(process.execPath, [join(root, 'docs/playground/serve.js')], {
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(server.stdout!, 'data');
    origin = String(line).trim();
    browser = await startChromium();
  }, TIMEOUT_MS);
  afterAll(async () => {
    await browser?.close();
    server?.kill();
  });

  beforeEach(async () => {
    page = await browser.newPage({ viewport: { width: 1200, height: 1000 } });
    problems = [];
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text());
    });
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(origin) && !url.startsWith('data:')) problems.push(`asked for ${url}`);
    });
    await page.goto(origin);
    await page.locator('main').waitFor();
  }, TIMEOUT_MS);
  afterEach(async () => {
    await page.close();
    expect(problems).toEqual([]);
  });

  const picks = async (lane: 'wrr' | 'edf' | 'roundRobin'): Promise<string> =>
    (await page.locator(`#lane-${lane} .strip .cell`).allTextContents()).join('');
  const facts = (lane: string): Promise<string> =>
    page.locator(`#lane-${lane} .facts`).evaluate(({ textContent }) => textContent ?? '');
  const deviation = async (lane: string): Promise<number> =>
    Number(/deviation (\S+)/.exec(await facts(lane))?.[1]);
  const failed = async (lane: string): Promise<number> =>
    Number(/(\d+) failed/.exec(await facts(lane))?.[1]);
  const row = (key: string) => page.locator(`#endpoint-${key}`);
  const press = (name: string): Promise<void> => page.getByRole('button', { name }).click();

  it('shows nginx’s sequence beside EDF and round robin', async () => {
    expect(await picks('wrr')).toBe('aabacaa'.repeat(3));
    expect(await picks('roundRobin')).toBe('abc'.repeat(7));
    expect([...(await picks('edf'))].filter((key) => key === 'a')).toHaveLength(15);
    await press('100 calls');
    expect(await deviation('wrr')).toBeLessThan(1);
    expect(await deviation('roundRobin')).toBeGreaterThan(40);
    expect(await facts('wrr')).toMatch(/^121 calls, 0 failed/);
  });

  it('opens the breaker of an endpoint that fails, and takes it back', async () => {
    await page.getByLabel('Server of b').selectOption('fails every call');
    await press('100 calls');
    const events = page.getByRole('log');
    await expect.poll(() => events.textContent()).toContain('breaker of b: closed → open');
    expect(await row('b').textContent()).toMatch(/open|half-open/);
    const failures = await failed('wrr');
    expect(failures).toBeGreaterThanOrEqual(3);
    expect(failures).toBeLessThan(await failed('edf'));
    expect(await failed('edf')).toBeLessThan(await failed('roundRobin'));

    await page.getByLabel('Server of b').selectOption('answers');
    for (let i = 0; i < 8; i++) await press('100 calls');
    expect(await events.textContent()).toContain('half-open → closed (probes-succeeded)');
    expect(await row('b').locator('.badge').textContent()).toBe('closed');
    expect(await picks('wrr')).toContain('b');
  });

  it('heeds lost connections, removal, addition, warm-up and panic', async () => {
    await page.getByLabel('Server of a').selectOption('has lost its connection');
    await press('100 calls');
    expect(new Set(await picks('wrr'))).toEqual(new Set('bc'));
    expect(await row('a').textContent()).toContain('no: unreachable');

    await page.getByLabel('Warm-up').check();
    await press('Add an endpoint');
    await press('One call');
    expect(await row('d').textContent()).toMatch(/warming: 1\d %/);
    await press('Remove c');
    await press('100 calls');
    expect(new Set(await picks('wrr'))).toEqual(new Set('bd'));

    await page.getByLabel('Server of b').selectOption('fails every call');
    await press('100 calls');
    expect(await page.locator('#panic').isVisible()).toBe(true);
    await page.getByLabel('Circuit breakers').uncheck();
    expect(await page.locator('#panic').isVisible()).toBe(false);
    expect(await row('b').locator('.badge').textContent()).toBe('off');
  });

  it('is used by keyboard alone', async () => {
    const focused = (): Promise<string | null> =>
      page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? null);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab'); // Play, then One call
    await page.keyboard.press('Enter');
    expect(await facts('wrr')).toMatch(/^22 calls/);
    for (let i = 0; i < 20 && (await focused()) !== 'Weight of b'; i++) {
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Control+A');
    await page.keyboard.type('5');
    await page.keyboard.press('Tab'); // leaves the field: the weight counts
    expect(await page.getByRole('log').textContent()).toContain('b has weight 5');
    expect(await focused()).toBe('Server of b');
    await page.keyboard.press('ArrowDown');
    await press('100 calls');
    expect(await failed('wrr')).toBeGreaterThan(0);
  });

  it('puts back what is not a weight', async () => {
    for (const wrong of ['-1', '101', '1.5', '']) {
      await page.getByLabel('Weight of a').fill(wrong);
      await page.getByLabel('Weight of a').blur();
      expect(await page.getByLabel('Weight of a').inputValue(), wrong).toBe('5');
    }
  });

  it('plays and pauses', async () => {
    await page.getByLabel('Calls a second').fill('60');
    await press('Play');
    await expect.poll(() => facts('wrr'), { timeout: 30_000 }).toMatch(/^(2[4-9]|[3-9]\d|\d{3})/);
    await press('Pause');
    const after = await facts('wrr');
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 100)));
    expect(await facts('wrr')).toBe(after);
  });

  it.each(['light', 'dark'] as const)('breaks no accessibility rule, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.getByLabel('Server of b').selectOption('fails every call');
    await press('100 calls');
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(async () => {
      const scope = globalThis as unknown as { axe: typeof import('axe-core') };
      return scope.axe.run();
    });
    const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((n) => n.html).join()}`);
    expect(found).toEqual([]);
    const path = join(root, `reports/playground-${colorScheme}.png`);
    await page.screenshot({ path, fullPage: true });
  });

  it('fits a small screen', async () => {
    await page.setViewportSize({ width: 380, height: 800 });
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(380);
    await page.screenshot({ path: join(root, 'reports/playground-small.png'), fullPage: true });
  });
});
