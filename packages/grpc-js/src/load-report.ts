import type { LoadReport } from '@wrr/core';
import type { Metadata } from './grpc.ts';

/** Trailer in which servers report their load per call (ORCA, gRFC A51). */
const ORCA_KEY = 'endpoint-load-metrics-bin';
/** What is longer is not read: a report with a few named metrics has a few hundred bytes. */
const MAX_BYTES = 16_384;

/** Fields of `xds.data.orca.v3.OrcaLoadReport` that are read. All are doubles. */
const CPU_UTILIZATION = 1;
const RPS_FRACTIONAL = 6;
const EPS = 7;
const APPLICATION_UTILIZATION = 9;

/**
 * Reads a server's report of its load from a call's trailers; `undefined` if there is none, or none
 * that can be read.
 *
 * By hand: grpc-js's own decoder parses three .proto files anew at every call, which blocks the event
 * loop for about 20 ms.
 */
export function readLoadReport(trailers: Metadata): LoadReport | undefined {
  const [bytes] = trailers.get(ORCA_KEY);
  if (!Buffer.isBuffer(bytes) || bytes.length > MAX_BYTES) return undefined;
  const fields = readDoubles(bytes);
  if (fields === undefined) return undefined;
  const utilization =
    positive(fields[APPLICATION_UTILIZATION]) ?? positive(fields[CPU_UTILIZATION]);
  const qps = positive(fields[RPS_FRACTIONAL]);
  const eps = positive(fields[EPS]);
  return {
    ...(qps !== undefined && { qps }),
    ...(eps !== undefined && { eps }),
    ...(utilization !== undefined && { utilization }),
  };
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 && Number.isFinite(value) ? value : undefined;
}

/** Reads the double fields of a protobuf message by number and skips the others. */
function readDoubles(bytes: Buffer): Record<number, number> | undefined {
  const fields: Record<number, number> = {};
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || factor > 2 ** 63) return Number.NaN;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = varint();
    switch (tag % 8) {
      case 0:
        varint();
        break;
      case 1:
        if (at + 8 <= bytes.length) fields[Math.floor(tag / 8)] = bytes.readDoubleLE(at);
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
  return fields;
}
