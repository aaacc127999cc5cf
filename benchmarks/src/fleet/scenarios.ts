import type { FleetModel, Incident } from './model.ts';

/** A few clients, a few servers, many calls for each pair: Node back ends. 56 to 190 calls/s a pair. */
export const fewTimesHigh: FleetModel = {
  name: '5 × 5',
  clients: 5,
  capacities: [1, 1, 2, 2, 4],
  workersPerCapacity: 4,
  demandMs: 10,
  demand: 'lognormal',
  load: 0.7,
  antagonists: true,
  warmUpMs: 5_000,
  measuredMs: 30_000,
  attempts: 1,
  hasBreakers: false,
  incidents: [],
};

/** Nobody disturbs, and the fleet is busy: what load awareness costs in proportions, and gains. */
export const healthy: FleetModel = {
  ...fewTimesHigh,
  name: '5 × 5, healthy',
  antagonists: false,
  load: 0.85,
};

/** The same with equal servers, of four workers each. */
export const healthyEqual: FleetModel = {
  ...healthy,
  name: '5 × 5, healthy and equal',
  capacities: [1, 1, 1, 1, 1],
};

/** When a fault begins, and when it is over. */
const FAULT_AT = 5_000;
const FAULT_UNTIL = 15_000;
/** The server that has it: of medium size, a fifth of the fleet. */
const FAULTY = 2;

/** Calm, but for the fault. Only calls of its time count. */
const calm: FleetModel = {
  ...fewTimesHigh,
  antagonists: false,
  measuredMs: 17_000,
  window: [FAULT_AT, FAULT_UNTIL],
  fault: { server: FAULTY, at: FAULT_AT, until: FAULT_UNTIL },
};

/** One server becomes five times slower. */
export const slow: FleetModel = {
  ...calm,
  name: '5 × 5, one server 5 times slower',
  incidents: [
    { at: FAULT_AT, kind: 'speed', server: FAULTY, speed: 1 / 5 },
    { at: FAULT_UNTIL, kind: 'speed', server: FAULTY, speed: 1 },
  ],
};

/** One server fails every call at once; nobody tries again, and there are no breakers. */
export const blackHole: FleetModel = {
  ...calm,
  name: '5 × 5, black hole',
  incidents: [
    { at: FAULT_AT, kind: 'mode', server: FAULTY, mode: 'failing' },
    { at: FAULT_UNTIL, kind: 'mode', server: FAULTY, mode: 'up' },
  ],
};

/** What protects in production: a second attempt elsewhere, within the budget, and breakers. */
const PROTECTED = { attempts: 2, hasBreakers: true } as const;

/** The same, protected. */
export const blackHoleProtected: FleetModel = {
  ...blackHole,
  ...PROTECTED,
  name: '5 × 5, black hole, retries and breakers',
};

/** How a process starts: at a fifth of its speed. */
const COLD = { kind: 'cold', fromSpeed: 0.2, coldMs: 5_000 } as const;
const BACK_AT = FAULT_AT + 4_000;

/** One server is killed with all it had, refuses for 4 s, and starts cold. */
export const crash: FleetModel = {
  ...calm,
  ...PROTECTED,
  name: '5 × 5, crash and cold restart',
  incidents: [
    { at: FAULT_AT, kind: 'mode', server: FAULTY, mode: 'down' },
    { at: BACK_AT, kind: 'mode', server: FAULTY, mode: 'up' },
    { at: BACK_AT, server: FAULTY, ...COLD },
  ],
};

/** Every server in turn leaves, and is back cold two seconds later. */
export const rollingDeploy: FleetModel = {
  ...fewTimesHigh,
  ...PROTECTED,
  name: '5 × 5, rolling deploy',
  antagonists: false,
  load: 0.5,
  incidents: [0, 1, 2, 3, 4].flatMap((server): readonly Incident[] => [
    { at: server * 6_000, kind: 'leave', server },
    { at: server * 6_000 + 2_000, server, ...COLD },
    { at: server * 6_000 + 2_000, kind: 'join', server },
  ]),
};

/** A sixth server joins, cold. */
export const scaleOut: FleetModel = {
  ...fewTimesHigh,
  ...PROTECTED,
  name: '5 × 5 and a cold sixth',
  antagonists: false,
  capacities: [1, 1, 2, 2, 4, 2],
  absent: [5],
  measuredMs: 15_000,
  window: [FAULT_AT, FAULT_UNTIL],
  incidents: [
    { at: FAULT_AT, server: 5, ...COLD },
    { at: FAULT_AT, kind: 'join', server: 5 },
  ],
};

/** Clients take the largest server for a small one, and a small one for the largest. */
export const wrongWeights: FleetModel = {
  ...fewTimesHigh,
  name: '5 × 5, wrong weights',
  antagonists: false,
  weights: [4, 2, 2, 1, 1],
  measuredMs: 15_000,
};

/** Many clients, many servers, 0.5 to 0.9 calls a second for each pair. */
export const manyTimesSmall: FleetModel = {
  ...fewTimesHigh,
  name: '300 × 60',
  clients: 300,
  capacities: capacitiesOf(60),
  workersPerCapacity: 2,
  demandMs: 20,
  warmUpMs: 4_000,
  measuredMs: 8_000,
};

/** More of both. */
export const thousandClients: FleetModel = {
  ...manyTimesSmall,
  name: '1,000 × 200',
  clients: 1_000,
  capacities: capacitiesOf(200),
  measuredMs: 5_000,
};

/** The same, each client calling 25 servers: an eighth of them. */
export const thousandClientsSubset: FleetModel = {
  ...thousandClients,
  name: '1,000 × 200, subsets',
  subset: { size: 20 },
};

/** A large fleet. Each client calls 31 servers or 32: with all 1,000 there would be ten million pairs. */
export const tenThousandClients: FleetModel = {
  ...manyTimesSmall,
  name: '10,000 × 1,000, subsets',
  clients: 10_000,
  capacities: capacitiesOf(1_000),
  subset: { size: 20 },
  warmUpMs: 3_000,
  measuredMs: 4_000,
};

function capacitiesOf(servers: number): readonly number[] {
  return Array.from({ length: servers }, (_, i) => [1, 1, 2, 1, 4, 2][i % 6] ?? 1);
}
