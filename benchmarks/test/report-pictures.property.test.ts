import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawPick } from '../src/pick/pictures.ts';
import { counts, shareRows } from '../src/pick/share-rows.ts';
import { drawProtection } from '../src/protection/pictures.ts';
import { timelineRows as outageRows, timeline } from '../src/protection/timeline.ts';
import { drawFrozenServer, timelineRows as frozenRows } from '../src/rpc/frozen-timeline.ts';
import { LatencyHistogram } from '../src/rpc/latency-histogram.ts';
import { drawLatencies, latencyRows } from '../src/rpc/latency-picture.ts';
import type { Row } from '../src/suite.ts';
import { figure } from '../src/table.ts';

/** Points of each line of a picture, in pixels, in the order of the lines. */
function lines(svg = ''): number[][][] {
  return [...svg.matchAll(/<polyline points="([^"]*)"/g)].map(([, points = '']) =>
    points.split(' ').map((point) => point.split(',').map(Number)),
  );
}

/** Titles of a picture's dots. */
function titles(svg = ''): string[] {
  return [...svg.matchAll(/<title>([^<]*)<\/title>/g)].map(([, title = '']) => title);
}

function expectRising(values: readonly (number | undefined)[]): void {
  expect(values).toEqual(values.toSorted((a = 0, b = 0) => a - b));
}

const ms = fc.double({ min: 0.01, max: 60_000, noNaN: true });

it('a quantile of the histogram is within 1 % of the exact one', () => {
  fc.assert(
    fc.property(
      fc.array(ms, { minLength: 1, maxLength: 300 }),
      fc.double({ min: 0.001, max: 1, noNaN: true }),
      (values, share) => {
        const histogram = new LatencyHistogram();
        for (const value of values) histogram.add(value);
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.ceil(share * values.length) - 1] ?? Number.NaN;
        expect(Math.abs(histogram.quantile(share) / exact - 1)).toBeLessThan(0.01);
        expect(histogram.total).toBe(values.length);
      },
    ),
  );
});

it('a picture of latencies has a line for each contender, of the rows’ figures', () => {
  const histograms = { ours: new LatencyHistogram(), 'a < b': new LatencyHistogram() };
  for (let i = 1; i <= 2_000; i++) {
    histograms.ours.add(i / 100);
    histograms['a < b'].add(i / 50);
  }
  const rows = latencyRows('rpc', 'toy', histograms, 3);
  const [picture, ...others] = drawLatencies([...rows, { ...(rows[0] as Row), at: {} }]);
  expect(others).toEqual([]);
  const [ours = [], peer = []] = lines(picture?.svg);
  expect([ours.length, peer.length]).toEqual([rows.length, rows.length]);
  const dots = ['ours', 'a < b'].flatMap((name) =>
    rows.map(({ at, ...row }) => {
      const value = name === 'ours' ? row.ours : (row.peers[name] ?? Number.NaN);
      return `${name.replace('<', '&lt;')}: ${figure(value)}, ${figure(Number(at?.['share']))}`;
    }),
  );
  expect(titles(picture?.svg)).toEqual(dots);
  // The peer takes twice as long: its line is the same, moved to the right by the same everywhere.
  const moved = peer.map(([x = 0], i) => x - (ours[i]?.[0] ?? 0));
  expect(Math.min(...moved)).toBeGreaterThan(0);
  expect(Math.max(...moved) - Math.min(...moved)).toBeLessThan(3);
  expect(peer.map(([, y]) => y)).toEqual(ours.map(([, y]) => y));
  expectRising(ours.map(([x]) => x));
});

it('the timeline of a frozen server has the slowest call of every moment, of the rounds the median', () => {
  const round = (slow: number) => ({
    frozenAt: 1_000,
    samples: Array.from({ length: 400 }, (_, i) => ({
      at: i * 5 + 1,
      latencyMs: i === 210 ? slow : 2,
    })),
  });
  const rows = frozenRows(
    { ours: [200, 400, 300].map(round), round_robin: [round(2_000)] },
    { deadlineMs: 2_000, watchedMs: 1_000 },
  );
  expect(rows).toHaveLength(20);
  const worst = rows.filter(({ ours }) => ours > 2);
  expect(worst.map(({ ours, peers, at }) => [ours, peers, at?.['seconds']])).toEqual([
    [300, { round_robin: 2_000 }, 0.05],
  ]);
  const drawn = titles(drawFrozenServer(rows)[0]?.svg);
  expect(drawn).toHaveLength(40);
  expect(drawn).toContain('ours: 0.05, 300');
  expect(drawn).toContain('round_robin: 0.05, 2,000');
});

describe('the timeline of an outage', () => {
  const calls = Array.from({ length: 1_000 }, (_, i) => {
    const inTrouble = i >= 300 && i < 900;
    return { at: i * 100, ok: !inTrouble, attempts: inTrouble ? 3 : 1 };
  });

  it('says for every moment what became of its calls', () => {
    const moments = timeline(calls, 30_000, 60_000);
    expectRising(moments.map(({ seconds }) => seconds));
    expect(moments[0]?.seconds).toBe(-4.5);
    for (const { seconds, errors, load } of moments) {
      const inTrouble = seconds > 0 && seconds < 60;
      expect([errors, load]).toEqual(inTrouble ? [100, 3] : [0, 1]);
    }
  });

  it('is drawn for failed calls and for attempts, each stack a line', () => {
    const own = timeline(calls, 30_000, 60_000);
    const peer = own.map((moment) => ({ ...moment, errors: 50, load: 2 }));
    const trouble = { rate: 10, troubleMs: 60_000 };
    const rows = outageRows('all refuse', trouble, { ours: own, peer });
    const [errors, load, ...others] = drawProtection(rows);
    expect(others).toEqual([]);
    for (const picture of [errors, load]) {
      const [ours = [], flat = []] = lines(picture?.svg);
      expect([ours.length, flat.length]).toEqual([own.length, own.length]);
      expect(new Set(ours.map(([, y]) => y)).size).toBe(2);
      expect(new Set(flat.map(([, y]) => y)).size).toBe(1);
    }
  });
});

it('ours gives every endpoint exactly its share after whole cycles, from any phase', () => {
  const weights = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(weights, fc.nat(1_000), fc.integer({ min: 1, max: 3 }), (set, seed, cycles) => {
      const total = set.reduce((sum, weight) => sum + weight, 0);
      const made = counts('ours', set, cycles * total, seed);
      const divisor = set.map((weight) => cycles * weight);
      expect(made).toEqual(divisor);
    }),
  );
});

it('the shares add up to all calls, and every policy is a line', () => {
  const rows = shareRows();
  const shares = rows.filter(({ at }) => at?.['figure'] === 'share');
  for (const name of Object.keys(shares[0]?.peers ?? {})) {
    expect(shares.reduce((sum, { peers }) => sum + (peers[name] ?? 0), 0)).toBeCloseTo(100);
  }
  expect(shares.reduce((sum, { ours }) => sum + ours, 0)).toBeCloseTo(100);
  const picture = drawPick(rows).find(({ title }) => title === 'Share of the calls against weight');
  expect(lines(picture?.svg)).toHaveLength(5);
  expect(lines(picture?.svg).every((line) => line.length === 10)).toBe(true);
});
