import {
  createReportedWeights,
  type ReportedWeights,
  type ReportedWeightsOptions,
} from '@wrr/core';
import type { Metadata } from './grpc.ts';
import type { LeafEndpoint } from './leaf.ts';
import { readLoadReport } from './load-report.ts';

/**
 * Resolution of weights while reports decide: a static weight of 1 becomes 100, so that its share can
 * be set to the percent.
 */
const SCALE = 100;
const MAX_WEIGHT = 1_000_000;

/** Turns the load that servers report into the weights of a list of endpoints. */
export class ReportedWeighting {
  readonly #weights: ReportedWeights;
  readonly #onWeights: (endpoints: readonly LeafEndpoint[]) => void;
  #list: readonly LeafEndpoint[] = [];
  #isClosed = false;

  /** @param onWeights Called with the list and its new weights, at most once in an update period. */
  constructor(
    options: ReportedWeightsOptions,
    onWeights: (endpoints: readonly LeafEndpoint[]) => void,
  ) {
    this.#weights = createReportedWeights(options);
    this.#onWeights = onWeights;
  }

  /** Takes over the list with its static weights, and returns it with those in force. */
  weigh(list: readonly LeafEndpoint[], now: number): readonly LeafEndpoint[] {
    this.#list = list;
    const factors = this.#weights.factors(
      list.map(({ key }) => key),
      now,
    );
    if (factors === undefined) return list;
    return list.map((endpoint, index) => {
      const weight = Math.round(endpoint.weight * SCALE * (factors[index] ?? 1));
      const atLeastOne = endpoint.weight === 0 ? 0 : Math.max(1, weight);
      return { ...endpoint, weight: Math.min(MAX_WEIGHT, atLeastOne) };
    });
  }

  /** Takes in what came with a call's end. */
  callEnded(key: string, trailers: Metadata): void {
    const report = this.#isClosed ? undefined : readLoadReport(trailers);
    if (report === undefined) return;
    const now = performance.now();
    this.#weights.report(key, report, now);
    if (this.#weights.isDue(now)) this.#onWeights(this.weigh(this.#list, now));
  }

  /** Changes no weights any more: calls that are still in flight report to it, with an old list. */
  close(): void {
    this.#isClosed = true;
  }

  /** The connection was lost: what the server said before is worth nothing. */
  forget(key: string): void {
    this.#weights.forget(key);
  }
}
