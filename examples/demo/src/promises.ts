import { styleText } from 'node:util';

/** Something that the demo promises, and what it has measured of it. */
export interface Promised {
  readonly promise: string;
  readonly measured: string;
  readonly kept: boolean;
}

/** Collects what was promised and seen. */
export class Ledger {
  readonly entries: Promised[] = [];

  record(promise: string, measured: string, kept: boolean): Promised {
    const entry = { promise, measured, kept };
    this.entries.push(entry);
    return entry;
  }

  get allKept(): boolean {
    return this.entries.every(({ kept }) => kept);
  }

  /** The closing table, one promise a line. */
  table(): string[] {
    const width = Math.max(...this.entries.map(({ promise }) => promise.length));
    return this.entries.map(
      ({ promise, measured, kept }) =>
        `  ${mark(kept)} ${promise.padEnd(width)}  ${kept ? measured : styleText('red', measured)}`,
    );
  }
}

/** The sign in front of a promise. */
export function mark(kept: boolean): string {
  return kept ? styleText('green', 'kept  ') : styleText('red', 'BROKEN');
}
