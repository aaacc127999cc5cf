import { describe, expect, it } from 'vitest';
import { type Entry, maintainEntry } from '../src/registration-loop.ts';
import { createFakeClient } from './fake-client.ts';

/** An entry whose lease has been asked for; the test answers when it likes. */
async function asking() {
  const client = createFakeClient();
  const asked: string[] = [];
  let grant = (): void => {};
  client.unary = (method) => {
    asked.push(method);
    return new Promise((resolve) => {
      const answer = (): void => resolve({ header: null, ID: '1', TTL: '5' } as never);
      if (method === 'Lease/LeaseGrant') grant = answer;
      else answer();
    });
  };
  const entry: Entry = maintainEntry(
    client,
    {
      service: 's',
      address: 'a:1',
      weight: 1,
      metadata: {},
      ttlSeconds: 5,
      waitForReady: false,
      timeoutMs: 1_000,
    },
    () => {},
  );
  await client.clock.advanceAsync(0);
  expect(asked).toEqual(['Lease/LeaseGrant']);
  return { client, asked, entry, grant: () => grant() };
}

describe('close() of a registration whose lease is under way', () => {
  it('revokes it after it was granted: etcd 3.6 may take the revocation first', async () => {
    const { client, asked, entry, grant } = await asking();
    const closing = entry.close();
    await client.clock.advanceAsync(400);
    expect(asked).toEqual(['Lease/LeaseGrant']);
    grant();
    await closing;
    expect(asked).toEqual(['Lease/LeaseGrant', 'Lease/LeaseRevoke']);
  });

  it('does not wait for an answer that does not come', async () => {
    const { client, asked, entry } = await asking();
    const closing = entry.close();
    await client.clock.advanceAsync(500);
    await closing;
    expect(asked).toEqual(['Lease/LeaseGrant', 'Lease/LeaseRevoke']);
  });
});
