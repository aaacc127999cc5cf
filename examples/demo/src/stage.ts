import type { EndpointSnapshot, EndpointStatus } from '@wrr/core';
import type { Ledger } from './promises.ts';
import type { DemoRegistry } from './registry.ts';
import type { Frame, Row, Screen } from './screen.ts';
import type { DemoServer } from './servers.ts';
import type { Traffic } from './traffic.ts';

/** Everything that the scenes play with. */
export interface Stage {
  readonly registry: DemoRegistry;
  readonly alpha: DemoServer;
  readonly beta: DemoServer;
  readonly gamma: DemoServer;
  readonly traffic: Traffic;
  readonly ledger: Ledger;
  readonly screen: Screen;
  /** The registry's list, as a client sees it. */
  readonly known: () => EndpointSnapshot;
  /** The balancer's view of the endpoints. */
  readonly endpoints: () => readonly EndpointStatus[];
  /** What is being shown; scenes change it. */
  scene: { title: string; progress: number };
}

/** The servers in the order of the table. */
export function serversOf(stage: Stage): readonly DemoServer[] {
  return [stage.alpha, stage.beta, stage.gamma];
}

/** The balancer's view of one server, or `undefined` while it does not know it. */
export function statusOf(stage: Stage, server: DemoServer): EndpointStatus | undefined {
  return stage.endpoints().find(({ key }) => key === server.address);
}

/** What the screen shows now. */
export function frameOf(stage: Stage): Frame {
  const statuses = stage.endpoints();
  const inRotation = statuses.filter(({ available, ejected }) => available && !ejected);
  const total = inRotation.reduce((sum, { weight }) => sum + weight, 0);
  const { tally } = stage.traffic;
  const answered = Math.max(1, tally.calls - tally.failed);
  const rows = serversOf(stage).map((server): Row => {
    const status = statuses.find(({ key }) => key === server.address);
    const weight = status?.weight ?? 0;
    const wanted = status !== undefined && inRotation.includes(status) ? weight / total : 0;
    return {
      name: server.name,
      address: server.address,
      weight,
      wanted: Number.isFinite(wanted) ? wanted : 0,
      seen: tally.of(server.name) / answered,
      calls: tally.of(server.name),
      errors: status?.failures ?? 0,
      state: stateOf(status),
    };
  });
  return { ...stage.scene, rows };
}

function stateOf(status: EndpointStatus | undefined): string {
  if (status === undefined) return 'not registered';
  if (status.weight === 0) return 'drained';
  if (!status.available) return 'not connected';
  if (status.ejected) return `ejected (breaker ${status.breaker})`;
  return `in rotation (breaker ${status.breaker})`;
}
