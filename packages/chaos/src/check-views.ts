import { viewAt } from './check-calls.ts';
import type { Finding } from './finding.ts';
import type { ClientRecords, Records } from './records.ts';

/** What is in etcd is seen this soon. */
export const SEEN_WITHIN_MS = 2_000;
/** How long a client may need to follow etcd again after it, its way to etcd or etcd was disturbed. */
export const RECOVERY_MS = 8_000;
/** How long the entry of a dead server may outlive its lease. */
export const GHOST_MS = 2_000;

/**
 * Every registered server is seen, with its weight, within {@link SEEN_WITHIN_MS}; and one that is no more
 * registered is seen no more. Judged at each look into etcd from which nothing had changed for that long.
 */
export function checkViews(records: Records): Finding[] {
  const { registry, clients } = records;
  return clients.flatMap((client) =>
    registry.flatMap((sample, index): Finding[] => {
      const { at, endpoints } = sample;
      if (endpoints === undefined || !follows(records, client, at)) return [];
      const before = registry.slice(0, index + 1).filter((s) => s.at >= at - SEEN_WITHIN_MS);
      const oldest = before[0];
      if (oldest === undefined || at - oldest.at < SEEN_WITHIN_MS * 0.8) return [];
      const view = new Map(viewAt(client, at));
      return records.servers.flatMap(({ name, address }): Finding[] => {
        const weight = endpoints.get(address);
        const stable = before.every(
          (s) => s.endpoints !== undefined && s.endpoints.get(address) === weight,
        );
        if (!stable || view.get(address) === weight) return [];
        const text = `${client.kind} sees ${name} with weight ${view.get(address)}, etcd has ${weight}`;
        const since = at - SEEN_WITHIN_MS;
        return [{ promise: `etcd's state is seen within ${SEEN_WITHIN_MS} ms`, at, since, text }];
      });
    }),
  );
}

/** No endpoint of a server that is dead (or stands still) is seen longer than its lease and two seconds. */
export function checkGhosts(records: Records): Finding[] {
  const limit = records.ttlSeconds * 1_000 + GHOST_MS;
  return records.clients.flatMap((client) =>
    records.registry.flatMap(({ at }): Finding[] => {
      const calm = records.etcd.goodSince(at);
      if (calm === undefined || !follows(records, client, at)) return [];
      const view = new Map(viewAt(client, at));
      return records.servers.flatMap(({ name, address, running }): Finding[] => {
        const deadSince = running.badSince(at);
        if (deadSince === undefined || !view.has(address)) return [];
        // A new leader gives every lease its full time again.
        const age = at - Math.max(deadSince, calm);
        if (age <= limit) return [];
        const text = `${client.kind} still sees ${name}, dead for ${at - deadSince} ms`;
        return [{ promise: 'no ghost outlives its lease and 2 s', at, since: at - GHOST_MS, text }];
      });
    }),
  );
}

/** Whether nothing has kept the client from following etcd for a while. */
function follows(records: Records, client: ClientRecords, at: number): boolean {
  return [client.running, client.path, records.etcd].every((condition) =>
    condition.goodThroughout(at - RECOVERY_MS, at),
  );
}

/** From each change in etcd to its arrival at each client that could follow: milliseconds, sorted. */
export function viewDelays(records: Records): number[] {
  const delays: number[] = [];
  for (const [index, { at, endpoints }] of records.registry.entries()) {
    const previous = records.registry[index - 1];
    if (endpoints === undefined || previous?.endpoints === undefined) continue;
    for (const { address } of records.servers) {
      const weight = endpoints.get(address);
      if (previous.endpoints.get(address) === weight) continue;
      for (const client of records.clients) {
        if (!follows(records, client, at)) continue;
        const seen = client.views.find(
          ({ from, endpoints: view }) =>
            from >= previous.at && new Map(view).get(address) === weight,
        );
        // Measured from the last look that did not show it yet: never too short.
        if (seen !== undefined) delays.push(seen.from - previous.at);
      }
    }
  }
  return delays.sort((a, b) => a - b);
}
