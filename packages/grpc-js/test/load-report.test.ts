import { Metadata } from '@grpc/grpc-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLoadReport } from '../src/load-report.ts';

function trailers(bytes: Buffer): Metadata {
  const metadata = new Metadata();
  metadata.set('endpoint-load-metrics-bin', bytes);
  return metadata;
}

function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = field * 8 + 1;
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

describe('readLoadReport', () => {
  it('reads rate, errors and utilization, and skips what it does not know', () => {
    const bytes = Buffer.concat([
      double(1, 0.25), // cpu_utilization
      Buffer.from([0x18, 0x96, 0x01]), // rps, deprecated: a varint
      Buffer.from([0x22, 0x05, 0x0a, 0x01, 0x61, 0x11, 0x00]), // request_cost: a map entry
      double(6, 120),
      double(7, 3),
    ]);
    expect(readLoadReport(trailers(bytes))).toEqual({ qps: 120, eps: 3, utilization: 0.25 });
  });

  it('prefers the application’s utilization to the CPU’s', () => {
    const bytes = Buffer.concat([double(1, 0.25), double(9, 0.75)]);
    expect(readLoadReport(trailers(bytes))).toEqual({ utilization: 0.75 });
  });

  it('leaves out what is not a positive number', () => {
    const bytes = Buffer.concat([double(1, -1), double(6, Number.NaN), double(7, Infinity)]);
    expect(readLoadReport(trailers(bytes))).toEqual({});
  });

  it('reads nothing where there is nothing, or nonsense', () => {
    expect(readLoadReport(new Metadata())).toBeUndefined();
    for (const bytes of [[0xff], [0x09, 1, 2], [0x0b], [0x22, 0xff, 0xff, 0xff, 0xff, 0x0f]]) {
      expect(readLoadReport(trailers(Buffer.from(bytes)))).toBeUndefined();
    }
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const report = readLoadReport(trailers(Buffer.from(bytes)));
        for (const value of Object.values(report ?? {})) {
          expect(value > 0 && Number.isFinite(value)).toBe(true);
        }
      }),
      { numRuns: 20_000 },
    );
  });
});
