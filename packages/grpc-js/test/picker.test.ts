import * as grpc from '@grpc/grpc-js';
import { createBalancer, type Endpoint } from '@wrr/core';
import { describe, expect, it } from 'vitest';
import { WeightedLoadBalancer } from '../src/load-balancer.ts';
import { WeightedPicker } from '../src/picker.ts';

const { PickResultType } = grpc.experimental;
const args = () => ({ metadata: new grpc.Metadata(), extraPickInfo: {} });

/** A picker over a balancer that always says the same. */
function pickerOf(pick: () => unknown) {
  return new WeightedPicker(grpc, { pick } as never, new Set(), undefined);
}

describe('the picker', () => {
  it('never throws (trap 1.1-i: the call would hang and the process end)', () => {
    const result = pickerOf(() => {
      throw new Error('broken');
    }).pick(args());
    expect(result.pickResultType).toBe(PickResultType.TRANSIENT_FAILURE);
    expect(result.status?.details).toContain('pick failed: Error: broken');
  });

  it('does not throw from onCallEnded either (trap 1.1-i: the process would end)', () => {
    const attempt = {
      start: () => {},
      end: () => {
        throw new Error('broken');
      },
    };
    const endpoint = { key: 'a', leaf: { subchannel: {} } };
    const result = pickerOf(() => ({ kind: 'picked', endpoint, attempt })).pick(args());
    const ended = result.onCallEnded;
    expect(() => ended?.(grpc.status.OK, '', new grpc.Metadata())).not.toThrow();
  });

  it('waits while the connection it would use is gone (trap 1.5: a null connection would end the process)', () => {
    const outcomes: unknown[] = [];
    const attempt = { start: () => {}, end: (outcome: unknown) => outcomes.push(outcome) };
    const endpoint = { key: 'a', leaf: { subchannel: null } };
    const result = pickerOf(() => ({ kind: 'picked', endpoint, attempt })).pick(args());
    expect(result.pickResultType).toBe(PickResultType.QUEUE);
    expect(outcomes).toEqual(['ignored']);
  });

  it.each([
    ['empty', PickResultType.TRANSIENT_FAILURE],
    ['unavailable', PickResultType.QUEUE],
    ['all-open', PickResultType.DROP],
    ['all-tried', PickResultType.DROP],
  ])('explains %s', (reason, type) => {
    const result = pickerOf(() => ({ kind: 'none', reason, retryAfterMs: 5 })).pick(args());
    expect(result.pickResultType).toBe(type);
  });

  it('survives being wrapped: its callbacks are its own properties, and need no object', () => {
    const calls: unknown[] = [];
    const attempt = {
      start: () => calls.push('start'),
      end: (outcome: unknown) => calls.push(outcome),
    };
    const endpoint = { key: 'a', leaf: { subchannel: {} } };
    const result = { ...pickerOf(() => ({ kind: 'picked', endpoint, attempt })).pick(args()) };
    const { onCallStarted, onCallEnded } = result;
    onCallStarted?.();
    onCallEnded?.(grpc.status.OK, '', new grpc.Metadata());
    expect(calls).toEqual(['start', 'success']);
  });
});

describe('a pick that is never started (trap 1.5: its onCallStarted and onCallEnded never come)', () => {
  it('is not in flight, and says nothing about its endpoint', () => {
    const balancer = createBalancer({ clock: performance });
    const leaf = { subchannel: {} };
    balancer.update([{ key: 'a', weight: 1, leaf } as Endpoint]);
    const picker = new WeightedPicker(grpc, balancer as never, new Set(), undefined);
    for (let pick = 0; pick < 100; pick++) picker.pick(args());
    const counted = { inFlight: 0, picks: 100, successes: 0, failures: 0, ignored: 0 };
    expect(balancer.endpoints()[0]).toMatchObject(counted);
  });
});

describe('the policy', () => {
  it('says nothing from its constructor (trap 1.1-a)', () => {
    const helper = new Proxy({}, { get: (_, name) => expect.fail(`helper.${String(name)} used`) });
    expect(() => new WeightedLoadBalancer(grpc, helper as never)).not.toThrow();
  });
});
