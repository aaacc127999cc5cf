import type { Row } from './suite.ts';

/** A ratio that two runs measured. */
export interface Repeated {
  readonly row: Row;
  readonly name: string;
  readonly first: number;
  readonly second: number;
  /** The larger over the smaller, minus 1. */
  readonly change: number;
}

/** How far two figures of one thing are apart: the larger over the smaller, minus 1. */
export function changeOf(a: number, b: number): number {
  return a === b ? 0 : Math.max(a, b) / Math.min(a, b) - 1;
}

/** Finds the ratios that both runs have, those that agree least first. */
export function agreement(first: readonly Row[], second: readonly Row[]): readonly Repeated[] {
  const ratios = new Map(ratiosOf(second).map(({ name, ratio }) => [name, ratio]));
  return ratiosOf(first)
    .flatMap(({ row, name, ratio: a }) => {
      const b = ratios.get(name);
      if (b === undefined || !(a > 0 && b > 0)) return [];
      return [{ row, name, first: a, second: b, change: changeOf(a, b) }];
    })
    .sort((a, b) => b.change - a.change);
}

/** Says how well two runs agree: how many ratios within so much, and which ones do not by 10 %. */
export function describeAgreement(all: readonly Repeated[]): string {
  const within = (share: number) => all.filter(({ change }) => change <= share).length;
  const apart = all.filter(({ change }) => change > 0.1);
  return [
    `${all.length} ratios; within 5 %: ${within(0.05)}, within 10 %: ${within(0.1)}`,
    ...apart.map(({ name, first, second, change }) => {
      const percent = Math.round(change * 100);
      return `  ${percent} % apart: ${name}: ${first.toPrecision(3)}, ${second.toPrecision(3)}`;
    }),
  ].join('\n');
}

function ratiosOf(rows: readonly Row[]) {
  return rows.flatMap((row) =>
    Object.entries(row.ratio).map(([peer, ratio]) => ({
      row,
      name: `${row.suite}: ${row.case} / ${peer}`,
      ratio,
    })),
  );
}
