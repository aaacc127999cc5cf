import { durationMs, loadConfig, serviceConfigOf } from '@wrr/config';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { temporaryFile } from './sample.ts';

/** How `text` comes out in a service config. */
async function grpcForms(texts: readonly string[]): Promise<string[]> {
  const services = texts.map((text, i) => {
    return `  s${i}: { target: x, warmUp: { window: ${text} } }\n`;
  });
  const file = await temporaryFile(`services:\n${services.join('')}`);
  const { settings } = await loadConfig(file, { env: {} });
  return texts.map((_, i) => {
    const config = JSON.stringify(serviceConfigOf(settings, `s${i}`));
    return /"warmUp":{"window":"([^"]*)"/.exec(config)?.[1] ?? 'none';
  });
}

it('writes what gRPC accepts and means the same', async () => {
  const text = fc
    .tuple(fc.integer({ min: 1, max: 80_000_000 }), fc.integer({ min: 0, max: 999_999 }))
    .map(([ms, fraction]) => `${ms}.${String(fraction).padStart(6, '0')}ms`);
  await fc.assert(
    fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 50 }), async (texts) => {
      for (const [i, form] of (await grpcForms(texts)).entries()) {
        expect(form).toMatch(/^\d+(\.\d{1,9})?s$/); // grpc-js, service-config.ts
        expect(durationMs(form)).toBeCloseTo(durationMs(texts[i] ?? ''), 5);
      }
    }),
    { numRuns: 30 },
  );
});

it('writes the shortest form', async () => {
  expect(await grpcForms(['250ms', '1000ms', '100s', '1m', '0.001ms', '1.50s'])).toEqual([
    '0.25s',
    '1s',
    '100s',
    '60s',
    '0.000001s',
    '1.5s',
  ]);
});

it.each([
  ['250ms', 250],
  ['1.5s', 1_500],
  ['2m', 120_000],
  ['1h', 3_600_000],
])('reads %s', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

it.each(['', '5', '-5s', '1 s', '1d', 's', '1e3s', '+1s', '.5s', 'Infinitys'])(
  'refuses %j',
  (text) => {
    expect(() => durationMs(text)).toThrow(`not a duration: ${JSON.stringify(text)}`);
  },
);
