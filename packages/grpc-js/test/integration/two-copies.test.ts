// grpc-js keeps policies and resolvers in module-level registries, so a second copy of it knows
// nothing of what was registered with the first: it would use pick_first without a word.
import { createRequire } from 'node:module';
import * as ours from '@grpc/grpc-js';
import { assertRegistered, register, registerEndpointSource } from '@wrr/grpc-js';
import { type GrpcCluster, startGrpcCluster } from '@wrr/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callUnary, closing, pushedSource, shares } from '../clients.ts';

/** Loads another copy, as two versions in one node_modules would be. */
function anotherCopy(): typeof ours {
  const require = createRequire(import.meta.url);
  for (const path of Object.keys(require.cache)) {
    if (path.includes('@grpc/grpc-js/')) delete require.cache[path];
  }
  return require('@grpc/grpc-js') as typeof ours;
}

const SERVICE_CONFIG = JSON.stringify({
  loadBalancingConfig: [{ custom_weighted_round_robin: {} }],
});

let all: GrpcCluster;
beforeAll(async () => {
  all = await startGrpcCluster([1, 1, 1]);
});
afterAll(() => all.close());

function clientOf(grpc: typeof ours, target: string): ours.Client {
  return closing(
    new grpc.Client(target, grpc.credentials.createInsecure(), {
      'grpc.service_config': SERVICE_CONFIG,
      'grpc.use_local_subchannel_pool': 1,
    }),
  );
}

describe('with two copies of grpc-js', () => {
  it('assertRegistered tells which copy was forgotten', () => {
    const theirs = anotherCopy();
    register(ours);
    expect(() => assertRegistered(ours)).not.toThrow();
    expect(() => assertRegistered(theirs)).toThrow('is not registered with this copy');
  });

  it('a forgotten copy really falls back to pick_first', async () => {
    const theirs = anotherCopy();
    const client = clientOf(theirs, `ipv4:${all.addresses}`);
    expect(Object.keys(await shares(client, 9))).toHaveLength(1);
  });

  it('register(grpc) serves each copy, targets included', async () => {
    const theirs = anotherCopy();
    register(theirs);
    register(theirs);
    assertRegistered(theirs);
    const client = clientOf(theirs, `wrr:///${all.weighted}`);
    await callUnary(client);
    await expect.poll(async () => Object.keys(await shares(client, 9)).length).toBe(3);
    const endpoints = all.servers.map(({ address }) => ({ key: address, weight: 1 }));
    registerEndpointSource('second', () => pushedSource({ endpoints }), theirs);
    await callUnary(clientOf(theirs, 'second:///x'));
  });

  it('a scheme registered with the other copy fails calls and names the target', async () => {
    const theirs = anotherCopy();
    register(theirs);
    registerEndpointSource('first', () => pushedSource());
    await expect(callUnary(clientOf(theirs, 'first:///x'))).rejects.toThrow('first:///x');
  });

  it('credentials and metadata of the other copy are refused by grpc-js itself', async () => {
    const theirs = anotherCopy();
    expect(() => new ours.Client('x', theirs.credentials.createInsecure() as never)).toThrow(
      'Channel credentials must be a ChannelCredentials object',
    );
    const client = clientOf(ours, `wrr:///${all.weighted}`);
    const metadata = new theirs.Metadata() as never;
    await expect(callUnary(client, {}, { metadata })).rejects.toThrow('Incorrect arguments passed');
  });
});

describe('register', () => {
  it('refuses a copy of another minor version, by its missing functions', () => {
    const older = { experimental: { registerLoadBalancerType: () => {} } };
    expect(() => register(older as never)).toThrow(
      '@grpc/grpc-js (a copy older than 1.14) is not supported',
    );
  });
});
