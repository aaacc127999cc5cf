/** A scheduler to compare with, made for one set of weights. */
export interface Contender {
  /** What {@link body} calls `s`. */
  readonly subject: unknown;
  /** One pick, as a JavaScript expression of `s`: what the timed loop compiles. */
  readonly body: string;
  /** One pick, as the endpoint's name: what the tests check. */
  next(): string;
}

/** A way to schedule. */
export interface Peer {
  readonly name: string;
  /**
   * Builds it for endpoints `e0`, `e1`, … of these weights; `undefined` where it cannot work or would
   * take minutes to build.
   */
  create(weights: readonly number[]): Contender | undefined;
}

/** Name of the endpoint at `index`: what a key looks like in production. */
export function endpointName(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}:50051`;
}
