import { writeFile } from 'node:fs/promises';
import { type Config, isConfigError, loadConfig, watchConfig } from '@wrr/config';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { memoryKey } from './memory-key.ts';
import { SAMPLE, temporaryFile } from './sample.ts';

const place = fc.integer({ min: 0, max: SAMPLE.length });
const lines = SAMPLE.split('\n');
const lineNumber = fc.integer({ min: 0, max: lines.length - 1 });
const token = fc.oneof(
  fc.constantFrom('-1', '1e999', '.nan', '~', '[]', '{}', '""', '!!binary eA==', '&a [*a]', '\t'),
  fc.constantFrom('true', '0x10', '5 s', '2024-01-01', '__proto__: {}', '<<: *a', '...', '---'),
  fc.string({ unit: 'binary', maxLength: 8 }),
);

type Corruption = (text: string) => string;

/** The accidents of editors, disks, templates and hands. */
const corruption: fc.Arbitrary<Corruption> = fc.oneof(
  fc.tuple(place, fc.integer({ min: 1, max: 40 })).map(([at, length]): Corruption => {
    return (text) => text.slice(0, at) + text.slice(at + length); // something is lost
  }),
  place.map(
    (at): Corruption =>
      (text) =>
        text.slice(0, at),
  ), // the rest is lost
  fc.tuple(place, token).map(([at, extra]): Corruption => {
    return (text) => text.slice(0, at) + extra + text.slice(at);
  }),
  fc.tuple(lineNumber, token).map(([at, value]): Corruption => {
    return (text) => withLine(text, at, (line) => line.replace(/:.*$/, `: ${value}`));
  }),
  fc.tuple(lineNumber, lineNumber).map(([from, to]): Corruption => {
    return (text) => withLine(text, to, (line) => `${text.split('\n')[from]}\n${line}`);
  }),
  fc.tuple(lineNumber, fc.integer({ min: 0, max: 6 })).map(([at, indent]): Corruption => {
    return (text) => withLine(text, at, (line) => ' '.repeat(indent) + line.trimStart());
  }),
  fc.tuple(place, fc.integer({ min: 0, max: 255 })).map(([at, byte]): Corruption => {
    return (text) => {
      const bytes = Buffer.from(text);
      if (at < bytes.length) bytes[at] = byte;
      return bytes.toString();
    };
  }),
);

const corrupted = fc
  .array(corruption, { minLength: 1, maxLength: 3 })
  .map((corruptions) => corruptions.reduce((text, corrupt) => corrupt(text), SAMPLE));

function withLine(text: string, at: number, change: (line: string) => string): string {
  return text
    .split('\n')
    .map((line, index) => (index === at ? change(line) : line))
    .join('\n');
}

const secret = 'hunter2-from-the-environment';
const env = { ETCD_USER: secret, ETCD_PASSWORD: secret };

it('never crashes and names a line or a field, for 1,000 corrupted files', async () => {
  const file = await temporaryFile(SAMPLE);
  const seen = { valid: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(corrupted, async (text) => {
      await writeFile(file, text);
      const result: Config | Error = await loadConfig(file, { env }).catch((error: Error) => error);
      if (!(result instanceof Error)) {
        seen.valid++;
        return;
      }
      seen.refused++;
      if (!isConfigError(result)) throw result;
      expect(result.problems.length).toBeGreaterThan(0);
      for (const { origin, message } of result.problems) {
        expect(origin).toMatchObject({ kind: 'file', line: expect.any(Number) });
        expect(message).not.toBe('');
        expect(message).not.toContain('cannot be checked');
      }
      expect(result.message).not.toContain(secret);
    }),
    { numRuns: 1_000 },
  );
  expect(seen.refused).toBeGreaterThan(400); // or else the corruptions are none
  expect(seen.valid).toBeGreaterThan(20);
}, 60_000);

it('is all or nothing for 1,000 corrupted values of a watched key', async () => {
  const file = await temporaryFile(SAMPLE);
  const key = memoryKey();
  const live = await watchConfig({ file, env, key });
  let told = live.current;
  const events: string[] = [];
  live.subscribe((config) => {
    told = config;
  });
  live.events.subscribe(({ type }) => events.push(type));
  const seen = { applied: 0, rejected: 0 };

  await fc.assert(
    fc.asyncProperty(corrupted, async (text) => {
      const before = live.current;
      const length = events.length;
      key.put(text);
      expect(events.length).toBe(length + 1);
      expect(told.settings).toEqual(live.current.settings);
      if (events.at(-1) === 'rejected') {
        seen.rejected++;
        expect(live.current).toBe(before);
        return;
      }
      seen.applied++;
      // What is in force is exactly what a fresh start with the same texts would give.
      const fresh = await watchConfig({ file, env, key });
      expect(live.current.settings).toEqual(fresh.current.settings);
      fresh.close();
    }),
    { numRuns: 1_000 },
  );
  expect(seen.rejected).toBeGreaterThan(400);
  expect(seen.applied).toBeGreaterThan(20);

  key.delete();
  expect(live.current.settings).toEqual((await loadConfig(file, { env })).settings);
  live.close();
  expect(key.subscribers).toBe(0);
}, 60_000);
