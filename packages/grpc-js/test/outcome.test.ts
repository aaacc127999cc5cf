import { status } from '@grpc/grpc-js';
import { outcomeOfStatus } from '@wrr/core';
import { describe, expect, it } from 'vitest';
import { authorityOf } from '../src/authority.ts';
import { parseStatusCodes } from '../src/outcome.ts';

describe('what a status says about its endpoint (trap 1.5)', () => {
  it.each([
    [status.OK, '', 'success'],
    [status.NOT_FOUND, 'no such order', 'success'],
    [status.INVALID_ARGUMENT, '', 'success'],
    [status.RESOURCE_EXHAUSTED, 'quota', 'success'],
    [status.UNIMPLEMENTED, '', 'success'],
    [status.UNAVAILABLE, 'Connection dropped', 'failure'],
    [status.UNAVAILABLE, 'read ECONNRESET', 'failure'],
    [status.DEADLINE_EXCEEDED, 'Deadline exceeded after 0.1s', 'failure'],
    [status.INTERNAL, '', 'failure'],
    [status.UNKNOWN, '', 'failure'],
    [status.DATA_LOSS, '', 'failure'],
    [status.CANCELLED, 'Cancelled on client', 'ignored'],
    [status.CANCELLED, 'Discarded in favor of other hedged attempt', 'ignored'],
    [status.CANCELLED, 'the server’s own words', 'ignored'],
    [status.CANCELLED, 'Call cancelled', 'failure'],
  ])('%i %j: %s', (code, details, outcome) => {
    expect(outcomeOfStatus(code, details)).toBe(outcome);
  });

  it('can be chosen', () => {
    const codes = parseStatusCodes(['RESOURCE_EXHAUSTED'], 'failureCodes');
    expect(outcomeOfStatus(status.RESOURCE_EXHAUSTED, '', codes)).toBe('failure');
    expect(outcomeOfStatus(status.UNAVAILABLE, '', codes)).toBe('success');
  });

  it.each([['OK'], ['CANCELLED'], ['unavailable'], [14]])('cannot be chosen by %j', (name) => {
    expect(() => parseStatusCodes([name], 'x')).toThrow('x[0] must be the name of a status code');
  });
});

describe('the authority of a target (trap 1.2)', () => {
  it.each([
    ['10.0.0.1:50051=5,10.0.0.2:50051=1', '10.0.0.1:50051'],
    ['[::1]:50051=1', '[::1]:50051'],
    ['orders.v1', 'orders.v1'],
    ['service/user', 'service-user'],
    ['orders.1', 'orders-1'],
    ['svc:prod', 'svc-prod'],
    ['{}', 'localhost'],
  ])('%s: %s', (path, authority) => {
    expect(authorityOf(path)).toBe(authority);
  });
});
