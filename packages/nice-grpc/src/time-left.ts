import { parseTimeoutMs, TIMEOUT_KEY } from '@wrr/core';
import { type CallOptions, ClientError, type Metadata, Status } from 'nice-grpc-common';
import type { DeadlineCallOptions } from './deadline-middleware.ts';

/** Returns the time that a call's metadata gives it, in milliseconds; Infinity if it says nothing. */
export function timeoutOf(metadata: Metadata | undefined): number {
  const text = metadata?.get(TIMEOUT_KEY);
  return text === undefined ? Number.POSITIVE_INFINITY : parseTimeoutMs(text);
}

/**
 * Returns the time that is left for a call, in milliseconds; Infinity if it has no deadline.
 *
 * @throws {ClientError} if it is over. @throws {RangeError} if the deadline is no time.
 */
export function timeLeft(path: string, options: CallOptions & DeadlineCallOptions): number {
  const { deadline = Number.POSITIVE_INFINITY, metadata } = options;
  const ms = typeof deadline === 'number' ? deadline : deadline.getTime() - Date.now();
  if (Number.isNaN(ms)) throw new RangeError(`deadline must be a time, got ${String(deadline)}`);
  const left = Math.min(ms, timeoutOf(metadata));
  if (left > 0) return left;
  throw new ClientError(path, Status.DEADLINE_EXCEEDED, 'deadline had passed: not sent');
}
