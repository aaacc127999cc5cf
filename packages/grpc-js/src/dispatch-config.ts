import {
  type DeterministicSubsetOptions,
  type Dispatch,
  deterministicSubset,
  type Subset,
} from '@wrr/core';
import { adaptiveDispatch } from '@wrr/core/adaptive';
import { duration, number, object, oneOf, orFalse, text } from './json-reader.ts';

/** Options of adaptive dispatch, as JSON. See core's `AdaptiveDispatchOptions`. */
export interface AdaptiveJson {
  readonly slack?: number;
  readonly latencyDeadBand?: number | false;
  readonly failurePenalty?: number;
  readonly reportLifetime?: string;
}

/** Options of the subset, as JSON: core's, with one of `clientIndex` and `clientId`. */
export type SubsetJson = DeterministicSubsetOptions;

const readWord = oneOf('static', 'adaptive');
const readAdaptive = object({
  slack: number,
  latencyDeadBand: orFalse(number),
  failurePenalty: number,
  reportLifetimeMs: duration,
});
const readSubsetFields = object({ size: number, clientIndex: number, clientId: text });

/** Reads how endpoints are chosen: a word, or adaptive dispatch's options. */
export function readDispatch(value: unknown, path: string): 'static' | Dispatch {
  if (typeof value === 'object' && value !== null) {
    return adaptiveDispatch(readAdaptive(value, path));
  }
  return readWord(value, path) === 'static' ? 'static' : adaptiveDispatch();
}

/** Reads the part of the endpoints that this client calls. */
export function readSubset(value: unknown, path: string): Subset {
  const { size = Number.NaN, ...client } = readSubsetFields(value, path);
  return deterministicSubset({ size, ...client });
}
