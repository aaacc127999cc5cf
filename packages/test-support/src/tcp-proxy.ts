import { connect, createServer, type Server, type Socket } from 'node:net';
import { createDelayLine } from './delay-line.ts';
import { findFreePort } from './free-port.ts';

/** A TCP proxy on 127.0.0.1 that breaks connections on request. */
export interface TcpProxy {
  /** Where clients connect, `127.0.0.1:port`. Stays the same for the proxy's whole life. */
  readonly endpoint: string;
  /** Connections that are open now. */
  readonly open: number;
  /** Connections accepted since the start, black-holed ones included. */
  readonly accepted: number;
  /** Resets the open connections. New ones are accepted. */
  cut(): void;
  /**
   * Swallows whatever is sent, in both directions, on open connections and (unless `existingOnly`) on
   * new ones, while both ends believe the connection to be well.
   */
  blackHole(options?: { readonly existingOnly?: boolean }): void;
  /** Resets each connection, open or new, after so many further bytes from the target. */
  cutAfter(bytes: number): void;
  /** Delivers every chunk `ms` later, in both directions. */
  delay(ms: number): void;
  /** Resets the open connections and refuses new ones. */
  refuse(): Promise<void>;
  /** Ends every fault. What a black hole swallowed is delivered late, as a network would. */
  heal(): Promise<void>;
  /** Sends new connections to another target. */
  retarget(target: string): void;
  /** Closes everything. Safe to call twice. */
  close(): Promise<void>;
}

/** Options of {@link startTcpProxy}. */
export interface TcpProxyOptions {
  /** Where connections go, `host:port`. */
  readonly target: string;
}

interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  frozen: boolean;
  /** Bytes that the target may still send. */
  left: number;
}

/** Starts a proxy in front of `target`. */
export async function startTcpProxy(options: TcpProxyOptions): Promise<TcpProxy> {
  let target = options.target;
  let accepted = 0;
  let delayMs = 0;
  let swallowNew = false;
  let limit = Number.POSITIVE_INFINITY;
  let closed = false;
  let listener: Server | undefined;
  const pairs = new Set<Pair>();

  const accept = (client: Socket): void => {
    accepted++;
    const { host, port } = splitTarget(target);
    const server = connect({ host, port });
    const pair: Pair = { client, server, frozen: swallowNew, left: limit };
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.setNoDelay(true);
      const line = createDelayLine((chunk) => to.destroyed || to.write(chunk));
      from.on('data', (chunk: Buffer) => {
        if (from === server && chunk.length > pair.left) {
          pairs.delete(pair);
          // What was still allowed arrives, then the connection breaks: in the midst of a message.
          client.write(chunk.subarray(0, pair.left), () => reset(pair));
          server.pause();
          return;
        }
        if (from === server) pair.left -= chunk.length;
        line.push(chunk, delayMs);
      });
      // A frozen pair must not tell one end that the other has gone: a black hole is silent.
      from.on('error', () => pair.frozen || end());
      from.on('close', () => pair.frozen || end());
      if (pair.frozen) from.pause();
    }
  };

  const listen = (port: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const server = createServer(accept);
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        listener = server;
        resolve();
      });
    });

  const unlisten = (): Promise<void> =>
    new Promise((resolve) => {
      if (!listener) return resolve();
      listener.close(() => resolve());
      listener = undefined;
    });

  const cut = (): void => {
    for (const pair of pairs) {
      pairs.delete(pair);
      reset(pair);
    }
  };

  const port = await findFreePort();
  await listen(port);

  return {
    endpoint: `127.0.0.1:${port}`,
    get open() {
      return pairs.size;
    },
    get accepted() {
      return accepted;
    },
    cut,
    blackHole({ existingOnly = false } = {}) {
      swallowNew = !existingOnly;
      for (const pair of pairs) {
        pair.frozen = true;
        pair.client.pause();
        pair.server.pause();
      }
    },
    cutAfter(bytes) {
      limit = bytes;
      for (const pair of pairs) pair.left = bytes;
    },
    delay(ms) {
      delayMs = ms;
    },
    async refuse() {
      const closing = unlisten();
      cut();
      await closing;
    },
    async heal() {
      swallowNew = false;
      delayMs = 0;
      limit = Number.POSITIVE_INFINITY;
      for (const pair of pairs) {
        pair.left = limit;
        if (!pair.frozen) continue;
        pair.frozen = false;
        if (pair.client.destroyed || pair.server.destroyed) {
          pairs.delete(pair);
          pair.client.destroy();
          pair.server.destroy();
        } else {
          pair.client.resume();
          pair.server.resume();
        }
      }
      if (!listener && !closed) await listen(port);
    },
    retarget(next) {
      target = next;
    },
    async close() {
      closed = true;
      const closing = unlisten();
      cut();
      await closing;
    },
  };
}

function reset(pair: Pair): void {
  for (const socket of [pair.client, pair.server]) socket.resetAndDestroy();
}

function splitTarget(target: string): { host: string; port: number } {
  const colon = target.lastIndexOf(':');
  return { host: target.slice(0, colon), port: Number(target.slice(colon + 1)) };
}
