import type { Row } from '../suite.ts';

/** A part of the suite that depends on no other, and on no clock. */
export interface Job {
  readonly name: string;
  run(): Promise<readonly Row[]>;
}
