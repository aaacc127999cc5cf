import { createReportedWeights } from '@wrr/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const keys = ['a', 'b', 'c'];

/** Weights without blackout, to which each key has reported once at time 0. */
function reported(reports: Readonly<Record<string, object>>, options = {}) {
  const weights = createReportedWeights({ blackoutMs: 0, ...options });
  for (const [key, report] of Object.entries(reports)) weights.report(key, report, 0);
  return weights;
}

describe('weights from reports of load (gRFC A58)', () => {
  it('are qps over utilization, with a mean of 1', () => {
    const weights = reported({
      a: { qps: 100, utilization: 0.5 },
      b: { qps: 100, utilization: 1 },
      c: { qps: 50, utilization: 0.1667 },
    });
    const factors = weights.factors(keys, 0) ?? [];
    expect((factors[0] ?? 0) / (factors[1] ?? 0)).toBeCloseTo(2);
    expect((factors[2] ?? 0) / (factors[1] ?? 0)).toBeCloseTo(3, 2);
    expect(factors.reduce((sum, factor) => sum + factor) / 3).toBeCloseTo(1);
  });

  it('are lowered by errors', () => {
    const same = { qps: 100, utilization: 0.5 };
    const weights = reported({ a: same, b: { ...same, eps: 50 } }, { errorPenalty: 1 });
    const factors = weights.factors(['a', 'b'], 0) ?? [];
    expect((factors[0] ?? 0) / (factors[1] ?? 0)).toBeCloseTo(2);
  });

  // grpc-js gives such an endpoint the period of the mean instead of its weight: next to nothing.
  it('of an endpoint that has reported nothing are the mean of the others, not zero', () => {
    const weights = reported({ a: { qps: 100, utilization: 1 }, b: { qps: 100, utilization: 1 } });
    expect(weights.factors(keys, 0)).toEqual([1, 1, 1]);
  });

  it('are not used while fewer than two endpoints have one', () => {
    const weights = reported({ a: { qps: 100, utilization: 1 } });
    expect(weights.factors(keys, 0)).toBeUndefined();
  });

  it('count only after the blackout, and not after they have expired', () => {
    const options = { blackoutMs: 100, expiryMs: 1_000 };
    const weights = reported(
      { a: { qps: 3, utilization: 1 }, b: { qps: 1, utilization: 1 } },
      options,
    );
    expect(weights.factors(['a', 'b'], 99)).toBeUndefined();
    expect(weights.factors(['a', 'b'], 100)).toEqual([1.5, 0.5]);
    expect(weights.factors(['a', 'b'], 1_000)).toBeUndefined();
    for (const key of ['a', 'b']) weights.report(key, { qps: 1, utilization: 1 }, 1_001);
    expect(weights.factors(['a', 'b'], 1_002)).toBeUndefined();
    expect(weights.factors(['a', 'b'], 1_101)).toEqual([1, 1]);
  });

  it('of a lost connection are forgotten', () => {
    const weights = reported({ a: { qps: 3, utilization: 1 }, b: { qps: 1, utilization: 1 } });
    weights.forget('a');
    expect(weights.factors(['a', 'b'], 0)).toBeUndefined();
  });

  it('are due once per update period', () => {
    const weights = reported({}, { updateMs: 50 });
    expect(weights.isDue(0)).toBe(true);
    weights.factors(keys, 0);
    expect(weights.isDue(49)).toBe(false);
    expect(weights.isDue(50)).toBe(true);
  });

  it('are from 0.01 to 100 whatever servers say', () => {
    const anything = fc.oneof(fc.double(), fc.integer(), fc.constant(undefined));
    const report = fc.record({ qps: anything, utilization: anything, eps: anything });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...keys), report)), (reports) => {
        const weights = createReportedWeights({ blackoutMs: 0 });
        for (const [key, one] of reports) weights.report(key, one as object, 0);
        for (const factor of weights.factors(keys, 0) ?? []) {
          expect(factor).toBeGreaterThanOrEqual(0.01);
          expect(factor).toBeLessThanOrEqual(100);
        }
      }),
    );
  });

  it('refuse wrong options by name', () => {
    expect(() => createReportedWeights({ expiryMs: 0 })).toThrow('expiryMs must be');
    expect(() => createReportedWeights({ blackout: 1 } as object)).toThrow('blackout');
  });
});
