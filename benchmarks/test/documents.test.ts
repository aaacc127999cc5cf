import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fillIn } from '../src/document/fill-in.ts';
import { picturesOf } from '../src/document/pictures.ts';
import type { Run } from '../src/document/runs.ts';
import { documentsOf, quotedRuns } from '../src/document/write-documents.ts';
import type { Row } from '../src/suite.ts';
import { suites } from '../src/suites.ts';

const home = join(import.meta.dirname, '..');
const row: Row = {
  suite: 'breaker',
  case: 'a call',
  unit: 'ns',
  ours: 2,
  peers: { near: 4, far: 10 },
  ratio: { near: 2, far: 5 },
  rounds: 3,
  goal: { text: '3× near', met: false },
};
const { first } = quotedRuns();
const runOf = (rows: readonly Row[]): Run => ({ ...first, rows });
const twice = (again: Partial<Row>) => ({
  first: runOf([row]),
  second: runOf([{ ...row, ...again }]),
  large: runOf([]),
});
const filled = (name: string, again: Partial<Row> = {}): string =>
  fillIn(`before\n<!-- bench: ${name} -->\nold\n<!-- end -->\nafter`, twice(again));

describe('documents', () => {
  it.each([...documentsOf(quotedRuns(), suites)])(
    '%s has the figures of the runs',
    (name, text) => {
      expect(readFileSync(join(home, name), 'utf8')).toBe(text);
    },
  );

  it('of full runs on one machine', () => {
    const { first: a, second: b } = quotedRuns();
    expect([a.quick, b.quick]).toEqual([false, false]);
    expect([a.machine.cpu, a.machine.node]).toEqual([b.machine.cpu, b.machine.node]);
  });
});

describe('a block', () => {
  it('is made anew, and nothing else is changed', () => {
    const text = filled('breaker');
    expect(text).toMatch(/^before\n<!-- bench: breaker -->\n\|/);
    expect(text).toMatch(/\n<!-- end -->\nafter$/);
    expect(text).not.toContain('old');
    expect(text).toContain('| a call, ns | 2 | 4 (2) | 10 (5) | 3× near: **missed** |');
    expect(fillIn(text, twice({})), 'a second time').toBe(text);
  });

  it('quotes both figures of a ratio on which the runs do not agree', () => {
    expect(filled('breaker', { ratio: { near: 2.08, far: 6 } })).toContain('| 4 (2) | 10 (5; 6) |');
  });

  it('lists the goals that were missed, with the ratios they are about', () => {
    expect(filled('missed')).toContain('- breaker: a call: 2 ns; 2 times near (goal: 3× near)');
  });

  it('says how many ratios agree', () => {
    const text = filled('agreement', { ratio: { near: 2.08, far: 6 } });
    expect(text).toContain('1 of 2 ratios agree within 10 %');
    expect(text).toContain('| breaker | 2 | 1 | 1 |');
  });

  it('that does not exist is refused by name', () => {
    expect(() => filled('nothing')).toThrow('there is no block nothing: expected one of machine,');
  });
});

it('a picture that does not exist is refused by name', () => {
  expect(() => picturesOf('![x](results/no-such.svg)', first, suites)).toThrow(
    'there is no picture no-such: expected one of cost-of-a-pick',
  );
});
