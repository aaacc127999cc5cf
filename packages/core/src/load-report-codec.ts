import type { LoadReport } from './load-report.ts';
import { readProtobufNumbers } from './protobuf-numbers.ts';

/** Name of the trailer in which wrr's server helpers send a {@link LoadReport}. Compact: ORCA's has no requests in flight. */
export const LOAD_KEY = 'wrr-load-bin';

/** What is longer is not read: four fields have 32 bytes at most. */
const MAX_BYTES = 256;
/** More requests than this cannot be in flight at one server. */
const MAX_IN_FLIGHT = 0xffff_ffff;

/**
 * Writes a report as the protobuf message
 * `{ uint64 in_flight = 1; double qps = 2; double eps = 3; double utilization = 4; }`: two bytes for up
 * to 127 requests in flight. What is absent or no number ≥ 0 is left out.
 */
export function encodeLoadReport({ inFlight, qps, eps, utilization }: LoadReport): Uint8Array {
  const bytes: number[] = [];
  if (isAmount(inFlight)) {
    bytes.push(0x08);
    let rest = Math.min(Math.floor(inFlight), MAX_IN_FLIGHT);
    for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
    bytes.push(rest);
  }
  for (const [tag, value] of [
    [0x11, qps],
    [0x19, eps],
    [0x21, utilization],
  ] as const) {
    if (!isAmount(value)) continue;
    const double = new Uint8Array(8);
    new DataView(double.buffer).setFloat64(0, value, true);
    bytes.push(tag, ...double);
  }
  return Uint8Array.from(bytes);
}

/**
 * Reads what {@link encodeLoadReport} writes, and skips fields it does not know. `undefined` if that is
 * not possible: the bytes come from a server. Of a field that comes twice, the last counts, as protobuf
 * has it; a number that is none, or below 0, is left out.
 */
export function decodeLoadReport(bytes: Uint8Array): LoadReport | undefined {
  if (bytes.length > MAX_BYTES) return undefined;
  const report: { -readonly [Name in keyof LoadReport]: LoadReport[Name] } = {};
  const isMessage = readProtobufNumbers(bytes, (field, value, isDouble) => {
    const name = NAMES[field];
    if (name === undefined || isDouble === (name === 'inFlight')) return;
    if (isAmount(value)) report[name] = isDouble ? value : Math.min(value, MAX_IN_FLIGHT);
  });
  return isMessage ? report : undefined;
}

/** Fields by number. */
const NAMES: Readonly<Record<number, keyof LoadReport>> = {
  1: 'inFlight',
  2: 'qps',
  3: 'eps',
  4: 'utilization',
};

function isAmount(value: number | undefined): value is number {
  return value !== undefined && value >= 0 && value < Number.POSITIVE_INFINITY;
}
