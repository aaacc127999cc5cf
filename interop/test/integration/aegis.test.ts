import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { playToAegis } from '../../src/aegis-replay.ts';
import { type Decisions, playToThrottle, recordTrace, type Trace } from '../../src/aegis-trace.ts';
import { interopFolder } from '../../src/folders.ts';
import { goForTests } from '../../src/go-toolchain.ts';

const goldenFile = join(interopFolder, 'golden', 'aegis.json');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What is in git of aegis's decisions: enough to see any difference. */
function summary(seed: number, trace: Trace, { decisions, drawn }: Decisions): object {
  return {
    seed,
    events: trace.events.length,
    questions: decisions.length,
    refused: decisions.split('0').length - 1,
    drawn,
    trace: sha256(JSON.stringify(trace)),
    decisions: sha256(decisions),
  };
}

const go = await goForTests('aegis.test');
const seed = 20_261_122;
const trace = recordTrace(seed);

describe("our aegis preset against aegis's SRE breaker", () => {
  it('decides as aegis is recorded to have decided', async () => {
    const golden: unknown = JSON.parse(await readFile(goldenFile, 'utf8'));
    expect(summary(seed, trace, playToThrottle(trace))).toEqual(golden);
  });

  it('records a trace that asks at least 100,000 times, with both answers often', () => {
    const { decisions } = playToThrottle(trace);
    expect(decisions.length).toBeGreaterThan(100_000);
    expect(decisions.split('0').length).toBeGreaterThan(20_000);
    expect(decisions.split('1').length).toBeGreaterThan(20_000);
  });

  it.skipIf(!go)(
    'decides as aegis does, event by event, here and now',
    { timeout: 120_000 },
    async () => {
      const theirs = await playToAegis(go?.['aegis.test'] ?? '', trace);
      const { UPDATE_GOLDEN } = process.env;
      if (UPDATE_GOLDEN === 'true') {
        await writeFile(
          goldenFile,
          `${JSON.stringify(summary(seed, trace, theirs), undefined, 2)}\n`,
        );
      }
      const ours = playToThrottle(trace);
      const first = [...ours.decisions].findIndex(
        (each, index) => each !== theirs.decisions[index],
      );
      expect({ firstDifference: first, drawn: ours.drawn, count: ours.decisions.length }).toEqual({
        firstDifference: -1,
        drawn: theirs.drawn,
        count: theirs.decisions.length,
      });
      expect(summary(seed, trace, theirs)).toEqual(JSON.parse(await readFile(goldenFile, 'utf8')));
    },
  );

  it.skipIf(!go)('decides as aegis does on a trace of its own each day', async () => {
    const other = recordTrace(Math.floor(Date.now() / 86_400_000));
    expect(await playToAegis(go?.['aegis.test'] ?? '', other)).toEqual(playToThrottle(other));
  });
});
