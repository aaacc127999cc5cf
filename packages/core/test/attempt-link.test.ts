import { closeAttemptLink, findAttemptLink, openAttemptLink, openAttemptLinks } from '@wrr/core';
import { describe, expect, it } from 'vitest';

describe('attempt link', () => {
  it('is found by its id until it is closed, and closing twice changes nothing', () => {
    const before = openAttemptLinks();
    const link = openAttemptLink(new Set());
    expect(findAttemptLink(link.id)).toBe(link);
    closeAttemptLink(link);
    closeAttemptLink(link);
    expect(findAttemptLink(link.id)).toBeUndefined();
    expect(openAttemptLinks()).toBe(before);
  });

  it('shares the tried endpoints between the attempts of a call, but not whether one timed out', () => {
    const tried = new Set<string>();
    const [first, second] = [openAttemptLink(tried), openAttemptLink(tried)];
    first.tried.add('10.0.0.1:1');
    first.timedOut = true;
    expect(second.tried).toEqual(new Set(['10.0.0.1:1']));
    expect(second.timedOut).toBe(false);
    expect(second.id).not.toBe(first.id);
    closeAttemptLink(first);
    closeAttemptLink(second);
  });

  it('has an id that is a legal value of gRPC metadata', () => {
    const link = openAttemptLink(new Set());
    expect(link.id).toMatch(/^[\x21-\x7e]+$/);
    closeAttemptLink(link);
  });

  it('is found through another copy of the package', async () => {
    const link = openAttemptLink(new Set());
    const copy: string = '../src/attempt-link.ts?copy';
    const other: typeof import('@wrr/core') = await import(copy);
    expect(other.findAttemptLink).not.toBe(findAttemptLink);
    expect(other.findAttemptLink(link.id)).toBe(link);
    other.closeAttemptLink(link);
    expect(findAttemptLink(link.id)).toBeUndefined();
  });
});
