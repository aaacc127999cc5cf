import { checkWeight } from './weight.ts';

/** What a server tells the registry about itself. */
export interface RegistrationOptions {
  /** Name of the service, such as `service/user`: no slash at either end. */
  readonly service: string;
  /** Where the server listens, `host:port`. */
  readonly address: string;
  /** Relative share of the calls: an integer from 0 to 1,000,000. Default 1. */
  readonly weight?: number;
  /** Further metadata, readable by clients. The key `weight` is reserved. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** A server's entry in a registry. Lives until `close()`, or until its owner dies. */
export interface Registration {
  readonly service: string;
  readonly address: string;
  /** Changes the weight for every client, without a reconnect. Resolves when it is stored. */
  setWeight(weight: number): Promise<void>;
  /**
   * Takes the server out of rotation, gives clients `graceMs` (default 1,000) to notice and calls
   * in flight to end, then removes the entry.
   */
  drain(options?: { readonly graceMs?: number }): Promise<void>;
  /** Removes the entry. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Checks what a server wants to register, before anything is written.
 *
 * @throws {TypeError} if service or address is not a string of the right form.
 * @throws {RangeError} if the weight is not an integer from 0 to 1,000,000.
 */
export function checkRegistration({ service, address, weight }: RegistrationOptions): void {
  checkServiceName(service);
  checkAddress(address);
  if (weight !== undefined) checkWeight(address, weight);
}

/** Checks the name of a service: no slash at either end, so that prefixes cannot overlap. */
export function checkServiceName(service: unknown): void {
  if (typeof service === 'string' && /^[^/\s](?:\S*[^/\s])?$/.test(service)) return;
  throw new TypeError(
    `service must be a name without spaces or slashes at its ends, such as service/user, got ${String(service)}`,
  );
}

function checkAddress(address: unknown): void {
  if (typeof address === 'string' && /^\S+:\d{1,5}$/.test(address)) return;
  throw new TypeError(`address must be host:port, got ${String(address)}`);
}
