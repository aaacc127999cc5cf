import { seededRandom } from '../../statistics.ts';
import { endpointName, type Peer } from './peer.ts';

/**
 * Earliest deadline first, as grpc-go's `internal/wrr/edf.go` and Envoy's `edf_scheduler.h` do it, on
 * a binary heap in typed arrays: the fastest form of it that we know in JavaScript. Proportions are
 * right in the long run; nothing keeps light endpoints from being served in bursts.
 */
export class EdfHeap {
  readonly #deadline: Float64Array;
  readonly #period: Float64Array;
  readonly #names: readonly string[];
  /** Endpoints in heap order: no child is due before its parent. */
  readonly #heap: Int32Array;

  /** @param random when given, first deadlines are random within a period (gRFC A58); else a full one. */
  constructor(weights: readonly number[], random?: () => number) {
    this.#period = Float64Array.from(weights, (weight) => 1 / weight);
    this.#deadline = this.#period.map((period) => (random ? random() * period : period));
    this.#names = weights.map((_, i) => endpointName(i));
    const order = Array.from(weights.keys());
    order.sort((a, b) => (this.#deadline[a] ?? 0) - (this.#deadline[b] ?? 0) || a - b);
    this.#heap = Int32Array.from(order); // a sorted array is a heap
  }

  next(): string | undefined {
    const heap = this.#heap;
    const deadlines = this.#deadline;
    const size = heap.length;
    const top = heap[0] ?? 0;
    const due = (deadlines[top] ?? 0) + (this.#period[top] ?? 0);
    deadlines[top] = due;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= size) break;
      let entry = heap[child] ?? 0;
      let earliest = deadlines[entry] ?? 0;
      if (child + 1 < size) {
        const other = heap[child + 1] ?? 0;
        const otherDue = deadlines[other] ?? 0;
        if (otherDue < earliest) {
          child += 1;
          entry = other;
          earliest = otherDue;
        }
      }
      if (due <= earliest) break;
      heap[hole] = entry;
      hole = child;
    }
    heap[hole] = top;
    return this.#names[top];
  }
}

/** Inexact, O(log n) a pick. */
export const edfHeap: Peer = {
  name: 'EDF, typed heap',
  create(weights) {
    const heap = new EdfHeap(weights, seededRandom(1));
    return { subject: heap, body: 's.next() !== undefined', next: () => heap.next() ?? '' };
  },
};
