import type { Suite } from '../suite.ts';
import { callRows } from './call-rows.ts';
import { resourceRows } from './resource-rows.ts';

/** What a circuit breaker costs, beside opossum and cockatiel. */
export const breaker: Suite = {
  name: 'breaker',
  title: 'Circuit breaker: cost of a call, of a refusal, of doing nothing',
  async run(context) {
    return [...(await callRows(context)), ...resourceRows(context)];
  },
};
