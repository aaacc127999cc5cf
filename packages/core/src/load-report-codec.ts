import type { LoadReport } from './load-report.ts';

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
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const report: { -readonly [Name in keyof LoadReport]: LoadReport[Name] } = {};
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 63; factor *= 128) {
      const byte = bytes[at++];
      if (byte === undefined) return Number.NaN;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    return Number.NaN;
  };
  while (at < bytes.length) {
    const tag = varint();
    const name = NAMES[tag];
    switch (tag % 8) {
      case 0: {
        const value = varint();
        if (Number.isNaN(value)) return undefined;
        if (name !== undefined) report[name] = Math.min(value, MAX_IN_FLIGHT);
        break;
      }
      case 1:
        if (name !== undefined && at + 8 <= bytes.length) {
          const value = view.getFloat64(at, true);
          if (isAmount(value)) report[name] = value;
        }
        at += 8;
        break;
      case 2: {
        const length = varint();
        at += length;
        break;
      }
      case 5:
        at += 4;
        break;
      default:
        return undefined;
    }
    if (!(at <= bytes.length)) return undefined;
  }
  return report;
}

/** Fields by tag: number times 8, plus wire type. */
const NAMES: Readonly<Record<number, keyof LoadReport>> = {
  8: 'inFlight',
  17: 'qps',
  25: 'eps',
  33: 'utilization',
};

function isAmount(value: number | undefined): value is number {
  return value !== undefined && value >= 0 && value < Number.POSITIVE_INFINITY;
}
