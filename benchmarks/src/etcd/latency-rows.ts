import { encodeEndpoint } from '@wrr/etcd';
import { type EtcdServer, sleep } from '@wrr/test-support';
import { quantile, seededRandom, shuffled } from '../statistics.ts';
import type { Context, Row } from '../suite.ts';
import { etcd3, ours, type Stack } from './watchers.ts';

const STEPS = ['register', 'weight change', 'deregister'] as const;
type Step = (typeof STEPS)[number];

/** Between two changes, so that one's coalescing does not delay the next. */
const QUIET_MS = 60;

/** How long a server's change takes to be seen by a client, each stack with its own both ends. */
export async function latencyRows(server: EtcdServer, context: Context): Promise<Row[]> {
  const { quick, progress } = context;
  const rounds = quick ? 20 : 200;
  progress(`register, change, deregister: ${rounds} rounds of both stacks`);
  const samples = { ours: emptySamples(), etcd3: emptySamples() };
  const pairs = await Promise.all([ours, etcd3].map((stack) => prepare(stack, server.endpoint)));
  const random = seededRandom(20_261_122);
  for (let round = 0; round < rounds; round++) {
    for (const pair of shuffled(pairs, random)) {
      for (const [step, ms] of await pair.once(round)) samples[pair.name][step].push(ms);
      await sleep(QUIET_MS);
    }
  }
  await Promise.all(pairs.map((pair) => pair.close()));
  const rows = STEPS.flatMap((step) =>
    [0.5, 0.99].map((share) =>
      row(
        `${step} → seen, p${share * 100}`,
        rounds,
        samples.ours[step],
        samples.etcd3[step],
        share,
      ),
    ),
  );
  return [...rows, await initialLoad(server, context)];
}

function emptySamples(): Record<Step, number[]> {
  return { register: [], 'weight change': [], deregister: [] };
}

async function prepare(stack: Stack, hosts: string) {
  const { name } = stack;
  let expected: { address: string; weight: number | undefined; seen: () => void } | undefined;
  const watching = await stack.watch(hosts, `latency-${name}`, (address, weight) => {
    if (expected?.address === address && expected.weight === weight) expected.seen();
  });
  const registering = stack.registrar(hosts);
  /** From the start of an action until the watcher has seen its effect. */
  const timed = async <T>(address: string, weight: number | undefined, act: () => Promise<T>) => {
    const start = performance.now();
    const seen = new Promise<number>((resolve) => {
      expected = { address, weight, seen: () => resolve(performance.now() - start) };
    });
    const result = await act();
    return { result, ms: await seen };
  };
  return {
    name,
    async once(round: number): Promise<(readonly [Step, number])[]> {
      const address = `10.0.${round >> 8}.${round & 255}:50051`;
      const registered = await timed(address, 5, () =>
        registering.register(`latency-${name}`, address, 5),
      );
      await sleep(QUIET_MS);
      const changed = await timed(address, 7, () => registered.result.setWeight(7));
      await sleep(QUIET_MS);
      const gone = await timed(address, undefined, () => registered.result.close());
      return [
        ['register', registered.ms],
        ['weight change', changed.ms],
        ['deregister', gone.ms],
      ];
    },
    async close() {
      await registering.close();
      await watching.close();
    },
  };
}

/** A client that starts and knows a thousand endpoints, connection included. */
async function initialLoad(server: EtcdServer, { quick, progress }: Context): Promise<Row> {
  const rounds = quick ? 3 : 20;
  progress(`start with 1,000 endpoints, ${rounds} times`);
  const entries = Array.from({ length: 1_000 }, (_, index) => {
    const address = `10.1.${index >> 8}.${index & 255}:50051`;
    return [`start/${address}`, encodeEndpoint(address, 5)] as const;
  });
  await server.api.putAll(entries);
  const samples: Record<Stack['name'], number[]> = { ours: [], etcd3: [] };
  const random = seededRandom(7);
  for (let round = 0; round < rounds; round++) {
    for (const stack of shuffled([ours, etcd3], random)) {
      const start = performance.now();
      const watching = await stack.watch(server.endpoint, 'start', () => {});
      samples[stack.name].push(performance.now() - start);
      if (watching.view.size !== 1_000)
        throw new Error(`${stack.name}: ${watching.view.size} seen`);
      await watching.close();
    }
  }
  return row('start with 1,000 endpoints, p50', rounds, samples.ours, samples.etcd3, 0.5);
}

function row(
  name: string,
  rounds: number,
  own: readonly number[] = [],
  peer: readonly number[] = [],
  share: number,
): Row {
  const figure = quantile(own, share);
  const other = quantile(peer, share);
  return {
    suite: 'etcd',
    case: name,
    unit: 'ms',
    ours: figure,
    peers: { 'etcd3 1.1.2': other },
    ratio: { 'etcd3 1.1.2': other / figure },
    rounds,
    spread: {
      ours: [quantile(own, 0.25), quantile(own, 0.75)],
      'etcd3 1.1.2': [quantile(peer, 0.25), quantile(peer, 0.75)],
    },
  };
}
