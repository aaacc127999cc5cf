import { describe, expect, it } from 'vitest';
import { createSchedule, type Fault, faultKinds, type Schedule } from '../src/schedule.ts';

const options = { minutes: 3, servers: 6, clients: 2 };
const faultsOf = ({ steps }: Schedule): Fault[] =>
  steps.flatMap((step) => (step.kind === 'faults' ? step.faults : []));

describe('createSchedule', () => {
  it('is the same for the same seed, and another for another', () => {
    const schedule = createSchedule({ ...options, seed: 7 });
    expect(createSchedule({ ...options, seed: 7 })).toEqual(schedule);
    expect(createSchedule({ ...options, seed: 8 })).not.toEqual(schedule);
  });

  it('has every kind of fault, between two quiet stretches, whatever the seed', () => {
    for (let seed = 0; seed < 200; seed++) {
      const schedule = createSchedule({ ...options, seed });
      expect(new Set(faultsOf(schedule).map(({ kind }) => kind))).toEqual(new Set(faultKinds));
      expect(schedule.steps[0]?.kind).toBe('quiet');
      expect(schedule.steps.at(-1)?.kind).toBe('quiet');
    }
  });

  it('leaves half of the servers alone, except when all go down or restart in turn', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { steps } = createSchedule({ ...options, minutes: 30, seed });
      for (const step of steps) {
        if (step.kind !== 'faults') continue;
        if (step.faults.some(({ targets }) => targets.length === options.servers)) continue;
        const servers = step.faults.filter(({ kind }) => kind.startsWith('server-'));
        expect(new Set(servers.flatMap(({ targets }) => targets)).size).toBeLessThanOrEqual(3);
      }
    }
  });

  it('draws from the kinds it is given, at the pace it is given', () => {
    const kinds = ['all-servers-down', 'drain'] as const;
    const of = (pace: 'short' | 'long') => createSchedule({ ...options, seed: 1, kinds, pace });
    expect(new Set(faultsOf(of('long')).map(({ kind }) => kind))).toEqual(new Set(kinds));
    expect(of('short').steps[0]).toEqual({ kind: 'quiet', durationMs: 12_000 });
    expect(of('long').steps[0]).toEqual({ kind: 'quiet', durationMs: 60_000 });
  });

  it('lets faults meet, and has whole quiet minutes, in long runs', () => {
    const { steps } = createSchedule({ ...options, minutes: 30, seed: 1 });
    expect(steps.some((step) => step.kind === 'faults' && step.faults.length === 2)).toBe(true);
    const quiet = steps.filter((step) => step.kind === 'quiet');
    expect(quiet.length).toBeGreaterThan(3);
    for (const { durationMs } of quiet) expect(durationMs).toBe(60_000);
  });
});
