/**
 * Each known bug class of other breakers (opossum, cockatiel, resilience4j, Polly, gobreaker, aegis,
 * linkerd and others; the letters are those of the research report) as a law that ours keeps, and
 * that a copy with just this bug breaks. A law that no broken copy breaks would prove nothing.
 */
import { createCircuitBreaker } from '@wrr/core';
import { describe, expect, it } from 'vitest';
import {
  type BreakerBug,
  type BreakerUnderTest,
  type CreateBreaker,
  naive,
} from './naive-breaker.ts';
import {
  type EjectorBug,
  type EjectorUnderTest,
  naiveEjector,
  realEjector,
} from './naive-ejector.ts';

type Law = (create: CreateBreaker) => void;

const real: CreateBreaker = (options, data) => createCircuitBreaker(options, data as never);

/** Ours and the naive model keep the law, and every copy with one of these bugs breaks it. */
function excludes(bugs: readonly BreakerBug[], law: Law): void {
  law(real);
  law(naive());
  for (const bug of bugs) expect(() => law(naive(bug)), bug).toThrow();
}

const OPEN_AT_ONCE = { consecutiveFailures: 1, openMs: 100, maxOpenMs: 400, probeLeaseMs: 1_000 };

function call(breaker: BreakerUnderTest, now: number, outcome: 'success' | 'failure'): void {
  breaker.settle(breaker.acquire(now), now, outcome);
}

/** Over and back, as through a file. */
function json(breaker: BreakerUnderTest): unknown {
  return JSON.parse(JSON.stringify(breaker));
}

/** Opens at 0 and sends the first probe at 100. */
function probing(create: CreateBreaker, options: object = {}) {
  const breaker = create({ ...OPEN_AT_ONCE, ...options });
  call(breaker, 0, 'failure');
  const probe = breaker.acquire(100);
  expect(probe).toBeGreaterThan(0);
  return { breaker, probe };
}

describe('A: half-open for ever', () => {
  it('a probe that never settles is given up', () => {
    excludes(['probes-without-lease'], (create) => {
      const { breaker } = probing(create);
      expect(breaker.pickable(1_050)).toBe(false);
      // Lost at 1,100, and open for twice as long as before.
      expect(breaker.pickable(1_300)).toBe(true);
      expect(breaker.acquire(1_300)).toBeGreaterThan(0);
    });
  });

  it('a probe that says nothing gives its slot back', () => {
    excludes(['ignored-probe-keeps-its-slot', 'ignored-probe-closes'], (create) => {
      const { breaker, probe } = probing(create, { probes: 1 });
      breaker.settle(probe, 110, 'ignored');
      expect(breaker.state).toBe('half-open');
      expect(breaker.acquire(110)).toBeGreaterThan(0);
    });
  });

  it('who only asks `pickable` learns that the time has come', () => {
    excludes(['pickable-waits-for-a-call'], (create) => {
      const breaker = create(OPEN_AT_ONCE);
      call(breaker, 0, 'failure');
      expect(breaker.pickable(99)).toBe(false);
      expect(breaker.pickable(100)).toBe(true);
    });
  });
});

describe('B: late results', () => {
  it('a success of before the trip does not close, a failure does not reopen', () => {
    excludes(['late-results-count'], (create) => {
      for (const outcome of ['success', 'failure'] as const) {
        const breaker = create({ ...OPEN_AT_ONCE, probes: 1 });
        const late = breaker.acquire(0);
        call(breaker, 0, 'failure');
        const probe = breaker.acquire(100);
        breaker.settle(late, 110, outcome);
        expect(breaker.state).toBe('half-open');
        breaker.settle(probe, 120, 'success');
        expect(breaker.state).toBe('closed');
      }
    });
  });

  it('one probe cannot report twice', () => {
    excludes(['second-result-counts'], (create) => {
      const { breaker, probe } = probing(create, { probes: 2 });
      breaker.settle(probe, 110, 'success');
      breaker.settle(probe, 110, 'success');
      expect(breaker.state).toBe('half-open');
    });
  });
});

describe('C: floods while half-open', () => {
  it('no more than the agreed number of probes is in flight, the others are refused at once', () => {
    excludes(['probes-without-bound'], (create) => {
      const { breaker } = probing(create, { probes: 5, probeConcurrency: 2 });
      const granted = Array.from({ length: 1_000 }, () => breaker.acquire(100) > 0);
      expect(granted.filter(Boolean)).toHaveLength(1);
    });
  });
});

describe('D: windows', () => {
  const rate = { consecutiveFailures: false, minimumCalls: 10, windowMs: 10_000 } as const;

  it('failures of an hour ago do not open it', () => {
    excludes(['one-bucket-per-call'], (create) => {
      const breaker = create(rate);
      for (let i = 0; i < 9; i++) call(breaker, 0, 'failure');
      call(breaker, 3_600_000, 'failure');
      expect(breaker.state).toBe('closed');
    });
  });

  it('a few failures below the minimum do not open it', () => {
    excludes(['trips-below-the-minimum'], (create) => {
      const breaker = create(rate);
      for (let i = 0; i < 9; i++) call(breaker, i, 'failure');
      expect(breaker.state).toBe('closed');
    });
  });

  it('calls that were refused do not dilute the failures', () => {
    excludes(['rejections-count', 'window-survives-closing'], (create) => {
      const breaker = create({ ...rate, openMs: 100, probes: 1 });
      for (let i = 0; i < 10; i++) call(breaker, 0, 'failure');
      for (let i = 0; i < 1_000; i++) expect(breaker.acquire(50)).toBe(0);
      call(breaker, 100, 'success');
      expect(breaker.state).toBe('closed');
      // Ten new calls, five failed: a clean slate opens at the tenth, at half of them.
      for (let i = 0; i < 9; i++) call(breaker, 200, i % 2 === 0 ? 'success' : 'failure');
      expect(breaker.state).toBe('closed');
      call(breaker, 200, 'failure');
      expect(breaker.state).toBe('open');
    });
  });
});

describe('E: clocks', () => {
  it('a clock that steps back does not prolong the open time, and nothing breaks on NaN', () => {
    excludes(['trusts-the-clock'], (create) => {
      const breaker = create(OPEN_AT_ONCE);
      call(breaker, 3_600_000, 'failure');
      breaker.acquire(3_600_050);
      for (const now of [0, Number.NaN, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]) {
        expect(breaker.acquire(now)).toBe(0);
        expect(breaker.retryAfterMs(now)).toBe(50);
      }
      expect(breaker.acquire(3_600_100)).toBeGreaterThan(0);
    });
  });
});

describe('F: timers', () => {
  it('an idle breaker holds no timer', () => {
    excludes(['holds-a-timer'], (create) => {
      const before = process.getActiveResourcesInfo().length;
      const { breaker } = probing(create);
      const held = process.getActiveResourcesInfo().length - before;
      if ('timer' in breaker) clearInterval(breaker.timer as NodeJS.Timeout);
      expect(held).toBe(0);
    });
  });

  it('the open time is finite and fits a timer after any number of trips', () => {
    excludes(['backoff-without-bound'], (create) => {
      const { breaker, probe } = probing(create);
      breaker.settle(probe, 100, 'failure');
      let now = 100;
      for (let i = 0; i < 2_000; i++) {
        now += 500;
        call(breaker, now, 'failure');
        expect(breaker.retryAfterMs(now)).toBe(400);
      }
    });
  });
});

describe('G: hand-over', () => {
  it('a restored breaker opens again when the original would have', () => {
    excludes(['restores-as-just-opened'], (create) => {
      const breaker = create(OPEN_AT_ONCE);
      call(breaker, 0, 'failure');
      breaker.acquire(90);
      const restored = create(OPEN_AT_ONCE, json(breaker));
      expect([restored.retryAfterMs(90), restored.pickable(100)]).toEqual([10, true]);
    });
  });

  it('a restored breaker shares nothing with where it came from', () => {
    excludes(['restored-state-is-shared'], (create) => {
      const source = probing(create, { probes: 3, probeConcurrency: 3 }).breaker;
      const data = json(source);
      const before = JSON.stringify(data);
      const restored = create({ ...OPEN_AT_ONCE, probes: 3, probeConcurrency: 3 }, data);
      restored.acquire(110);
      expect(JSON.stringify(data)).toBe(before);
    });
  });

  it('moved to another clock, it keeps its remaining time and forgets what was in flight', () => {
    const breaker = createCircuitBreaker(OPEN_AT_ONCE);
    call(breaker, 1_000_000, 'failure');
    const moved = createCircuitBreaker(OPEN_AT_ONCE, breaker.toJSON(1_000_060), 5);
    expect([moved.retryAfterMs(5), moved.pickable(45)]).toEqual([40, true]);

    breaker.acquire(1_000_100);
    const probingThere = createCircuitBreaker(OPEN_AT_ONCE, breaker.toJSON(), 5);
    expect([probingThere.state, probingThere.pickable(5)]).toEqual(['half-open', true]);
  });

  it('moved to another clock, the counts keep their age', () => {
    const options = { consecutiveFailures: false, minimumCalls: 10 } as const;
    const breaker = createCircuitBreaker(options);
    for (let i = 0; i < 9; i++) call(breaker, 500_000, 'failure');
    const young = createCircuitBreaker(options, breaker.toJSON(502_000), 40);
    const old = createCircuitBreaker(options, breaker.toJSON(3_600_000), 40);
    for (const moved of [young, old]) call(moved, 50, 'failure');
    expect([young.state, old.state]).toEqual(['open', 'closed']);
  });
});

describe('H: classification', () => {
  it('what says nothing about the endpoint neither counts nor decides', () => {
    excludes(['ignored-counts-as-success'], (create) => {
      const breaker = create({ ...OPEN_AT_ONCE, consecutiveFailures: 2, probes: 1 });
      call(breaker, 0, 'failure');
      breaker.settle(breaker.acquire(0), 0, 'ignored');
      call(breaker, 0, 'failure');
      expect(breaker.state).toBe('open');
    });
  });

  it('probing has an end even if all probes say nothing, without counting as a trip', () => {
    for (const create of [real, naive()]) {
      const { breaker, probe } = probing(create);
      breaker.settle(probe, 100, 'ignored');
      for (let i = 0; i < 9; i++) breaker.settle(breaker.acquire(100), 100, 'ignored');
      expect(breaker.state).toBe('open');
      expect(breaker.retryAfterMs(100)).toBe(100);
    }
  });
});

/** The real ejector and the naive one keep the law, and copies with the bug break it. */
function excludesEjector(
  bug: EjectorBug,
  minAvailable: number,
  law: (ejector: EjectorUnderTest) => void,
): void {
  law(realEjector(minAvailable));
  law(naiveEjector(minAvailable));
  expect(() => law(naiveEjector(minAvailable, bug)), bug).toThrow();
}

describe('I: ejection', () => {
  it('the cap holds after the ejection: with a third to be kept, one of three stays', () => {
    excludesEjector('checks-the-cap-before', 1 / 3, (ejector) => {
      ejector.update(['a', 'b', 'c']);
      for (const key of ['a', 'b', 'c']) ejector.fail(key);
      expect(ejector.available()).toHaveLength(1);
    });
  });

  it('endpoints that leave while ejected do not use up the cap', () => {
    excludesEjector('keeps-a-counter', 0.5, (ejector) => {
      for (let i = 0; i < 10; i++) {
        ejector.update(['a', 'b', 'c', `bad-${i}`]);
        ejector.fail(`bad-${i}`);
        expect(ejector.available()).toEqual(['a', 'b', 'c']);
      }
    });
  });

  it('an endpoint that joins is not ejected', () => {
    excludesEjector('joiners-are-ejected', 0.5, (ejector) => {
      ejector.update(['a', 'b']);
      ejector.update(['a', 'b', 'c']);
      expect(ejector.available()).toEqual(['a', 'b', 'c']);
    });
  });

  it('the only endpoint is never ejected', () => {
    excludesEjector('ejects-the-only-one', 0.5, (ejector) => {
      ejector.update(['a']);
      ejector.fail('a');
      expect(ejector.available()).toEqual(['a']);
    });
  });
});
