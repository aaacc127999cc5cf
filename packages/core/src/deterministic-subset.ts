import type { Subset } from './balancer-options.ts';
import type { Endpoint } from './endpoint.ts';
import { checkNames, checkNumber } from './option-checks.ts';

/** Options of {@link deterministicSubset}. Give one of `clientIndex` and `clientId`. */
export interface DeterministicSubsetOptions {
  /** Endpoints that a client calls, at least: an integer from 1. A set that is smaller is used whole. */
  readonly size: number;
  /**
   * The client's number among the clients of the service, an integer from 0 to 4,294,967,295, such as
   * the ordinal of a StatefulSet's pod. Numbers without gaps give every endpoint equally many clients.
   */
  readonly clientIndex?: number;
  /** The client's name, unique among them and not empty, where they are not numbered. */
  readonly clientId?: string;
}

const MAX_INDEX = 2 ** 32 - 1;

/**
 * Makes a function that chooses the part of a large set that one client calls: the same for the same
 * client and set, whatever the set's order, and with nothing agreed upon between clients. For
 * `createBalancer({ subset })`.
 *
 * With `clientIndex`, the endpoints stand on a ring in the order of their hashes, and a client takes an
 * arc. There are 2^k arcs, as many as leave `size` endpoints to each, so an arc has `size` to
 * `2 × size`. Clients begin at the van der Corput sequence (0, 1/2, 1/4, 3/4, …), so that each block
 * of 2^k clients covers the ring once, and the next one at arcs that lie between those. Hence:
 *
 * - With the clients 0 to c − 1, the numbers of clients of any two endpoints differ by 1 at most;
 *   every endpoint has one as soon as `c × size` is the number of endpoints.
 * - An endpoint that joins or leaves moves the ends of an arc by one endpoint each, or none. Only when
 *   k changes, as the set doubles or halves, an arc is halved or doubled; it never moves elsewhere.
 *
 * With `clientId`, a client takes the `size` endpoints that hash highest together with its name
 * (rendezvous hashing, gRFC A68): exactly `size`, and nothing changes for clients that do not have the
 * endpoint which joins or leaves. How many clients an endpoint has is then a matter of chance.
 *
 * Drained endpoints do not count, and are left out unless all are drained. Weights decide within the
 * subset only. O(n log n) a set.
 *
 * Sources: Site Reliability Engineering, chapter 20; https://queue.acm.org/detail.cfm?id=3570937.
 *
 * @throws {RangeError | TypeError} naming the option, the value and what was expected.
 */
export function deterministicSubset(options: DeterministicSubsetOptions): Subset {
  checkNames('subset', options, ['size', 'clientIndex', 'clientId']);
  const { size, clientIndex, clientId } = options;
  checkNumber('subset.size', size, { min: 1, max: 1_000_000, integer: true });
  if ((clientIndex === undefined) === (clientId === undefined)) {
    throw new TypeError('subset needs one of clientIndex and clientId');
  }
  if (clientId !== undefined) {
    if (typeof clientId === 'string' && clientId !== '') return byName(size, clientId);
    throw new TypeError(
      `subset.clientId must be a non-empty string, got ${JSON.stringify(clientId)}`,
    );
  }
  return byIndex(
    size,
    checkNumber('subset.clientIndex', clientIndex, { min: 0, max: MAX_INDEX, integer: true }),
  );
}

function byIndex(size: number, index: number): Subset {
  const start = vanDerCorput(index);
  return (endpoints) => {
    const candidates = candidatesOf(endpoints);
    const { length } = candidates;
    if (length <= size) return candidates;
    const arcs = 2 ** Math.floor(Math.log2(length / size));
    // The endpoint of rank r stands at r / length. Exact: `start` and `arcs` are binary fractions.
    const first = Math.ceil(start * length);
    const end = Math.ceil((start + 1 / arcs) * length);
    return pick(candidates, inOrderOf('ring', candidates), first, end);
  };
}

function byName(size: number, clientId: string): Subset {
  return (endpoints) => {
    const candidates = candidatesOf(endpoints);
    if (candidates.length <= size) return candidates;
    return pick(candidates, inOrderOf(clientId, candidates), 0, size);
  };
}

function candidatesOf<E extends Endpoint>(endpoints: readonly E[]): readonly E[] {
  const serving = endpoints.filter(({ weight }) => weight > 0);
  return serving.length === 0 ? endpoints : serving;
}

/** Returns those with the ranks from `first` to before `end`, around the ring, in their own order. */
function pick<E extends Endpoint>(
  endpoints: readonly E[],
  ranked: readonly E[],
  first: number,
  end: number,
): readonly E[] {
  const { length } = ranked;
  const chosen = new Set([
    ...ranked.slice(first, end),
    ...ranked.slice(0, Math.max(0, end - length)),
  ]);
  return endpoints.filter((endpoint) => chosen.has(endpoint));
}

/** Sorts by a hash of `seed` and key. */
function inOrderOf<E extends Endpoint>(seed: string, endpoints: readonly E[]): readonly E[] {
  const before = fnv(FNV_OFFSET, `${seed}\n`);
  return endpoints
    .map((endpoint) => ({ endpoint, hash: mix(fnv(before, endpoint.key)) }))
    .toSorted((a, b) => a.hash - b.hash || (a.endpoint.key < b.endpoint.key ? -1 : 1))
    .map(({ endpoint }) => endpoint);
}

/** The bits of an integer mirrored at the point: 0, 1/2, 1/4, 3/4, 1/8… Exact. */
function vanDerCorput(index: number): number {
  let result = 0;
  for (let rest = index, bit = 0.5; rest > 0; rest = Math.floor(rest / 2), bit /= 2) {
    if (rest % 2 === 1) result += bit;
  }
  return result;
}

const FNV_OFFSET = 0x811c9dc5;

/** FNV-1a over UTF-16 units, going on from `hash`. */
function fnv(hash: number, text: string): number {
  let result = hash;
  for (let at = 0; at < text.length; at++) {
    result = Math.imul(result ^ text.charCodeAt(at), 0x01000193);
  }
  return result;
}

/** MurmurHash3's finalizer: without it, similar addresses would be neighbours. */
function mix(hash: number): number {
  let result = hash ^ (hash >>> 16);
  result = Math.imul(result, 0x85ebca6b);
  result = Math.imul(result ^ (result >>> 13), 0xc2b2ae35);
  return (result ^ (result >>> 16)) >>> 0;
}
