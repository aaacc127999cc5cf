import { decodeLoadReport, LOAD_KEY } from '@wrr/core';
import { deadlineMiddleware, failoverMiddleware, loadReportMiddleware } from '@wrr/nice-grpc';
import { echoService, waitFor } from '@wrr/test-support';
import {
  type CallOptions,
  createChannel,
  createClientFactory,
  createServer,
  type Metadata,
  ServerError,
  Status,
} from 'nice-grpc';
import { expect, it } from 'vitest';
import {
  all,
  clientOf,
  closing,
  type EchoClient,
  endpoints,
  requests,
  threeServers,
} from '../clients.ts';

const [a, b] = await threeServers();

it.each([
  ['failover', createClientFactory().use(failoverMiddleware({ idempotent: () => true }))],
  ['the deadline middleware', createClientFactory().use(deadlineMiddleware)],
])('streams give adaptive dispatch no latency under %s', async (_, factory) => {
  const policy = { dispatch: 'adaptive' } as const;
  const client = await clientOf([a, b], { factory, policy });
  const behaviour = { delayMs: 1_000 };
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      await all(client.serverStream({ behaviour }, { deadline: 15_000 }));
      await client.clientStream(requests(1, { behaviour }), { deadline: 15_000 });
    }),
  );
  await waitFor(async () => {
    await client.unary({}, { deadline: 15_000 });
    return endpoints().every(({ load }) => (load?.latencyMs ?? 0) > 0);
  });
  for (const { load } of endpoints()) expect(load?.latencyMs).toBeLessThan(500);
});

it('a server tells how many other requests are in flight, whatever becomes of them', async () => {
  let hanging = 0;
  // #region load-report
  const server = createServer().use(loadReportMiddleware());
  // #endregion load-report
  const answer = async ({ payload }: { payload?: string }, { signal }: { signal: AbortSignal }) => {
    if (payload === 'fail') throw new ServerError(Status.INTERNAL, 'told to fail');
    if (payload === 'hang') {
      hanging++;
      await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    }
    return { server: 'own', payload: '', metadata: {}, index: 0 };
  };
  server.add(echoService, {
    unary: answer,
    clientStream: () => Promise.reject(new Error('not used')),
    async *serverStream(request: object, context: { signal: AbortSignal }) {
      yield await answer(request, context);
    },
    async *bidi() {},
  } as never);
  const port = await server.listen('127.0.0.1:0');
  closing({ close: () => server.forceShutdown() });
  const channel = closing(createChannel(`127.0.0.1:${port}`));
  const client = createClientFactory().create(echoService, channel) as object as EchoClient<object>;
  const inFlight = async (call: (options: CallOptions) => Promise<unknown>) => {
    let trailer: Metadata | undefined;
    await call({ onTrailer: (received) => (trailer = received) }).catch(() => {});
    const bytes = trailer?.get(LOAD_KEY);
    return bytes === undefined ? undefined : decodeLoadReport(bytes)?.inFlight;
  };
  const unary = (payload: string) => inFlight((options) => client.unary({ payload }, options));

  expect(await unary('answer')).toBe(0);
  const controller = new AbortController();
  const hung = Array.from({ length: 3 }, () =>
    client.unary({ payload: 'hang' }, { signal: controller.signal }).catch(() => {}),
  );
  await waitFor(() => hanging === 3);
  expect(await unary('answer')).toBe(3);
  expect(await inFlight((options) => all(client.serverStream({}, options)))).toBe(3);
  expect(await unary('fail')).toBe(3);
  controller.abort();
  await Promise.all(hung);
  await waitFor(async () => (await unary('answer')) === 0);
});
