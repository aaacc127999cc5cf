import { decodeLoadReport, encodeLoadReport, type LoadReport } from '@wrr/core';
import { fuzz } from '@wrr/test-support';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const amount = fc.double({ min: 0, noNaN: true, noDefaultInfinity: true });
const report = fc.record(
  { inFlight: fc.nat(2 ** 32 - 1), qps: amount, eps: amount, utilization: amount },
  { requiredKeys: [] },
);

describe('a report of load', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(report, (written) => {
        expect(decodeLoadReport(encodeLoadReport(written))).toEqual(written);
      }),
      { numRuns: 2_000 },
    );
  });

  it('takes two bytes for up to 127 requests in flight', () => {
    expect([...encodeLoadReport({ inFlight: 0 })]).toEqual([8, 0]);
    expect([...encodeLoadReport({ inFlight: 127 })]).toEqual([8, 127]);
    expect([...encodeLoadReport({ inFlight: 128 })]).toEqual([8, 128, 1]);
  });

  it('leaves out what is no amount, and rounds down', () => {
    const odd: LoadReport = { inFlight: -1, qps: Number.NaN, eps: Infinity, utilization: -0.5 };
    expect(encodeLoadReport(odd)).toHaveLength(0);
    expect(decodeLoadReport(encodeLoadReport({ inFlight: 2.9 }))).toEqual({ inFlight: 2 });
    expect(decodeLoadReport(encodeLoadReport({ inFlight: 1e300 }))).toEqual({
      inFlight: 2 ** 32 - 1,
    });
  });

  it('may have fields from the future; of a field that comes twice, the last counts', () => {
    const future = [0x28, 0x96, 0x01, 0x32, 0x02, 0x61, 0x62, 0x3d, 1, 2, 3, 4];
    const bytes = Uint8Array.from([8, 3, ...future, 8, 5]);
    expect(decodeLoadReport(bytes)).toEqual({ inFlight: 5 });
    expect(decodeLoadReport(new Uint8Array())).toEqual({});
  });

  it.each([
    ['cut off in a number', [8]],
    ['cut off in a double', [0x11, 1, 2]],
    ['a length beyond the end', [0x32, 5, 1]],
    ['a number of more than 64 bits', [8, ...Array.from({ length: 12 }, () => 0x80), 1]],
    ['a group, which is obsolete', [0x0b, 0x0c]],
    ['too long', Array.from({ length: 300 }, () => 8)],
  ])('that is %s is none', (_what, bytes) => {
    expect(decodeLoadReport(Uint8Array.from(bytes))).toBeUndefined();
  });

  it('never holds an odd number, whatever a server sends', { timeout: 60_000 }, () => {
    let good = 0;
    fuzz({
      corpus: ['\u0008\u0005', '\u0008\u007f\u0011abcdefgh', '\u0019ABCDEFGH\u0021????????', ''],
      make: (mutator) => mutator.bytes(),
      feed(bytes) {
        const read = decodeLoadReport(bytes);
        if (read === undefined) return;
        good++;
        for (const value of Object.values(read)) {
          if (!(value >= 0 && value < Infinity)) throw new Error(`${value}`);
        }
      },
    });
    expect(good).toBeGreaterThan(1_000);
  });
});
