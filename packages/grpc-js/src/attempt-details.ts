import { type AttemptDetails, decodeLoadReport, LOAD_KEY, type LoadReport } from '@wrr/core';
import type { Metadata } from './grpc.ts';
import { readLoadReport } from './load-report.ts';

/** What adaptive dispatch is told of an attempt that has ended. */
export function attemptDetails(streams: boolean, trailers: Metadata): AttemptDetails {
  const report = reportOf(trailers);
  return { measuresLatency: !streams, ...(report !== undefined && { report }) };
}

/** What the server says of its load: in wrr's own trailer, or in ORCA's. Both are untrusted. */
function reportOf(trailers: Metadata): LoadReport | undefined {
  const [bytes] = trailers.get(LOAD_KEY);
  const own = Buffer.isBuffer(bytes) ? decodeLoadReport(bytes) : undefined;
  const orca = readLoadReport(trailers);
  return own === undefined || orca === undefined ? (own ?? orca) : { ...orca, ...own };
}
