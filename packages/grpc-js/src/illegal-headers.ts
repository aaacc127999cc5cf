import { type Metadata, metadataKeys } from './grpc.ts';

/** Headers that HTTP/2 forbids (RFC 9113, 8.2.2). */
const FORBIDDEN =
  'connection http2-settings keep-alive proxy-connection transfer-encoding upgrade'.split(' ');

/**
 * Headers that Node.js's HTTP/2 client takes once only. Those that grpc-js sets itself
 * (`content-type`, `user-agent`) and the one that it checks (`authorization`) are not among them.
 */
const SINGLE = (
  'access-control-allow-credentials access-control-max-age access-control-request-method age ' +
  'content-encoding content-language content-length content-location content-md5 content-range ' +
  'date dnt etag expires from host if-match if-modified-since if-none-match if-range ' +
  'if-unmodified-since last-modified location max-forwards proxy-authorization range referer ' +
  'retry-after tk upgrade-insecure-requests x-content-type-options'
).split(' ');

/** Most headers are in neither list: one look-up says so, at every call. */
const LIMITS = new Map([
  ...FORBIDDEN.map((key) => [key, 0] as const),
  ...SINGLE.map((key) => [key, 1] as const),
]);

/**
 * Says what is wrong with a call's metadata, if Node.js would refuse to send it.
 *
 * grpc-js takes that refusal for a broken connection: it drops the connection, other calls on it
 * included, and starts the call anew without limit or pause. Over 900 attempts and connections a second
 * come of one call with `connection: close`.
 */
export function illegalHeader(metadata: Metadata): string | undefined {
  for (const key of metadataKeys(metadata)) {
    const limit = LIMITS.get(key);
    if (limit === undefined || metadata.get(key).length <= limit) continue;
    if (limit === 0) return `metadata ${key} is not allowed in HTTP/2`;
    return `metadata ${key} must not have more than one value`;
  }
  return undefined;
}
