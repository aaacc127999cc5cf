/**
 * Ties an attempt that a client makes to the pick that its transport makes for it.
 *
 * A failover above a channel makes a new call for every attempt, and the picker inside the channel
 * cannot see which of its calls belong together. What passes through every layer is metadata. So the
 * attempt's metadata carries the link's `id` under {@link ATTEMPT_LINK_KEY}; the picker looks the link
 * up, takes the key off before the wire, and shares what the link holds.
 */
export interface AttemptLink {
  /** Value of the metadata key: unique in this process, printable ASCII, never a part of another. */
  readonly id: string;
  /**
   * Keys of the endpoints that the logical call has tried: one set, shared by the links of all its
   * attempts. The picker avoids and extends it; when all were tried it begins afresh.
   */
  readonly tried: Set<string>;
  /**
   * Set just before the attempt is cancelled because its time was over. Whatever status the transport
   * then reports, the endpoint was too slow: the attempt's outcome is `failure`, not `ignored`.
   */
  timedOut: boolean;
  /** Set by those who know: the call is a stream, and its duration says nothing about its endpoint. */
  streams: boolean;
  /** What the picker does when all endpoints were tried: hedges run at different ones, or not at all. */
  whenAllTried: 'stop' | 'repeat';
  /** Key of the endpoint that the picker sent the attempt to; undefined while it waits for a pick. */
  endpoint: string | undefined;
  /** How often the picker has sent it: more than once when a layer below retries, too. */
  picks: number;
  /** Whether the picker refused to send it: another attempt would fare no better. */
  refused: boolean;
  /** What the server said on retries when the attempt failed (`grpc-retry-pushback-ms`), if it did. */
  pushback: string | undefined;
}

/** Name of the metadata key. A picker that knows it removes it; another policy sends it to the server. */
export const ATTEMPT_LINK_KEY = 'wrr-attempt-link';

/**
 * Name of the trailing metadata by which a policy says that it refused the pick itself, and why:
 * nothing was sent, and another attempt would fare no better.
 */
export const REFUSED_KEY = 'wrr-refused';

/** Shared by all copies of this package in the process: adapters may resolve different ones. */
const REGISTRY: unique symbol = Symbol.for('wrr.attempt-links.v1');

interface Registry {
  readonly links: Map<string, AttemptLink>;
  opened: number;
}

// `Map` stands here only because TypeScript wants one property that globalThis is known to have.
const holder: { readonly Map: unknown; [REGISTRY]?: Registry } = globalThis;
holder[REGISTRY] ??= { links: new Map(), opened: 0 };
const registry = holder[REGISTRY];

/**
 * Opens the link of one attempt. Whoever opens it closes it when the attempt has ended, on every path.
 *
 * @param tried The call's tried endpoints: the same set for each of its attempts.
 */
export function openAttemptLink(tried: Set<string>): AttemptLink {
  registry.opened++;
  const id = `a${registry.opened}`;
  const link: AttemptLink = {
    id,
    tried,
    timedOut: false,
    streams: false,
    whenAllTried: 'repeat',
    endpoint: undefined,
    picks: 0,
    refused: false,
    pushback: undefined,
  };
  registry.links.set(link.id, link);
  return link;
}

/**
 * Returns the open link with this `id`. A picker looks it up at the pick and keeps it: the result of
 * an attempt that was cancelled can arrive after its link was closed.
 */
export function findAttemptLink(id: string): AttemptLink | undefined {
  return registry.links.get(id);
}

/** Closes a link: its `id` is found no more. A second time changes nothing. */
export function closeAttemptLink(link: AttemptLink): void {
  registry.links.delete(link.id);
}

/** Number of links that are open: 0 when no attempt is in flight. For tests and for people. */
export function openAttemptLinks(): number {
  return registry.links.size;
}
