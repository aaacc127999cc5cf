import { Client, hopMs, type World } from './client.ts';
import { Events } from './events.ts';
import { antagonistLoss, DEADLINE_MS, type FleetModel } from './model.ts';
import type { Policy, PolicyKind } from './policies/policy.ts';
import { createStream } from './random.ts';
import { Servers } from './servers.ts';
import { subsetOf } from './subset.ts';
import { type FleetResult, Tally } from './tally.ts';

/**
 * Runs one fleet with one policy. The same model, policy and seed give the same result; and with the
 * same model and seed every policy meets the same calls, demands and disturbances.
 */
export function simulate(model: FleetModel, kind: PolicyKind, seed: number): FleetResult {
  const events = new Events();
  const servers = new Servers(model, seed, events, () => tellClients());
  const world: World = {
    model,
    events,
    servers,
    tally: new Tally(model),
    demand: createStream(seed, 'demand'),
    network: createStream(seed, 'network'),
  };
  const usable = model.antagonists ? 1 - antagonistLoss() : 1;
  const callsPerMs = (servers.workers / model.demandMs) * usable * model.load;
  const clients = Array.from({ length: model.clients }, (_, index) => {
    const policy: Policy = kind.create({
      random: createStream(seed, `policy ${index}`),
      hasBreakers: model.hasBreakers,
      probe: (server) => probe(world, policy, server),
    });
    const arrivals = createStream(seed, `arrivals ${index}`);
    return new Client(index, policy, world, arrivals, model.clients / callsPerMs);
  });
  const tellClients = (): void => {
    const { views } = servers;
    for (const { index, policy } of clients) {
      policy.setServers(subsetOf(views, model, index), events.now);
    }
  };
  tellClients();
  for (const client of clients) client.start();
  events.run(model.warmUpMs + model.measuredMs + DEADLINE_MS);
  return world.tally.result();
}

/** Asks a server for its load. A probe takes its time on the network, and costs nothing. */
function probe(world: World, policy: Policy, index: number): void {
  const { events, servers } = world;
  events.after(hopMs(world), () => {
    const server = servers.at(index);
    if (server.mode === 'down') return;
    const { inFlight } = server;
    const latencyMs = server.expectedLatencyMs();
    events.after(hopMs(world), () => policy.probed?.(index, inFlight, latencyMs, events.now));
  });
}
