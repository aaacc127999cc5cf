import { connect } from 'node:net';
import { EtcdError } from './errors.ts';
import { type EtcdRegistration, registerEndpoint } from './registration.ts';
import { checkRegistrationOptions, type EtcdRegistrationOptions } from './registration-options.ts';

/** What grpc-js' `Server` and nice-grpc's `Server` can do, each in its own way. */
export type StoppableServer =
  | {
      tryShutdown(callback: (error?: Error) => void): void;
      forceShutdown(): void;
    }
  | { shutdown(): Promise<void>; forceShutdown(): void };

/** Options of {@link registerServer}: those of `registerEndpoint`, and how to stop. */
export interface RegisterServerOptions
  extends Omit<EtcdRegistrationOptions, 'waitForReady' | 'timeoutMs' | 'signal'> {
  /**
   * Time at weight 0, still serving, for clients to go elsewhere before the entry is removed.
   * Milliseconds, from 0. Default 1,000.
   */
  readonly graceMs?: number;
  /** How long calls in flight may take after that before they are cut off. Default 10,000. */
  readonly shutdownMs?: number;
  /** Signals of the process that start this. Default `['SIGTERM', 'SIGINT']`; `[]` for none. */
  readonly signals?: readonly NodeJS.Signals[];
  /**
   * Whether to connect to `address` first, so that nobody is sent to a server that does not listen.
   * Default `true`; `false` if the address can only be reached from outside.
   */
  readonly checkListening?: boolean;
}

/** A server that is registered. */
export interface RegisteredServer {
  readonly registration: EtcdRegistration;
  /**
   * Drains, deregisters, lets calls in flight end, and stops the server; in this order. A signal does
   * the same; a second signal then has its usual effect. Safe to call twice.
   */
  close(): Promise<void>;
  /** Settles when that is done, whoever started it. */
  readonly closed: Promise<void>;
}

const LISTENING_MS = 5_000;

/**
 * Registers a server that is already listening, waiting for etcd as long as it takes, and sees to it
 * that it leaves in the right order: weight 0, grace, entry removed, calls in flight, stop.
 *
 * A signal before etcd has answered stops the server and rejects.
 *
 * @throws {TypeError | RangeError} naming a wrong option; {@link EtcdError} if nothing listens at
 * `address`, or if etcd refuses user or key. The server is left running then.
 */
export async function registerServer(
  server: StoppableServer,
  options: RegisterServerOptions,
): Promise<RegisteredServer> {
  const {
    graceMs = 1_000,
    shutdownMs = 10_000,
    signals = ['SIGTERM', 'SIGINT'],
    checkListening = true,
    ...registering
  } = options;
  for (const [name, value] of Object.entries({ graceMs, shutdownMs })) {
    if (!(value >= 0)) throw new RangeError(`${name} must be >= 0, got ${value}`);
  }
  checkRegistrationOptions(registering);
  const stopWaiting = new AbortController();
  let registration: EtcdRegistration | undefined;
  let closing: Promise<void> | undefined;
  let settleClosed: (() => void) | undefined;
  const closed = new Promise<void>((resolve) => {
    settleClosed = resolve;
  });

  const forgetSignals = (): void => {
    for (const signal of signals) process.removeListener(signal, onSignal);
  };
  const close = (): Promise<void> => {
    closing ??= (async () => {
      forgetSignals();
      stopWaiting.abort(new EtcdError('closed', 'the server was stopped before it was registered'));
      await registration?.drain({ graceMs });
      await stop(server, shutdownMs);
      settleClosed?.();
    })();
    return closing;
  };
  function onSignal(): void {
    void close();
  }

  for (const signal of signals) process.once(signal, onSignal);
  try {
    if (checkListening) await waitUntilListening(options.address, stopWaiting.signal);
    registration = await registerEndpoint({
      ...registering,
      waitForReady: true,
      timeoutMs: Number.POSITIVE_INFINITY,
      signal: stopWaiting.signal,
    });
  } catch (error) {
    forgetSignals();
    throw error;
  }
  return { registration, close, closed };
}

/** Lets calls in flight end, and cuts off what has not after `shutdownMs`. */
async function stop(server: StoppableServer, shutdownMs: number): Promise<void> {
  const graceful =
    'tryShutdown' in server
      ? new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
      : server.shutdown();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, shutdownMs);
  });
  await Promise.race([graceful, late]);
  clearTimeout(timer);
}

async function waitUntilListening(address: string, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + LISTENING_MS;
  for (;;) {
    const problem = await dial(address);
    if (!problem) return;
    if (signal.aborted) throw signal.reason;
    if (performance.now() >= deadline) {
      const message = `nothing listens at ${address}: ${problem.message}; not registered`;
      throw new EtcdError('other', message, { cause: problem });
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function dial(address: string): Promise<Error | undefined> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(address.slice(colon + 1)), timeout: 1_000 });
    const end = (error?: Error): void => {
      socket.destroy();
      resolve(error);
    };
    socket.once('connect', () => end());
    socket.once('error', end);
    socket.once('timeout', () => end(new Error('no answer within 1000 ms')));
  });
}
