import { isWeight, MAX_WEIGHT } from '@wrr/core';

/**
 * The format of Go's `go.etcd.io/etcd/client/v3/naming/endpoints`: the key is `service/address`, the
 * value what `json.Marshal` makes of its `internal.Update`:
 * `{"Op":0,"Addr":"10.0.0.1:50051","Metadata":{"weight":5}}`.
 *
 * Writes exactly that; reads whatever Go's `encoding/json` would read, and nothing it would refuse,
 * except what `JSON.parse` hides: an Op written as `0.0` or `1e2`, and numbers beyond a float64's range.
 */

/** A value that was understood, perhaps with a remark, or the reason why not. */
export type Decoded =
  | { readonly kind: 'endpoint'; readonly endpoint: DecodedEndpoint; readonly warning?: string }
  | { readonly kind: 'malformed'; readonly reason: string };

/** What a value says. */
export interface DecodedEndpoint {
  readonly address: string;
  /** Default 1. */
  readonly weight: number;
  /** All of Metadata but the weight; absent when nothing else is there. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** The key under which a server registers. */
export function endpointKey(service: string, address: string): string {
  return `${service}/${address}`;
}

/** Writes a value as Go does: this order, no spaces, weight as a plain number. */
export function encodeEndpoint(
  address: string,
  weight: number,
  metadata: Readonly<Record<string, unknown>> = {},
): string {
  return JSON.stringify({ Op: 0, Addr: address, Metadata: { ...metadata, weight } });
}

/** Reads a value. Never throws, whatever it is given. */
export function decodeEndpoint(value: Uint8Array): Decoded {
  let parsed: unknown;
  try {
    // A key "__proto__" becomes a plain property in JSON.parse, but would not survive a careless copy.
    parsed = JSON.parse(decodeUtf8(value), (key, inner) =>
      key === '__proto__' ? undefined : inner,
    );
  } catch {
    return malformed('not JSON');
  }
  if (!isObject(parsed)) return malformed('not a JSON object');
  const op = field(parsed, 'Op');
  if (op !== undefined && op !== null && !isByte(op)) return malformed('Op is not a small integer');
  const address = field(parsed, 'Addr');
  if (typeof address !== 'string' || address === '') return malformed('no Addr');
  if (!isAddress(address)) return malformed('Addr is not host:port');

  const metadata = field(parsed, 'Metadata');
  if (!isObject(metadata)) return { kind: 'endpoint', endpoint: { address, weight: 1 } };
  const { weight, ...others } = metadata;
  const rest = Object.keys(others).length > 0 ? { metadata: others } : {};
  const endpoint = (known: number): DecodedEndpoint => ({ address, weight: known, ...rest });
  if (weight === undefined || weight === null) return { kind: 'endpoint', endpoint: endpoint(1) };
  if (isWeight(weight)) return { kind: 'endpoint', endpoint: endpoint(weight) };
  const warning = `weight must be an integer from 0 to ${MAX_WEIGHT}, got ${shown(weight)}; taken as 1`;
  return { kind: 'endpoint', endpoint: endpoint(1), warning };
}

/** The longest name in DNS, a colon and a port. */
const MAX_ADDRESS = 253 + 6;

/** Whether `text` is `host:port`, IPv6 in brackets. */
export function isAddress(text: string): boolean {
  if (text.length > MAX_ADDRESS) return false;
  const port = /^(?:\[[0-9A-Fa-f:.%]+\]|[^\s:/[\]]+):(\d{1,5})$/.exec(text)?.[1];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}

function decodeUtf8(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
}

function malformed(reason: string): Decoded {
  return { kind: 'malformed', reason };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Go's `encoding/json` takes any capitalisation, and of several the last. */
function field(object: Readonly<Record<string, unknown>>, name: string): unknown {
  const lower = name.toLowerCase();
  const key = Object.keys(object).findLast((candidate) => candidate.toLowerCase() === lower);
  return key === undefined ? undefined : object[key];
}

/** Go's `Operation` is a uint8. */
function isByte(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 255;
}

/** A value for a message: short, and without line breaks. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
