import { createRetryBudget, type RetryBudget } from '@wrr/core';

/** Decides about retries. `settle` is told of every attempt. */
export interface RetryLimit {
  readonly budget: RetryBudget | undefined;
  settle(ok: boolean): void;
}

/** Makes a limit for one client. */
export type CreateRetryLimit = () => RetryLimit;

const untold = (): void => {};

/** Ours: 20 % of the calls and 10 a second, over a window. Finagle's numbers. */
export const wrrBudget: CreateRetryLimit = () => ({ budget: createRetryBudget(), settle: untold });

/** As many retries as the attempts allow. */
export const unlimited: CreateRetryLimit = () => ({ budget: undefined, settle: untold });

/**
 * gRPC's retry throttling (gRFC A6): a failed attempt takes a token, a successful one gives back
 * `ratio` of one, and there are retries only while more than half of the tokens are left.
 */
export function grpcThrottling(maxTokens: number, ratio: number): CreateRetryLimit {
  return () => {
    let tokens = maxTokens;
    const allowed = (): boolean => tokens > maxTokens / 2;
    return {
      budget: { deposit: untold, withdraw: allowed, balance: () => (allowed() ? 1 : 0) },
      settle(ok) {
        tokens = ok ? Math.min(maxTokens, tokens + ratio) : Math.max(0, tokens - 1);
      },
    };
  };
}

/**
 * Finagle's RetryBudget: a leaky token bucket in ten slices of a second. A call deposits 1, a retry
 * takes 5, and ten retries a second are there besides.
 */
export const finagleBudget: CreateRetryLimit = () => {
  const slices = Array.from({ length: 10 }, () => 0);
  const reserve = 10 * 10 * 5;
  let newest = 0;
  const roll = (now: number): void => {
    const slice = Math.floor(now / 1_000);
    for (let at = Math.max(newest + 1, slice - 9); at <= slice; at++) slices[at % 10] = 0;
    newest = Math.max(newest, slice);
  };
  const tokens = (): number => slices.reduce((sum, n) => sum + n, reserve);
  const add = (n: number): void => {
    slices[newest % 10] = (slices[newest % 10] ?? 0) + n;
  };
  const budget: RetryBudget = {
    deposit(now) {
      roll(now);
      add(1);
    },
    balance(now) {
      roll(now);
      return Math.max(0, Math.floor(tokens() / 5));
    },
    withdraw(now) {
      roll(now);
      if (tokens() < 5) return false;
      add(-5);
      return true;
    },
  };
  return { budget, settle: untold };
};
