import { EtcdError, type EtcdErrorReason } from './errors.ts';

/** gRPC's status codes, where etcd's text does not say more. */
const BY_CODE: ReadonlyMap<number, EtcdErrorReason> = new Map([
  [1, 'unavailable'], // CANCELLED: not by us, so by the server that goes
  [2, 'unavailable'], // UNKNOWN: what Go makes of a context that has ended
  [4, 'timeout'], // DEADLINE_EXCEEDED
  [7, 'permission'], // PERMISSION_DENIED
  [8, 'unavailable'], // RESOURCE_EXHAUSTED: too many requests, or pings
  [13, 'unavailable'], // INTERNAL: what HTTP/2 makes of a broken stream
  [14, 'unavailable'], // UNAVAILABLE
  [16, 'token'], // UNAUTHENTICATED
]);

/** etcd says more in its text than in its codes (`api/v3rpc/rpctypes/error.go`). */
const BY_TEXT: readonly (readonly [RegExp, EtcdErrorReason])[] = [
  [/invalid auth token|revision of auth store is old|revision in header is old/, 'token'],
  [/authentication failed|user name is empty|user name not found/, 'authentication'],
  [/permission denied/, 'permission'],
  [/database space exceeded/, 'no-space'],
  [/requested lease not found/, 'lease-lost'],
  [/has been compacted/, 'compacted'],
  [/no leader|leader changed|request timed out|not capable|server stopped/, 'unavailable'],
];

/** Turns a gRPC status into an error that says what it means for a client of etcd. */
export function errorFromStatus(
  code: number | undefined,
  details: string,
  where: string,
): EtcdError {
  return new EtcdError(reasonFor(code, details), `${where}: ${details}`);
}

/** Reads the reason from the text that etcd gives when it cancels a watch. */
export function reasonFromText(text: string): EtcdErrorReason | undefined {
  return BY_TEXT.find(([pattern]) => pattern.test(text))?.[1];
}

function reasonFor(code: number | undefined, details: string): EtcdErrorReason {
  return reasonFromText(details) ?? (code === undefined ? undefined : BY_CODE.get(code)) ?? 'other';
}
