const SHOWN = 60;

/** What one way of picking has done: its last picks, its failures, and how far it is from the weights. */
export function createTally() {
  const picks = [];
  let failed = 0;
  let calls = 0;
  let lags = new Map();
  let deviation = 0;
  return {
    /** The last 60: `{ key, ok }`; `key` is undefined where nothing could be picked. */
    picks,
    get failed() {
      return failed;
    },
    get calls() {
      return calls;
    },
    get deviation() {
      return deviation;
    },
    /** Notes a pick; `serving` are the endpoints that answer, each with its weight. */
    note(key, ok, serving) {
      calls++;
      if (!ok) failed++;
      picks.push({ key, ok });
      if (picks.length > SHOWN) picks.shift();
      const total = serving.reduce((sum, { weight }) => sum + weight, 0);
      for (const endpoint of serving) {
        lags.set(endpoint.key, (lags.get(endpoint.key) ?? 0) + endpoint.weight / total);
      }
      if (key !== undefined) lags.set(key, (lags.get(key) ?? 0) - 1);
      for (const lag of lags.values()) deviation = Math.max(deviation, Math.abs(lag));
    },
    /** Begins to measure the deviation anew. */
    measureAnew() {
      lags = new Map();
      deviation = 0;
    },
  };
}
