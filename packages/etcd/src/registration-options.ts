import { checkRegistration, checkServiceName, type RegistrationOptions } from '@wrr/core';
import { isAddress } from './codec.ts';
import type { EtcdClient } from './etcd-client.ts';

/** Options of `registerEndpoint`. */
export interface EtcdRegistrationOptions extends RegistrationOptions {
  readonly client: EtcdClient;
  /**
   * How long the entry outlives its process, in whole seconds, from 1. etcd has a minimum (2 by
   * default) and may grant more. Default 10.
   */
  readonly ttlSeconds?: number;
  /**
   * `false` (default): rejects when the first attempt, on every host, has failed. `true`: goes on
   * trying until `timeoutMs`. A wrong user or a forbidden key is rejected at once in any case.
   */
  readonly waitForReady?: boolean;
  /** Bound of `waitForReady`, in milliseconds; may be Infinity. Default 30,000. */
  readonly timeoutMs?: number;
  /** Gives up waiting, and removes whatever has been written. */
  readonly signal?: AbortSignal;
}

/** The same, checked and complete. */
export interface CheckedRegistration {
  readonly service: string;
  readonly address: string;
  readonly weight: number;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly ttlSeconds: number;
  readonly waitForReady: boolean;
  readonly timeoutMs: number;
}

const KNOWN = new Set([
  'client',
  'service',
  'address',
  'weight',
  'metadata',
  'ttlSeconds',
  'waitForReady',
  'timeoutMs',
  'signal',
]);

/**
 * Checks and copies the options.
 *
 * @throws {TypeError | RangeError} naming the option and the value.
 */
export function checkRegistrationOptions(options: EtcdRegistrationOptions): CheckedRegistration {
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name)) throw new TypeError(`unknown option ${name} of registerEndpoint()`);
  }
  checkRegistration(options);
  const { service, address, weight = 1, metadata = {}, ttlSeconds = 10 } = options;
  const { waitForReady = false, timeoutMs = 30_000 } = options;
  checkServiceName(service);
  if (!isAddress(address)) {
    throw new TypeError(`address must be host:port, IPv6 in brackets, got ${address}`);
  }
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < 1 || ttlSeconds > 86_400) {
    throw new RangeError(
      `ttlSeconds must be an integer from 1 to 86400, got ${String(ttlSeconds)}`,
    );
  }
  if (!(timeoutMs > 0)) throw new RangeError(`timeoutMs must be > 0, got ${String(timeoutMs)}`);
  return {
    service,
    address,
    weight,
    metadata: checkMetadata(metadata),
    ttlSeconds,
    waitForReady,
    timeoutMs,
  };
}

/** Copies through JSON: what is stored is what was checked, whatever happens to the caller's object. */
function checkMetadata(metadata: unknown): Readonly<Record<string, unknown>> {
  const isObject = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata);
  if (!isObject) throw new TypeError(`metadata must be an object, got ${JSON.stringify(metadata)}`);
  if ('weight' in metadata) {
    throw new TypeError('metadata.weight is reserved: use the option weight');
  }
  return { ...JSON.parse(JSON.stringify(metadata)) };
}
