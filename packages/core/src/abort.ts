/** What core needs of an `AbortSignal`. */
export interface MinimalAbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * The platform's own `AbortSignal`, where the program that imports this package knows one (the types
 * of Node.js or of the DOM); what core needs of it elsewhere.
 */
export type AbortSignalOf<Platform> = Platform extends { AbortSignal: { prototype: infer Signal } }
  ? Signal & MinimalAbortSignal
  : MinimalAbortSignal;

/** The signal that attempts get: can be handed to `fetch` and to Node.js's own functions. */
export type AttemptSignal = AbortSignalOf<typeof globalThis>;

/** The part of the platform's `AbortController` that core uses. */
export interface AttemptController {
  readonly signal: AttemptSignal;
  abort(reason?: unknown): void;
}

// Part of every platform that core runs on, but of no ECMAScript library that TypeScript knows.
declare const AbortController: new () => AttemptController;

/** Creates a controller of the platform. */
export function createController(): AttemptController {
  return new AbortController();
}
