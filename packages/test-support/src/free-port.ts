import { createServer } from 'node:net';

/**
 * Below the range from which systems take ports for outgoing connections (32768 and up on Linux,
 * 49152 on others). A client that keeps reconnecting to a dead server's port from that range can be
 * given this very port, connect to itself, and keep the server from ever coming back.
 */
const LOWEST = 12_000;
const HIGHEST = 32_000;

/** Finds a port on 127.0.0.1 that is free now and that no outgoing connection will take. */
export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port found between ${LOWEST} and ${HIGHEST}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
