import { isConfigError } from '@wrr/config';
import { fuzz } from '@wrr/test-support';
import { describe, expect, it } from 'vitest';
import { configOf } from '../src/load-config.ts';

const files = [
  'services:\n  user:\n    target: etcd:///service/user\n    warmUp: { window: 30s }\n',
  '{"services":{"user":{"target":"dns:///a:1","circuitBreaker":false,"minAvailable":0.6}}}',
  'registry:\n  hosts: [10.0.0.1:2379]\nserver: { service: a/b, address: 10.0.0.3:1, weight: 5 }\n',
  'services:\n  a: &a { target: "wrr:///h:1=2" }\n  b: *a\n',
];
const sources = { file: 'wrr.yaml', env: {}, key: '' };

/** Settings, or an error with places and reasons that shows no secret. */
function load(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (isConfigError(error) && error.problems.length > 0) return false;
    throw error;
  }
}

describe('whatever is given as settings', () => {
  it('in a file is settings or an error with places', { timeout: 120_000 }, () => {
    let good = 0;
    fuzz({
      corpus: files,
      make: (mutator) => mutator.text(),
      feed(text) {
        if (load(() => configOf(sources, { file: text }))) good++;
      },
    });
    expect(good).toBeGreaterThan(500);
  });

  it('in the environment is settings or an error with names', { timeout: 120_000 }, () => {
    let good = 0;
    fuzz({
      corpus: ['WRR_SERVICES__USER__MIN_AVAILABLE', 'WRR_SERVER__WEIGHT', 'WRR_REGISTRY__HOSTS'],
      make: (mutator) => ({
        name: mutator.text(),
        value: mutator.pick(VALUES) + mutator.text().slice(-3),
      }),
      feed({ name, value }) {
        const env = Object.fromEntries([[name, value]]);
        if (load(() => configOf({ ...sources, env }, { file: '{}' }))) good++;
      },
    });
    expect(good).toBeGreaterThan(500);
  });
});

const VALUES = [
  '5',
  '0.5',
  '[a:1, b:1]',
  '',
  '10s',
  '{ a: 1 }',
  '!!js x',
  '__proto__',
  '"',
  '\u0000',
];
