// One test for each trap of grpc-js's experimental policy API that would crash, hang or silently
// degrade a policy: what happens to a policy that falls into it stands behind the dash.
import * as grpc from '@grpc/grpc-js';
import { getBalancers, register, registerEndpointSource } from '@wrr/grpc-js';
import { type GrpcCluster, startGrpcCluster, waitFor } from '@wrr/test-support';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  callUnary,
  clientOf,
  connected,
  failure,
  fromFirst,
  pushedSource,
  shares,
  status,
} from '../clients.ts';

register();

const { experimental } = grpc;
const OURS = { loadBalancingConfig: [{ custom_weighted_round_robin: {} }] };
const ROUND_ROBIN = { loadBalancingConfig: [{ round_robin: {} }] };

const invoke = () => ({
  methodConfig: { name: [] },
  pickInformation: {},
  status: status.OK,
  dynamicFilterFactories: [],
});

let all: GrpcCluster;
beforeAll(async () => {
  all = await startGrpcCluster([1, 1, 1]);
});
afterAll(() => all.close());
beforeEach(async () => {
  for (const server of all.servers) {
    await server.behave({});
    await server.resetCounters();
  }
});

const endpoints = (weights = [1, 1, 1]) =>
  all.servers.map(({ address }, index) => ({ key: address, weight: weights[index] ?? 1 }));

describe('trap', () => {
  it('1.1-a, 1.1-g: a policy that replaces another — would destroy the one at work', async () => {
    const source = pushedSource({ endpoints: endpoints(), serviceConfig: ROUND_ROBIN });
    registerEndpointSource('switch', () => source);
    const client = clientOf('switch:///x');
    const calls: Promise<unknown>[] = [];
    for (let round = 0; round < 20; round++) {
      const serviceConfig = round % 2 === 0 ? OURS : ROUND_ROBIN;
      source.push({ endpoints: endpoints(), serviceConfig });
      for (let call = 0; call < 5; call++) calls.push(callUnary(client));
      await calls.at(-1);
    }
    await Promise.all(calls);
  });

  it('1.1-b: exitIdle at every call — must not touch every endpoint', async () => {
    let asked = 0;
    const source = pushedSource({ endpoints: endpoints() });
    const counting = {
      ...source,
      subscribe: (listener: Parameters<typeof source.subscribe>[0]) => {
        asked++;
        return source.subscribe(listener);
      },
    };
    registerEndpointSource('counting', () => counting);
    const client = await connected(clientOf('counting:///x'), 3);
    const leaves = vi.spyOn(experimental.LeafLoadBalancer.prototype, 'exitIdle');
    await shares(client, 100);
    expect(leaves).not.toHaveBeenCalled();
    leaves.mockRestore();
    expect(asked).toBe(1);
  });

  it('1.1-c: calls that wait are picked inside updateState — with half-updated state', async () => {
    const client = clientOf(`wrr:///${all.weighted}`, fromFirst());
    const replies = await Promise.all(Array.from({ length: 50 }, () => callUnary(client)));
    expect(replies).toHaveLength(50);
  });

  it('1.1-d: an empty first list — calls would hang', async () => {
    registerEndpointSource('none', () => pushedSource({ endpoints: [] }));
    const error = await failure(callUnary(clientOf('none:///x')));
    expect(error.details).toContain('there are no endpoints');
  });

  it('1.1-e: a resolver error without endpoints — would spin', async () => {
    let resolutions = 0;
    class Broken implements grpc.experimental.Resolver {
      readonly #listener: grpc.experimental.ResolverListener;
      constructor(_: grpc.experimental.GrpcUri, listener: grpc.experimental.ResolverListener) {
        this.#listener = listener;
      }
      updateResolution(): void {
        resolutions++;
        const error = experimental.statusOrFromError<grpc.experimental.Endpoint[]>({
          code: status.UNAVAILABLE,
          details: 'registry is down',
        });
        setImmediate(() => this.#listener(error, {}, null, ''));
      }
      destroy(): void {}
      static getDefaultAuthority(): string {
        return 'broken';
      }
    }
    experimental.registerResolver('spin', Broken);
    const client = clientOf('spin:///x', fromFirst());
    for (let call = 0; call < 5; call++) {
      expect((await failure(callUnary(client))).details).toContain('registry is down');
    }
    expect(resolutions).toBeLessThan(20);
  });

  it('1.1-f: an idle channel throws its policy away — and all that was learnt', async () => {
    const policy = { circuitBreaker: { consecutiveFailures: 2, open: '60s', maxOpen: '60s' } };
    const client = await connected(
      clientOf(`wrr:///${all.weighted}`, {
        ...fromFirst({ policy }),
        'grpc.client_idle_timeout_ms': 1_000,
      }),
      3,
    );
    await all.servers[0]?.behave({ failWith: status.UNAVAILABLE });
    await Promise.allSettled(Array.from({ length: 9 }, () => callUnary(client)));
    await all.servers[0]?.behave({});
    const channel = client.getChannel();
    await waitFor(() => channel.getConnectivityState(false) === grpc.connectivityState.IDLE);
    expect(getBalancers()).toEqual([]);
    await connected(client, 3);
    const [first] = getBalancers()[0]?.endpoints ?? [];
    expect(first).toMatchObject({ breaker: 'open', ejected: true });
    expect(first?.failures).toBeGreaterThanOrEqual(2);
    expect(await shares(client, 4)).toEqual({ b: 2, c: 2 });
  });

  it('1.1-h: a destroyed policy — would go on connecting', async () => {
    const source = pushedSource({ endpoints: endpoints() });
    registerEndpointSource('closed', () => source);
    const client = await connected(clientOf('closed:///x'), 3);
    const before = await all.total('connections');
    client.close();
    expect(source.subscribers).toBe(0);
    expect(getBalancers()).toEqual([]);
    source.push({ endpoints: endpoints([5, 5, 5]) });
    await new Promise((done) => setTimeout(done, 50));
    expect(await all.total('connections')).toBe(before);
  });

  it('leaf: an established connection that is lost — would stay idle', async () => {
    const one = await startGrpcCluster([1]);
    const client = await connected(clientOf(`wrr:///${one.weighted}`, fromFirst()), 1);
    await one.servers[0]?.shutdown();
    await one.servers[0]?.restart();
    await waitFor(() => callUnary(client));
    client.close();
    await one.close();
  });

  it('leaf: a connection of another channel — would report READY from within the update', async () => {
    const options = { ...fromFirst(), 'grpc.use_local_subchannel_pool': 0 };
    const target = `wrr:///${all.weighted}`;
    await connected(clientOf(target, options), 3);
    const second = clientOf(target, options);
    expect(await shares(second, 6)).toEqual({ a: 2, b: 2, c: 2 });
    expect(await all.total('connections')).toBe(3);
  });

  it('removal: an endpoint that leaves — its calls in flight would be cut off', async () => {
    const source = pushedSource({ endpoints: endpoints([1, 0, 0]) });
    registerEndpointSource('leaving', () => source);
    const client = await connected(clientOf('leaving:///x'), 3);
    const slow = callUnary(client, { behaviour: { delayMs: 300 } });
    await waitFor(async () => (await all.servers[0]?.counters())?.active === 1);
    source.push({ endpoints: endpoints([0, 1, 1]).slice(1) });
    await waitFor(() => getBalancers()[0]?.endpoints.length === 2);
    expect((await slow).server).toBe('a');
    expect(await shares(client, 4)).toEqual({ b: 2, c: 2 });
  });

  it('1.1, attributes: a list update — would reconnect what has not changed', async () => {
    const source = pushedSource({ endpoints: endpoints() });
    registerEndpointSource('same', () => source);
    const client = await connected(clientOf('same:///x'), 3);
    for (let update = 2; update < 12; update++) {
      source.push({ endpoints: endpoints([update, 1, 1]).toReversed() });
      await callUnary(client);
    }
    expect(await all.total('connections')).toBe(3);
  });

  it('1.1, grpc-js’s own selector key: a new selector at each update — would reconnect', async () => {
    const listeners: grpc.experimental.ResolverListener[] = [];
    class Selecting implements grpc.experimental.Resolver {
      constructor(_: grpc.experimental.GrpcUri, listener: grpc.experimental.ResolverListener) {
        listeners.push(listener);
      }
      updateResolution(): void {
        setImmediate(push);
      }
      destroy(): void {}
      static getDefaultAuthority(): string {
        return 'selecting';
      }
    }
    const push = (): void => {
      const addresses = all.servers.map(({ port }) => ({
        addresses: [{ host: '127.0.0.1', port }],
      }));
      const selector = { invoke, unref: () => {} };
      listeners[0]?.(
        experimental.statusOrFromValue(addresses),
        { [experimental.CHANNEL_ARGS_CONFIG_SELECTOR_KEY]: selector },
        null,
        '',
      );
    };
    experimental.registerResolver('selecting', Selecting);
    const client = await connected(clientOf('selecting:///x', fromFirst()), 3);
    for (let update = 0; update < 10; update++) {
      push();
      await callUnary(client);
    }
    expect(await all.total('connections')).toBe(3);
  });
});
