import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-headless-shell',
].find((path) => path !== undefined && existsSync(path));

/** Whether there is a Chromium. Where there is none, says so; in CI that is an error. */
export const hasChromium: boolean = executablePath !== undefined;

if (!hasChromium) {
  const message =
    'no Chromium: install Debian’s chromium or chromium-headless-shell, or set CHROMIUM to one';
  if (process.env['CI'] === 'true') throw new Error(message);
  console.warn(`SKIPPED: the playground in a browser (${message})`);
}

/** Starts it without a window. */
export async function startChromium(): Promise<Browser> {
  return chromium.launch({
    ...(executablePath !== undefined && { executablePath }),
    args: ['--no-sandbox'],
  });
}
