import { channelOptions, getBalancers, register } from '@wrr/grpc-js';
import { waitFor } from '@wrr/test-support';
import { describe, expect, it } from 'vitest';
import { callUnary, clientOf, cluster, connected, failure, status } from '../clients.ts';

register();

/** All retries there are: one for five calls. */
const budget = { ratio: 0.2, reservePerSecond: 0 };

describe('the retry budget after a total outage', () => {
  it('is there when the first server to return fails calls', async () => {
    const { servers, weighted } = await cluster(1, 1, 1);
    const backoff = { initialMs: 1, maxMs: 1 };
    const failover = { idempotent: true, maxAttempts: 20, backoff, budget };
    const client = clientOf(`wrr:///${weighted}`, channelOptions({ failover }));
    await connected(client, 3);
    for (let call = 0; call < 100; call++) await callUnary(client);
    const [first] = servers;
    for (const server of servers) await server.kill();
    // From then on nothing is sent: what the client does costs no server anything.
    await waitFor(() => getBalancers()[0]?.endpoints.every(({ available }) => !available));
    const lost = await Promise.all(Array.from({ length: 100 }, () => failure(callUnary(client))));
    for (const { code } of lost) expect(code).toBe(status.UNAVAILABLE);

    await first?.restart();
    await connected(client, 1);
    // Cold, and so it fails some. The outage's retries alone would have used up the window's budget.
    await first?.behave({ failWith: status.UNAVAILABLE, failTimes: 15 });
    await callUnary(client);
  });
});
