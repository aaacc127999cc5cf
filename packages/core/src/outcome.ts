/**
 * How an attempt ended, as far as its endpoint is concerned.
 *
 * - `success`: the endpoint answered, whatever the answer said to the application.
 * - `failure`: the endpoint did not do its job (unreachable, timed out, crashed, overloaded).
 * - `ignored`: says nothing about the endpoint (the caller cancelled, a hedge lost the race).
 */
export type Outcome = 'success' | 'failure' | 'ignored';
