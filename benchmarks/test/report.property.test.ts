import fc from 'fast-check';
import { expect, it } from 'vitest';
import { html } from '../src/html.ts';
import type { Row, Suite } from '../src/suite.ts';
import { figure, table } from '../src/table.ts';

const machine = {
  date: 'today',
  commit: 'a commit',
  cpu: 'a processor',
  cores: 2,
  memoryGb: 1,
  system: 'a system',
  node: 'v0',
  v8: '0',
  load: 0,
  packages: {},
};

const value = fc.double({ min: 1e-3, max: 1e9, noNaN: true });
const someRow: fc.Arbitrary<Row> = fc
  .record({
    ours: value,
    peers: fc.dictionary(fc.constantFrom('edf', 'a < b', 'naive loop'), value),
    low: value,
    high: value,
    met: fc.boolean(),
  })
  .map(({ ours, peers, low, high, met }) => ({
    suite: 'toy',
    case: 'a case',
    unit: 'ns',
    ours,
    peers,
    ratio: Object.fromEntries(Object.entries(peers).map(([name, peer]) => [name, peer / ours])),
    rounds: 3,
    spread: { ours: [low, high] },
    goal: { text: 'at least something', met },
  }));
const suite: Suite = { name: 'toy', title: 'A toy', run: () => Promise.resolve([]) };

/** Cells of the table's body, row by row, as text; figures of one cell are apart by a blank. */
function cells(report: string): string[][] {
  const [, body = ''] = /<tbody>([\s\S]*)<\/tbody>/.exec(report) ?? [];
  return [...body.matchAll(/<tr>(.*)<\/tr>/g)].map(([, row = '']) =>
    [...row.matchAll(/<t[dh]>(.*?)<\/t[dh]>/g)].map(([, cell = '']) =>
      cell
        .replaceAll(/<[^>]*>/g, ' ')
        .trim()
        .replaceAll(/ +/g, ' '),
    ),
  );
}

it("the report's figures are the JSON's, each in its row and column, and no others", () => {
  fc.assert(
    fc.property(fc.array(someRow, { minLength: 1, maxLength: 6 }), (rows) => {
      const read: Row[] = JSON.parse(JSON.stringify(rows));
      const names = [...new Set(read.flatMap((row) => Object.keys(row.peers)))];
      const expected = read.map(({ ours, peers, ratio, spread, goal }) => [
        `a case ${goal?.met ? '✓' : '✗'} at least something`,
        'ns',
        `${figure(ours)} ${figure(spread?.['ours']?.[0] ?? 0)}–${figure(spread?.['ours']?.[1] ?? 0)}`,
        ...names.map((name) => {
          const peer = peers[name];
          return peer === undefined ? '' : `${figure(peer)} ${figure(ratio[name] ?? 0)}×`;
        }),
      ]);
      expect(cells(html(machine, [{ suite, rows }]))).toEqual(expected);
    }),
  );
});

it("the terminal's figures are the JSON's", () => {
  fc.assert(
    fc.property(someRow, (row) => {
      const [first = '', ...rest] = table([row]).split('\n');
      expect(first).toContain(`a case: ${figure(row.ours)} (`);
      expect(first).toContain(row.goal?.met ? 'ok' : 'MISS');
      const found = rest.map((line) => /^ {4}(.*?) +(\S+) +(\S+)$/.exec(line)?.slice(1));
      expect(found).toEqual(
        Object.entries(row.peers).map(([name, peer]) => {
          return [name, figure(peer), `${figure(row.ratio[name] ?? 0)}×`];
        }),
      );
    }),
  );
});
