import { createBalancer } from './core.js';
import { createEarliestDeadlineFirst, createRoundRobin } from './peers.js';
import { createTally } from './tally.js';
import { createVisibleDispatch } from './visible-dispatch.js';

const CALL_MS = 100;
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/**
 * A client of a few simulated servers. Each call is picked three times: by wrr's balancer, by round
 * robin and by EDF. Time passes only by calls, so that the same clicks always show the same.
 */
export function createSimulation({ breakers = true, warmUp = false, onEvent = () => {} } = {}) {
  let now = 0;
  const servers = new Map();
  const dispatch = createVisibleDispatch();
  const policyOf = (options) => ({
    dispatch,
    circuitBreaker: options.breakers ? { consecutiveFailures: 3 } : false,
    warmUp: options.warmUp ? { windowMs: 5_000 } : false,
  });
  const balancer = createBalancer({
    clock: { now: () => now },
    onEvent: (event) => onEvent(event, now),
    ...policyOf({ breakers, warmUp }),
  });
  const roundRobin = createRoundRobin();
  const earliestDeadlineFirst = createEarliestDeadlineFirst();
  const tallies = { wrr: createTally(), roundRobin: createTally(), edf: createTally() };

  const list = (...states) =>
    [...servers.values()].filter(({ weight, state }) => weight > 0 && states.includes(state));

  const changed = () => {
    balancer.update([...servers.values()].map(({ key, weight }) => ({ key, weight })));
    for (const { key, state } of servers.values()) {
      balancer.setAvailable(key, state !== 'unreachable');
    }
    for (const tally of Object.values(tallies)) tally.measureAnew();
  };

  const serve = (key) => servers.get(key)?.state === 'answers';

  return {
    tallies,
    get now() {
      return now;
    },
    get panic() {
      return balancer.panic;
    },
    get full() {
      return servers.size >= KEYS.length;
    },
    /** Every endpoint with what the balancer knows of it. */
    endpoints: () => {
      const total = list('answers').reduce((sum, { weight }) => sum + weight, 0);
      return balancer.endpoints().map((status) => {
        const server = servers.get(status.key);
        const due = server.state === 'answers' && total > 0 ? server.weight / total : 0;
        return { ...status, ...server, due, credit: dispatch.credit(status.key) };
      });
    },
    /** Adds an endpoint with the first free letter, and returns it. */
    add(weight) {
      const key = KEYS.find((letter) => !servers.has(letter));
      if (key === undefined) throw new RangeError(`at most ${KEYS.length} endpoints`);
      servers.set(key, { key, weight, state: 'answers' });
      changed();
      return key;
    },
    remove(key) {
      servers.delete(key);
      changed();
    },
    setWeight(key, weight) {
      servers.set(key, { ...servers.get(key), weight });
      changed();
    },
    /** `answers`, `fails` (every call), or `unreachable` (its connection is lost, and that is known). */
    setState(key, state) {
      servers.set(key, { ...servers.get(key), state });
      changed();
    },
    configure(options) {
      balancer.configure(policyOf(options));
      changed();
    },
    /** Makes one call. */
    call() {
      now += CALL_MS;
      const serving = list('answers');
      const connected = list('answers', 'fails').sort((a, b) => (a.key < b.key ? -1 : 1));
      const result = balancer.pick();
      if (result.kind === 'picked') {
        const { key } = result.endpoint;
        result.attempt.start();
        result.attempt.end(serve(key) ? 'success' : 'failure');
        tallies.wrr.note(key, serve(key), serving);
      } else tallies.wrr.note(undefined, false, serving);
      for (const [name, pick] of [
        ['roundRobin', roundRobin],
        ['edf', earliestDeadlineFirst],
      ]) {
        const key = pick(connected);
        tallies[name].note(key, key !== undefined && serve(key), serving);
      }
    },
  };
}
