import { encodeLoadReport, LOAD_KEY } from '@wrr/core';
import type { ServerMiddleware } from 'nice-grpc-common';

/**
 * Creates a middleware for a nice-grpc server that tells clients how busy the server is: the number of
 * other requests in flight, in the trailer `wrr-load-bin`. Clients with adaptive dispatch send the next
 * calls elsewhere when that is more than usual. Use one for all services of a server.
 */
export function loadReportMiddleware(): ServerMiddleware {
  let inFlight = 0;
  return async function* loadReportMiddlewareGenerator(call, context) {
    inFlight++;
    try {
      return yield* call.next(call.request, context);
    } finally {
      inFlight--;
      context.trailer.set(LOAD_KEY, encodeLoadReport({ inFlight }));
    }
  };
}
