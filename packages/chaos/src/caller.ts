/** What came of a call, and how many attempts at it were sent to a server. */
export type CallResult =
  | { readonly kind: 'ok'; readonly server: string; readonly attempts: number }
  | {
      readonly kind: 'failed';
      readonly code: number;
      readonly details: string;
      readonly attempts: number;
    };

/** A client of one of the libraries: makes one idempotent unary call. Never rejects. */
export type Caller = (onSent: () => void) => Promise<CallResult>;

/** How long a call may take. */
export const CALL_TIMEOUT_MS = 4_000;

/** What both libraries' failover is set to. */
export const failover: {
  readonly maxAttempts: number;
  readonly perAttemptTimeoutMs: number;
} = { maxAttempts: 6, perAttemptTimeoutMs: 300 };
