import type { Server } from '@grpc/grpc-js';

/** Longer than any call of a test that is meant to end. */
const SHUTDOWN_MS = 5_000;

/**
 * Lets calls in flight end, and then cuts off what is left. grpc-js's `tryShutdown` (1.14.7) never calls
 * back when a connection has been destroyed but has not closed at that moment.
 */
export function shutDown(server: Pick<Server, 'tryShutdown' | 'forceShutdown'>): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, SHUTDOWN_MS);
    server.tryShutdown(() => {
      clearTimeout(late);
      resolve();
    });
  });
}
