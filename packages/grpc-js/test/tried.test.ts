import { Metadata } from '@grpc/grpc-js';
import { beforeEach, describe, expect, it, vi } from 'vitest';

type Tried = typeof import('../src/tried.ts');

let tried: Tried;
beforeEach(async () => {
  vi.resetModules();
  tried = await import('../src/tried.ts');
});

function args(extraPickInfo: Record<string, string> = {}, previous?: number) {
  const metadata = new Metadata();
  if (previous !== undefined) metadata.set('grpc-previous-rpc-attempts', String(previous));
  return { metadata, extraPickInfo };
}

describe('the mark of a call (trap 2: identity of extraPickInfo)', () => {
  it('is found by the next attempt of the same call, and by no other call', () => {
    const call = {};
    tried.leaveMark(args(call), { key: 'a', ended: false, tried: undefined });
    expect(tried.markOf(args(call, 1))?.key).toBe('a');
    expect(tried.markOf(args({}))).toBeUndefined();
  });

  it('is found by a transparent retry and a hedge, which pick before the attempt has ended', () => {
    const call = {};
    tried.leaveMark(args(call), { key: 'a', ended: false, tried: undefined });
    expect(tried.markOf(args(call))?.key).toBe('a');
  });

  it('is found on an object that cannot be extended', () => {
    const call = Object.freeze({});
    tried.leaveMark(args(call), { key: 'a', ended: true, tried: undefined });
    expect(tried.markOf(args(call, 1))?.key).toBe('a');
  });

  it('is given up for good once calls prove to share the object', () => {
    const shared = {};
    tried.leaveMark(args(shared), { key: 'a', ended: true, tried: undefined });
    expect(tried.markOf(args(shared))).toBeUndefined();
    const other = {};
    tried.leaveMark(args(other), { key: 'b', ended: false, tried: undefined });
    expect(tried.markOf(args(other, 1))).toBeUndefined();
  });
});
