import type { RunWithFailover } from './failover-kit.ts';

/** Bugs of retries in grpc-js, grpc C-core, OpenTelemetry, Envoy and others. */
export type FailoverBug =
  /** grpc-js 1.13, C-core 25890: the back-off timer survives the caller's cancel. */
  | 'retries-after-cancel'
  | 'retries-after-deadline'
  /** grpc-js, OpenTelemetry 7010: `parseInt`, and NaN compared with 0. */
  | 'reads-pushback-loosely'
  /** gRFC A6, Envoy: another endpoint is a matter of luck. */
  | 'may-repeat-the-endpoint'
  /** gRFC A44: no timeout per attempt, so that a hanging endpoint keeps the call. */
  | 'waits-for-hanging-endpoints'
  /** Orion 150, jac 7909: only the last attempt is reported to its breaker. */
  | 'reports-only-the-last-attempt'
  /** A cancel by the caller counts against the endpoint. */
  | 'cancel-counts-as-failure'
  | 'retries-what-is-fatal'
  | 'first-attempts-use-the-budget';

/** Failover as a plain loop, without hedging: right, or with one bug. */
export function naiveFailover(bug?: FailoverBug): RunWithFailover {
  return async (balancer, call, options) => {
    const { clock, sleep, maxAttempts = 3, perAttemptTimeoutMs, timeoutMs, budget } = options;
    const { signal, retryable, pushback } = options;
    const { initialMs = 25, maxMs = 250, multiplier = 2 } = options.backoff ?? {};
    const deadline = clock.now() + (timeoutMs ?? Number.POSITIVE_INFINITY);
    const tried = new Set<string>();
    const ended = new AbortController();
    const cancelled = new Promise<never>((_, reject) => {
      signal?.addEventListener('abort', () => {
        reject(signal.reason);
        if (bug !== 'retries-after-cancel') ended.abort();
      });
      if (timeoutMs !== undefined) {
        sleep(timeoutMs, ended.signal).then(
          () => {
            reject(new Error('deadline'));
            if (bug !== 'retries-after-deadline') ended.abort();
          },
          () => {},
        );
      }
    });
    cancelled.catch(() => {});
    budget?.deposit(clock.now());

    const attempts = async (): Promise<unknown> => {
      let unreported: { end(outcome: 'failure' | 'ignored'): void }[] = [];
      for (let n = 1; ; n++) {
        if (bug === 'first-attempts-use-the-budget') budget?.withdraw(clock.now());
        const avoid = bug === 'may-repeat-the-endpoint' ? new Set<string>() : tried;
        const pick = balancer.pick({ tried: avoid, whenAllTried: 'repeat' });
        if (pick.kind === 'none') throw new Error(pick.reason);
        const { endpoint, attempt } = pick;
        tried.add(endpoint.key);
        attempt.start();
        const work = new AbortController();
        const over = new AbortController();
        const onCancel = (): void => {
          attempt.end(bug === 'cancel-counts-as-failure' ? 'failure' : 'ignored');
          over.abort();
        };
        ended.signal.addEventListener('abort', onCancel);
        try {
          const answer = Promise.resolve(call(endpoint, { signal: work.signal, attempt: n }));
          answer.catch(() => {});
          const racers: Promise<unknown>[] = [answer];
          if (perAttemptTimeoutMs !== undefined && bug !== 'waits-for-hanging-endpoints') {
            const timeout = sleep(perAttemptTimeoutMs, over.signal).then(() => {
              throw new Error('attempt timed out');
            });
            timeout.catch(() => {});
            racers.push(timeout);
          }
          const value = await Promise.race(racers);
          if (!ended.signal.aborted) attempt.end('success');
          return value;
        } catch (error) {
          if (ended.signal.aborted) throw error;
          ended.signal.removeEventListener('abort', onCancel);
          over.abort();
          if (bug === 'reports-only-the-last-attempt') unreported = [attempt];
          else attempt.end('failure');
          work.abort();
          const said = pushback?.(error);
          const loose = bug === 'reads-pushback-loosely';
          const strict = /^(0|[1-9]\d{0,8})$/.test(said ?? '') ? Number(said) : -1;
          const wanted =
            said === undefined ? undefined : loose ? Number.parseInt(said, 10) : strict;
          const wait = wanted ?? Math.min(initialMs * multiplier ** (n - 1), maxMs);
          const stop =
            (!retryable(error) && bug !== 'retries-what-is-fatal') ||
            n >= maxAttempts ||
            wait < 0 ||
            clock.now() + wait >= deadline ||
            budget?.withdraw(clock.now()) === false;
          if (stop) {
            for (const last of unreported) last.end('failure');
            throw error;
          }
          await sleep(wait > 0 ? wait : 1, ended.signal);
        } finally {
          over.abort();
          ended.signal.removeEventListener('abort', onCancel);
        }
      }
    };
    const all = attempts();
    all.catch(() => {});
    try {
      return (await Promise.race([all, cancelled])) as never;
    } finally {
      if (bug !== 'retries-after-cancel' && bug !== 'retries-after-deadline') ended.abort();
    }
  };
}
