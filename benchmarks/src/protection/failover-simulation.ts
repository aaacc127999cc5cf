import {
  type BalancerPolicy,
  createBalancer,
  type Endpoint,
  isNoEndpointsError,
  runWithFailover,
} from '@wrr/core';
import { quantile, seededRandom } from '../statistics.ts';
import type { CreateRetryLimit } from './retry-limits.ts';
import { SimulatedTime } from './simulated-time.ts';
import type { CreateThrottle } from './throttles.ts';
import { type Moment, timeline } from './timeline.ts';

/** What stands between a caller and the endpoints. */
export interface Stack {
  readonly name: string;
  /** Asked once per call, before everything else; told how the call ended, after its retries. */
  readonly throttle: CreateThrottle;
  readonly limit: CreateRetryLimit;
  readonly policy: BalancerPolicy;
}

/** Three endpoints; a time in which all is well, one of trouble, then all is well again. */
export interface Trouble {
  readonly ratePerSecond: number;
  /** How long all is well at first, and how long the trouble lasts. */
  readonly wellMs: number;
  readonly troubleMs: number;
  /** Which of the endpoints 0, 1, 2 are in trouble. */
  readonly dead: readonly number[];
  /** Connections are refused at once, or calls are never answered. */
  readonly how: 'refuses' | 'hangs';
  readonly seed: number;
}

/** What became of the calls. */
export interface Verdict {
  /** Share of the calls that failed during the trouble. */
  readonly errors: number;
  /** Attempts per call during the trouble. */
  readonly load: number;
  /** Calls that were made during the trouble. */
  readonly calls: number;
  /** Milliseconds that 99 % of the successful calls of that time took at most. */
  readonly p99Ms: number;
  /** Seconds after the end of the trouble from which on 99 % of the calls (over 10 s) succeed. */
  readonly recoverySeconds: number;
  /** What became of the calls, second by second. */
  readonly timeline: readonly Moment[];
}

interface Call {
  readonly at: number;
  ok: boolean;
  attempts: number;
  tookMs: number;
}

/** How long the recovery is watched. */
const AFTER_MS = 30_000;
const ENDPOINTS = ['a', 'b', 'c'].map((key): Endpoint => ({ key, weight: 1 }));

/** Runs core's own balancer, breakers and failover through one trouble, event by event. */
export async function simulateTrouble(stack: Stack, trouble: Trouble): Promise<Verdict> {
  const { ratePerSecond, dead, how, seed, wellMs } = trouble;
  const endOfTrouble = wellMs + trouble.troubleMs;
  const time = new SimulatedTime();
  const random = seededRandom(seed);
  const arrivals = seededRandom(seed + 1);
  const balancer = createBalancer<Endpoint>({ clock: time, random, ...stack.policy });
  balancer.update(ENDPOINTS);
  const throttle = stack.throttle(random);
  const limit = stack.limit();
  const calls: Call[] = [];

  const attempt = async (endpoint: Endpoint, signal: AbortSignal): Promise<void> => {
    const now = time.now();
    const inTrouble = now >= wellMs && now < endOfTrouble;
    const broken = inTrouble && dead.includes(ENDPOINTS.indexOf(endpoint));
    if (broken && how === 'hangs') await new Promise<never>(() => {});
    await time.sleep(broken ? 1 : 5 + 10 * random(), signal);
    if (broken) throw new Error('connection refused');
  };

  const send = async (): Promise<void> => {
    const at = time.now();
    const call: Call = { at, ok: false, attempts: 0, tookMs: 0 };
    calls.push(call);
    if (!throttle.admit(at)) return;
    try {
      await runWithFailover(
        balancer,
        async (endpoint, { signal, attempt: number }) => {
          call.attempts = number;
          try {
            await attempt(endpoint, signal);
            limit.settle(true);
          } catch (error) {
            limit.settle(false);
            throw error;
          }
        },
        {
          clock: time,
          sleep: (ms, signal) => time.sleep(ms, signal),
          retryable: () => true,
          onEvent: (event) => {
            // An attempt that hangs never reports by itself.
            if (how === 'hangs' && event.action !== 'hedge') limit.settle(false);
          },
          maxAttempts: 3,
          perAttemptTimeoutMs: 200,
          budget: limit.budget,
          random,
        },
      );
      call.ok = true;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      call.ok = false;
      if (isNoEndpointsError(error)) return;
    } finally {
      call.tookMs = time.now() - at;
    }
    throttle.settle(time.now(), call.ok);
  };

  const arrive = (): void => {
    void send();
    const gap = (-Math.log(1 - arrivals()) * 1_000) / ratePerSecond;
    if (time.now() + gap < endOfTrouble + AFTER_MS) time.after(gap, arrive);
  };
  time.after(0, arrive);
  await time.run(endOfTrouble + AFTER_MS + 5_000);
  return judge(calls, wellMs, endOfTrouble);
}

function judge(calls: readonly Call[], wellMs: number, endOfTrouble: number): Verdict {
  const during = calls.filter(({ at }) => at >= wellMs && at < endOfTrouble);
  const good = during.filter(({ ok }) => ok).map(({ tookMs }) => tookMs);
  return {
    calls: during.length,
    errors: 1 - good.length / during.length,
    load: during.reduce((sum, { attempts }) => sum + attempts, 0) / during.length,
    p99Ms: quantile(good, 0.99),
    recoverySeconds: recoveredAt(calls, endOfTrouble) / 1_000,
    timeline: timeline(calls, wellMs, endOfTrouble - wellMs),
  };
}

function recoveredAt(calls: readonly Call[], endOfTrouble: number): number {
  const later = calls.filter(({ at }) => at >= endOfTrouble);
  for (let start = 0; start <= AFTER_MS - 10_000; start += 100) {
    const from = endOfTrouble + start;
    const ten = later.filter(({ at }) => at >= from && at < from + 10_000);
    if (ten.filter(({ ok }) => !ok).length <= 0.01 * ten.length) return start;
  }
  return Number.POSITIVE_INFINITY;
}
