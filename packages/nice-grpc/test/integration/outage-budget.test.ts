import { failoverMiddleware } from '@wrr/nice-grpc';
import { waitFor } from '@wrr/test-support';
import { createClientFactory, Status } from 'nice-grpc';
import { describe, expect, it } from 'vitest';
import { clientOf, endpoints, threeServers } from '../clients.ts';

const servers = await threeServers();

/** All retries there are: one for five calls. */
const budget = { ratio: 0.2, reservePerSecond: 0 };

describe('the retry budget after a total outage', () => {
  it('is there when the first server to return fails calls', async () => {
    const backoff = { initialMs: 1, maxMs: 1 };
    const failover = { idempotent: () => true, maxAttempts: 20, backoff, budget };
    const factory = createClientFactory().use(failoverMiddleware(failover));
    const client = await clientOf(servers, { factory });
    for (let call = 0; call < 100; call++) await client.unary({});
    for (const server of servers) await server.kill();
    // From then on nothing is sent: what the client does costs no server anything.
    await waitFor(() => endpoints().every(({ available }) => !available));
    for (let call = 0; call < 100; call++) {
      await expect(client.unary({})).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    }

    const [first] = servers;
    await first.restart();
    await waitFor(() => endpoints().some(({ available }) => available));
    // Cold, and so it fails some. The outage's retries alone would have used up the window's budget.
    await first.behave({ failWith: Status.UNAVAILABLE, failTimes: 15 });
    await client.unary({});
  });
});
