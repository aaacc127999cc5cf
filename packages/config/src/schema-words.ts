import { MAX_WEIGHT } from '@wrr/core';
import * as z from 'zod';
import { parseDuration } from './duration.ts';

const MAX_DURATION_MS = 86_400_000;

const STATUS_CODES = [
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** A text that matches `pattern`; `expected` says so in words. */
export function text(pattern: RegExp, expected: string): z.ZodString {
  return z.string().regex(pattern, { error: `must be ${expected}` });
}

/** A duration with a unit, > 0 and at most a day. */
export function duration(): z.ZodString {
  return text(/^\d{1,12}(\.\d{1,9})?(ms|s|m|h)$/, 'a duration with a unit, such as 250ms or 10s')
    .refine((value) => (parseDuration(value) ?? 1) > 0, 'must be > 0')
    .refine((value) => (parseDuration(value) ?? 0) <= MAX_DURATION_MS, 'must be at most 24h');
}

/** False if one of them is no duration, which has been found already. */
export function isShorter(a: string, b: string): boolean {
  return (parseDuration(a) ?? Number.NaN) < (parseDuration(b) ?? Number.NaN);
}

/** How many: at least one. */
export function count(): z.ZodInt {
  return z.int().min(1).max(1_000_000);
}

/** A share of the whole, in (0, 1]. */
export function share(): z.ZodNumber {
  return z.number().gt(0).max(1);
}

/** An endpoint's weight. */
export function weight(): z.ZodInt {
  return z.int().min(0).max(MAX_WEIGHT);
}

/** Where a server listens. */
export function address(): z.ZodString {
  return text(
    /^(\[[\da-fA-F:.]+\]|[^\s:/@[\]]+):\d{1,5}$/,
    'an address host:port, such as 10.0.0.1:50051',
  );
}

/** A section that can be switched off. */
export function orFalse<T extends z.ZodType>(
  section: T,
): z.ZodUnion<readonly [z.ZodLiteral<false>, T]> {
  return z.union([z.literal(false), section]);
}

/** Name of a gRPC status that is an error. `CANCELLED` is the caller's own doing. */
export function statusCode(): z.ZodType<string> {
  return z.enum(STATUS_CODES);
}
