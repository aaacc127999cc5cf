// @ts-check
import { setTimeout as wait } from 'node:timers/promises';
import {
  CircuitOpenError,
  createAdaptiveThrottle,
  createBalancer,
  createRetryBudget,
  runWithFailover,
} from '@wrr/core';

/** An answer that says the server, not the request, is at fault. */
export class ServerError extends Error {
  /** @param {string} key @param {number} status */
  constructor(key, status) {
    super(`${key} answered ${status}`);
    this.status = status;
  }
}

/**
 * An HTTP client for one service that has several servers.
 *
 * @param {readonly import('@wrr/core').Endpoint[]} endpoints
 */
export function createHttpClient(endpoints) {
  // #region parts
  const clock = performance;
  const random = Math.random;
  const balancer = createBalancer({ clock, random, warmUp: { windowMs: 2_000 } });
  balancer.update(endpoints); // again at every change: it takes whole lists
  const budget = createRetryBudget(); // retries: 20 % of the calls and 10 a second
  const throttle = createAdaptiveThrottle({ random }); // sheds load when most calls fail
  // #endregion parts

  // #region request
  /** @param {string} path @param {RequestInit} [init] */
  async function request(path, init = {}) {
    if (!throttle.admit(clock.now())) throw new CircuitOpenError('this service', 'throttled', 0);
    const idempotent = init.method === undefined || init.method === 'GET';
    try {
      const answer = await runWithFailover(
        balancer,
        async (endpoint, { signal }) => {
          const response = await fetch(`http://${endpoint.key}${path}`, { ...init, signal });
          const text = await response.text(); // the answer is read here, while it can be aborted
          if (response.status >= 500) throw new ServerError(endpoint.key, response.status);
          return { status: response.status, text, server: endpoint.key };
        },
        {
          clock,
          random,
          sleep: (ms, signal) => wait(ms, undefined, { signal }),
          retryable: (error) => idempotent || wasNotSent(error),
          perAttemptTimeoutMs: 250, // a server that hangs is failed over from
          timeoutMs: 2_000,
          budget,
          signal: init.signal ?? undefined,
        },
      );
      throttle.settle(clock.now(), 'success');
      return answer;
    } catch (error) {
      throttle.settle(clock.now(), init.signal?.aborted ? 'ignored' : 'failure');
      throw error;
    }
  }
  // #endregion request

  return { request, update: balancer.update.bind(balancer), endpoints: () => balancer.endpoints() };
}

// #region not-sent
/** Whether the server cannot have seen the request, so that even a POST may be sent again. */
function wasNotSent(error) {
  return error instanceof TypeError && error.cause?.code === 'ECONNREFUSED';
}
// #endregion not-sent
