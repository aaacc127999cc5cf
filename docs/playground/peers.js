/** What wrr is shown beside. Each picks among `endpoints`: those with a connection and a weight. */

/** Takes turns, whatever the weights: grpc-js' `round_robin`. */
export function createRoundRobin() {
  let last = '';
  return (endpoints) => {
    const next = endpoints.find(({ key }) => key > last) ?? endpoints[0];
    last = next?.key ?? '';
    return next?.key;
  };
}

/**
 * Earliest deadline first: whoever is picked is due again after 1/weight, as in grpc-go's
 * `internal/wrr/edf.go` and Envoy's `edf_scheduler.h`. Newcomers are due one period from now. Those
 * have a heap; for a few endpoints a loop does.
 */
export function createEarliestDeadlineFirst() {
  let deadlines = new Map();
  let now = 0;
  return (endpoints) => {
    deadlines = new Map(
      endpoints.map(({ key, weight }) => [key, deadlines.get(key) ?? now + 1 / weight]),
    );
    let first;
    for (const endpoint of endpoints) {
      if (first === undefined || deadlines.get(endpoint.key) < deadlines.get(first.key)) {
        first = endpoint;
      }
    }
    if (first === undefined) return undefined;
    now = deadlines.get(first.key);
    deadlines.set(first.key, now + 1 / first.weight);
    return first.key;
  };
}
