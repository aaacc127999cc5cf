import type { Finding } from './finding.ts';
import type { ClientReport, FailedCall, SeenEndpoint } from './protocol.ts';
import type { ClientRecords, Records } from './records.ts';

/** A server counts as healthy for a call if it has been for so long: connections come back in that time. */
const HEALTHY_MS = 2_000;
/** After it has stood still, a client needs a moment to find that its deadlines have passed. */
const THAW_MS = 1_000;
/** Attempts per call that are sent to a server. */
export const MAX_AMPLIFICATION = 1.3;
/** Windows in which amplification is looked at, too. */
const WINDOW_MS = 10_000;

/** Why a call failed, as far as the run is to blame. */
export type Excuse = 'client frozen' | 'no server reachable' | undefined;

/** Says whether the run itself made the call impossible. */
export function excuseFor(records: Records, client: ClientRecords, call: FailedCall): Excuse {
  const { startedAt, endedAt } = call;
  if (!client.running.goodThroughout(startedAt - THAW_MS, endedAt)) return 'client frozen';
  const view = viewAt(client, startedAt);
  const healthy = records.servers.some(({ address, reachable }) => {
    const seen = view.some(([key, weight]) => key === address && weight > 0);
    return seen && reachable.goodThroughout(startedAt - HEALTHY_MS, endedAt);
  });
  return healthy ? undefined : 'no server reachable';
}

/** No idempotent call fails while a healthy server can be reached. */
export function checkCalls(records: Records): Finding[] {
  return records.clients.flatMap((client) =>
    client.reports
      .flatMap(({ failed }) => failed)
      .filter((call) => excuseFor(records, client, call) === undefined)
      .map(({ startedAt, endedAt, code, details }) => ({
        promise: 'no idempotent call fails while a healthy endpoint can be reached',
        at: endedAt,
        since: startedAt,
        text: `${client.kind}: status ${code} after ${endedAt - startedAt} ms: ${details}`,
      })),
  );
}

/** Attempts per call stay bounded, over the run and over each ten seconds of each client. */
export function checkAmplification(records: Records): Finding[] {
  return records.clients.flatMap((client) => {
    const windows = [...windowsOf(client.reports), client.reports];
    return windows.flatMap((reports): Finding[] => {
      const amplification = amplificationOf(reports);
      if (amplification <= MAX_AMPLIFICATION) return [];
      const text = `${client.kind}: ${amplification.toFixed(3)} attempts per call`;
      return [
        {
          promise: `at most ${MAX_AMPLIFICATION} attempts per call`,
          at: reports.at(-1)?.to ?? records.endedAt,
          since: reports[0]?.from ?? records.startedAt,
          text,
        },
      ];
    });
  });
}

/** The worst ten seconds of any client. */
export function worstAmplification(records: Records): number {
  const windows = records.clients.flatMap(({ reports }) => windowsOf(reports));
  return Math.max(0, ...windows.map(amplificationOf));
}

/** Attempts per call over some reports. */
export function amplificationOf(reports: readonly ClientReport[]): number {
  const calls = reports.reduce((sum, { started }) => sum + started, 0);
  const attempts = reports.reduce((sum, report) => sum + report.attempts, 0);
  return calls === 0 ? 0 : attempts / calls;
}

/**
 * The budget allows for retries by the calls of the ten seconds before. So windows in which a client made
 * fewer calls than usual (it was frozen, or the machine busy) say nothing.
 */
const USUAL = 0.9;

function windowsOf(reports: readonly ClientReport[]): ClientReport[][] {
  const windows: ClientReport[][] = [];
  let current: ClientReport[] = [];
  for (const report of reports) {
    current.push(report);
    if (report.to - (current[0]?.from ?? 0) < WINDOW_MS) continue;
    windows.push(current);
    current = [];
  }
  const calls = windows.map((window) => window.reduce((sum, { started }) => sum + started, 0));
  const median = calls.toSorted((a, b) => a - b)[Math.floor(calls.length / 2)] ?? 0;
  return windows.filter((_, index) => (calls[index] ?? 0) >= median * USUAL);
}

/** What a client saw at a time. */
export function viewAt(client: ClientRecords, at: number): readonly SeenEndpoint[] {
  return client.views.findLast(({ from }) => from <= at)?.endpoints ?? [];
}
