import { channelOptions, getBalancers, register } from '@wrr/grpc-js';
import { waitFor } from '@wrr/test-support';
import { expect, it } from 'vitest';
import { callUnary, clientOf, closing, cluster, connected } from '../clients.ts';

register();

const KILLS = 30;
const CALLERS = 60;

// A server flushes headers before the message, so a SIGKILL often leaves a call with headers and no
// message. grpc-js commits on headers and fails such calls; 1 to 3 a kill at this load.
it('30 SIGKILLs under 60 callers fail no call', { timeout: 180_000 }, async () => {
  const { servers, weighted } = await cluster(1, 1, 1);
  const client = clientOf(`wrr:///${weighted}`, {
    // Kills in such quick succession are more than the default budget pays for.
    ...channelOptions({ failover: { idempotent: true, budget: false } }),
    'grpc.max_reconnect_backoff_ms': 250,
  });
  await connected(client, 3);
  const failures: unknown[] = [];
  let calls = 0;
  const run = { isOver: false };
  const caller = async (): Promise<void> => {
    while (!run.isOver) {
      calls++;
      await callUnary(client).catch((error: unknown) => failures.push(String(error)));
    }
  };
  const callers = Array.from({ length: CALLERS }, caller);
  const stop = (): void => {
    run.isOver = true;
  };
  closing({ close: stop });
  for (let kill = 0; kill < KILLS; kill++) {
    const server = servers[kill % servers.length];
    await server?.kill();
    await server?.restart();
    await waitFor(() =>
      getBalancers().every(({ endpoints }) => endpoints.every(({ available }) => available)),
    );
    const before = calls;
    await waitFor(() => calls > before + CALLERS, { timeoutMs: 60_000 });
  }
  stop();
  await Promise.all(callers);
  expect(failures).toEqual([]);
  expect(calls).toBeGreaterThan(KILLS * CALLERS);
});
