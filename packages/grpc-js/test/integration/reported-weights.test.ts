import { getBalancers, register } from '@wrr/grpc-js';
import { waitFor } from '@wrr/test-support';
import { expect, it } from 'vitest';
import { callUnary, clientOf, cluster, connected, fromFirst, shares } from '../clients.ts';

register();

/** A trailer with an OrcaLoadReport { rps_fractional, application_utilization }. */
function reporting(qps: number, utilization: number): object {
  const bytes = Buffer.alloc(18);
  bytes[0] = 0x31;
  bytes.writeDoubleLE(qps, 1);
  bytes[9] = 0x49;
  bytes.writeDoubleLE(utilization, 10);
  return { trailers: { 'endpoint-load-metrics-bin': bytes.toString('base64') } };
}

it('weights follow what servers report, times their static weights, and starve no new one', async () => {
  const all = await cluster(
    { behaviour: reporting(100, 0.5) },
    { behaviour: reporting(100, 1), weight: 2 },
    {}, // reports nothing
  );
  const reportedWeights = { blackout: '0s', update: '0.05s' };
  const client = await connected(
    clientOf(`wrr:///${all.weighted}`, fromFirst({ policy: { reportedWeights } })),
    3,
  );
  await waitFor(async () => {
    await callUnary(client);
    return getBalancers()[0]?.endpoints.some(({ weight }) => weight > 2);
  });
  // Reported: 200 and 100, mean 150; so 4/3, 2/3 × 2 and, without a report, 1: three whole cycles.
  expect(await shares(client, 3 * (133 + 133 + 100))).toEqual({ a: 399, b: 399, c: 300 });
});
