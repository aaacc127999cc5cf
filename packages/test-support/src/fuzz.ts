import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createMutator, type Mutator } from './mutator.ts';

/** Options of {@link fuzz}. */
export interface FuzzOptions<T> {
  /** Good inputs, from which bad ones are made. */
  readonly corpus: readonly string[];
  /** Makes one input. */
  readonly make: (mutator: Mutator) => T;
  /** Feeds it to what is tested. Whatever it throws is a finding. */
  readonly feed: (input: T, index: number) => void;
  /** Number of inputs. Default 100,000, or `FUZZ_CASES`. */
  readonly cases?: number;
  /** Default 1, or `FUZZ_SEED`. */
  readonly seed?: number;
  /** What one input may take at most, in milliseconds. Default 5,000: a hang, on the busiest machine. */
  readonly limitMs?: number;
}

/** What came of it. */
export interface FuzzReport {
  readonly cases: number;
  /** The slowest input, in milliseconds. */
  readonly slowestMs: number;
  /** What is held after a garbage collection, against the time before, in bytes. */
  readonly heapGrowth: number;
}

/** Looking at them takes about as long as a case. */
const PROTOTYPES_EVERY = 50;
const HEAP_GROWTH = 32 * 2 ** 20;

/**
 * Feeds mutated inputs and watches what they do: nothing may be thrown, hang, stay in memory, or
 * change a prototype that all objects share.
 *
 * @throws {Error} naming the input, its index and the seed.
 */
export function fuzz<T>(options: FuzzOptions<T>): FuzzReport {
  const { FUZZ_CASES, FUZZ_SEED } = process.env;
  const { corpus, make, feed, limitMs = 5_000 } = options;
  const cases = options.cases ?? Number(FUZZ_CASES ?? 100_000);
  const seed = options.seed ?? Number(FUZZ_SEED ?? 1);
  const mutator = createMutator(seed, corpus);
  const clean = fingerprint();
  const before = heapUsed();
  let slowestMs = 0;
  for (let index = 0; index < cases; index++) {
    const input = make(mutator);
    const finding = (what: string, cause?: unknown): Error =>
      new Error(`${what}; input ${index} of seed ${seed}: ${show(input)}`, { cause });
    const start = performance.now();
    try {
      feed(input, index);
    } catch (error) {
      throw finding(`threw ${String(error)}`, error);
    }
    const took = performance.now() - start;
    if (took > limitMs) throw finding(`took ${took.toFixed(0)} ms`);
    slowestMs = Math.max(slowestMs, took);
    if (index % PROTOTYPES_EVERY === 0 && fingerprint() !== clean) {
      throw finding(
        `changed a shared prototype, this one or one of the ${PROTOTYPES_EVERY} before`,
      );
    }
  }
  if (fingerprint() !== clean) throw new Error('one of the last inputs changed a shared prototype');
  const heapGrowth = heapUsed() - before;
  if (heapGrowth > HEAP_GROWTH)
    throw new Error(`${heapGrowth} bytes are held after ${cases} inputs`);
  return { cases, slowestMs, heapGrowth };
}

/** Names on the prototypes that a careless copy or assignment would write to. */
function fingerprint(): number {
  let count = 0;
  for (const shared of [Object.prototype, Array.prototype, Function.prototype, String.prototype]) {
    count = count * 1_000 + Object.getOwnPropertyNames(shared).length;
  }
  return count;
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  if (typeof gc === 'function') gc();
  return process.memoryUsage().heapUsed;
}

function show(input: unknown): string {
  const text = Buffer.isBuffer(input) ? `0x${input.toString('hex')}` : JSON.stringify(input);
  return text?.slice(0, 2_000) ?? String(input);
}
