import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  adaptiveBalancer,
  electing,
  endpointsOf,
  History,
  LOOPS,
  QUEUES,
  seeded,
  stepOf,
} from './adaptive-kit.ts';

const weights = fc.array(fc.constantFrom(1, 1, 1, 2, 3, 5), { minLength: 1, maxLength: 24 });

it.each([0.3, 0.5, 1, 2.5])(
  'the queues elect as the loops do, over random histories (slack %d)',
  (slack) => {
    fc.assert(
      fc.property(
        weights,
        fc.array(stepOf(), { minLength: 20, maxLength: 400 }),
        fc.option(fc.nat(), { nil: undefined }),
        (given, steps, seed) => {
          const [loops, queues] = [LOOPS, QUEUES].map((limits) => {
            const setUp = adaptiveBalancer(given, {
              dispatch: electing(limits, { slack }),
              ...(seed !== undefined && { random: seeded(seed) }),
            });
            return { ...setUp, history: new History(setUp, endpointsOf(given)) };
          });
          if (loops === undefined || queues === undefined) return;
          for (const step of steps) {
            loops.history.play(step);
            queues.history.play(step);
          }
          expect(queues.history.keys).toEqual(loops.history.keys);
          expect(queues.balancer.endpoints()).toEqual(loops.balancer.endpoints());
        },
      ),
      { numRuns: 100 },
    );
  },
);
