import { type LoadReport, readProtobufNumbers } from '@wrr/core';
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
  const fields: Record<number, number> = {};
  const isMessage = readProtobufNumbers(bytes, (field, value, isDouble) => {
    if (isDouble) fields[field] = value;
  });
  if (!isMessage) return undefined;
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
