import type { Caller } from './caller.ts';
import type { ClientReport, FailedCall, SeenEndpoint, Shares } from './protocol.ts';

/** A steady load and its bookkeeping. */
export interface Load {
  /** Notes the list of endpoints that the client has now. */
  saw(endpoints: readonly SeenEndpoint[]): void;
  /** What was seen since the last report. */
  report(): ClientReport;
  beginShares(): void;
  /** Resolves when the calls that began since have ended. */
  endShares(): Promise<Shares>;
  stop(): Promise<void>;
}

/** After a longer silence than this the process itself stood still: what was due then is left out. */
const STANDSTILL_MS = 1_000;

/** Makes `rate` calls a second, evenly spaced, without waiting for answers. */
export function createLoad(caller: Caller, rate: number): Load {
  let from = Date.now();
  let started = 0;
  let succeeded = 0;
  let attempts = 0;
  let failed: FailedCall[] = [];
  let latencies: number[] = [];
  let views: ClientReport['views'][number][] = [];
  let shares: { byServer: Record<string, number>; unclean: number } | undefined;
  let standstills = 0;
  let cpu = process.cpuUsage();
  const open = new Set<Promise<void>>();

  const one = async (): Promise<void> => {
    started++;
    const mine = shares;
    const before = standstills;
    const startedAt = Date.now();
    const result = await caller(() => {
      attempts++;
    });
    const endedAt = Date.now();
    // A process that stood still, perhaps until just now, cannot say how long its calls took.
    const stoodStill = standstills !== before || performance.now() - last > STANDSTILL_MS;
    if (!stoodStill) latencies.push(endedAt - startedAt);
    if (mine !== undefined && (result.kind === 'failed' || result.attempts > 1)) mine.unclean++;
    if (result.kind === 'ok') {
      succeeded++;
      if (mine !== undefined)
        mine.byServer[result.server] = (mine.byServer[result.server] ?? 0) + 1;
    } else {
      failed.push({ startedAt, endedAt, code: result.code, details: result.details });
    }
  };

  let last = performance.now();
  let owed = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    const passed = now - last;
    last = now;
    if (passed > STANDSTILL_MS) {
      standstills++;
      return;
    }
    for (owed += (passed / 1_000) * rate; owed >= 1; owed--) {
      const call = one().finally(() => open.delete(call));
      open.add(call);
    }
  }, 2);

  return {
    saw(endpoints) {
      views.push({ at: Date.now(), endpoints });
    },
    report() {
      const to = Date.now();
      const { user, system } = process.cpuUsage(cpu);
      cpu = process.cpuUsage();
      const report: ClientReport = {
        from,
        to,
        started,
        succeeded,
        failed,
        attempts,
        cpuMs: (user + system) / 1_000,
        latencies: latencies.sort((a, b) => a - b),
        views,
      };
      from = to;
      started = succeeded = attempts = 0;
      failed = [];
      latencies = [];
      views = [];
      return report;
    },
    beginShares() {
      shares = { byServer: {}, unclean: 0 };
    },
    async endShares() {
      const ended = shares ?? { byServer: {}, unclean: 0 };
      shares = undefined;
      await Promise.all(open);
      return ended;
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(open);
    },
  };
}
