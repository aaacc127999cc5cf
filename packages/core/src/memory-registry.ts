import type { Endpoint } from './endpoint.ts';
import type { EndpointSnapshot, EndpointSource } from './endpoint-source.ts';
import { createListeners, type Listeners } from './listeners.ts';
import {
  checkRegistration,
  checkServiceName,
  type Registration,
  type RegistrationOptions,
} from './registration.ts';
import { checkWeight } from './weight.ts';

/** A registry in this process's memory: the embedded default, and what an application's tests use. */
export interface MemoryRegistry {
  /**
   * Adds a server, in the same form as a registry on the network.
   *
   * @throws {TypeError | RangeError} as a rejection, naming the field and the value.
   */
  register(options: RegistrationOptions): Promise<Registration>;
  /** Returns the source of one service's endpoints. It need not have any yet. */
  source(service: string): EndpointSource;
}

/** Options of {@link createMemoryRegistry}. */
export interface MemoryRegistryOptions {
  /** Waits during `drain`. Default: none, so that a drained server is removed at once. */
  readonly sleep?: (ms: number) => Promise<void>;
}

interface Service {
  readonly endpoints: Map<string, Endpoint>;
  readonly listeners: Listeners<EndpointSnapshot>;
}

/** Creates an empty registry. Two registries know nothing of each other. */
export function createMemoryRegistry(options: MemoryRegistryOptions = {}): MemoryRegistry {
  const services = new Map<string, Service>();
  const { sleep = async () => {} } = options;

  const serviceOf = (name: string): Service => {
    checkServiceName(name);
    let service = services.get(name);
    if (service === undefined) {
      service = { endpoints: new Map(), listeners: createListeners() };
      services.set(name, service);
    }
    return service;
  };

  return {
    async register(registration) {
      checkRegistration(registration);
      const service = serviceOf(registration.service);
      return enter(service, { ...registration }, sleep);
    },
    source(name) {
      const service = serviceOf(name);
      return {
        subscribe(listener) {
          const unsubscribe = service.listeners.add(listener);
          listener(snapshotOf(service));
          return unsubscribe;
        },
      };
    },
  };
}

/** Puts a server into a service. A second one at the same address takes the entry over. */
function enter(
  service: Service,
  { service: name, address, weight = 1, metadata }: RegistrationOptions,
  sleep: (ms: number) => Promise<void>,
): Registration {
  let current: Endpoint | undefined;
  const put = (next: number) => {
    current = { key: address, weight: next, ...(metadata && { metadata: { ...metadata } }) };
    service.endpoints.set(address, current);
    service.listeners.tell(snapshotOf(service));
  };
  // Only the entry's owner may change it: one that was taken over stays as its new owner wants it.
  const owns = () => current !== undefined && service.endpoints.get(address) === current;
  const remove = () => {
    if (!owns()) return;
    service.endpoints.delete(address);
    current = undefined;
    service.listeners.tell(snapshotOf(service));
  };

  put(weight);
  return {
    service: name,
    address,
    async setWeight(next) {
      checkWeight(address, next);
      if (owns()) put(next);
    },
    async drain({ graceMs = 1_000 } = {}) {
      if (owns()) put(0);
      await sleep(graceMs);
      remove();
    },
    async close() {
      remove();
    },
  };
}

function snapshotOf({ endpoints }: Service): EndpointSnapshot {
  return { endpoints: [...endpoints.values()] };
}
