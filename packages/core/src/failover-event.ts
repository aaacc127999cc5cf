/** Why a failed attempt was not followed by another. */
export type GiveUpReason =
  | 'not-retryable'
  | 'attempts-used-up'
  | 'budget-used-up'
  /** The server said so. */
  | 'pushback'
  /** The wait would have ended after the call's deadline. */
  | 'no-time-left'
  | 'no-endpoint';

/** What happened to a call besides its first attempt. */
export type FailoverEvent =
  | {
      readonly type: 'failover';
      readonly action: 'retry' | 'hedge';
      /** Number of the attempt that follows, from 2. */
      readonly attempt: number;
      /** How long it waits. */
      readonly delayMs: number;
      /** What the attempt before it failed with; absent for a hedge. */
      readonly error?: unknown;
    }
  | {
      readonly type: 'failover';
      readonly action: 'give-up';
      readonly reason: GiveUpReason;
      /** Number of attempts made. */
      readonly attempt: number;
      readonly error: unknown;
    };
