import {
  type CircuitBreaker,
  type CircuitBreakerOptions,
  createCircuitBreaker,
  type Outcome,
} from '@wrr/core';

/** Five failures in a row open it, for one second, and twice as long each time again. */
export const BREAKER: CircuitBreakerOptions = {
  consecutiveFailures: 5,
  failureRate: false,
  openMs: 1_000,
  jitter: 0,
  probes: 1,
};

/** The same breakers for policies that have none of their own. */
export class Breakers {
  readonly #byKey = new Map<string, CircuitBreaker>();
  #troubled = 0;

  /** Whether no breaker is open, and `excluded` not worth asking. */
  get areClosed(): boolean {
    return this.#troubled === 0;
  }

  /** Whether the breaker keeps calls away from a server. */
  excludes(key: string, now: number): boolean {
    return this.#byKey.get(key)?.pickable(now) === false;
  }

  acquire(key: string, now: number): number {
    let breaker = this.#byKey.get(key);
    if (breaker === undefined) {
      breaker = createCircuitBreaker({
        ...BREAKER,
        onEvent: ({ from, to }) => {
          this.#troubled += Number(to !== 'closed') - Number(from !== 'closed');
        },
      });
      this.#byKey.set(key, breaker);
    }
    return breaker.acquire(now);
  }

  settle(key: string, token: number, now: number, outcome: Outcome): void {
    if (token > 0) this.#byKey.get(key)?.settle(token, now, outcome);
  }
}
