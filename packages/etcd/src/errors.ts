/** Why an operation on etcd failed. */
export type EtcdErrorReason =
  /** No host could be reached, or none has a leader. Retried. */
  | 'unavailable'
  /** No answer within the bound. Retried. */
  | 'timeout'
  /** Wrong user or password, or none where one is needed. Retried slowly. */
  | 'authentication'
  /** The login has expired. Renewed and retried within the package. */
  | 'token'
  /** The user may not read or write this key. */
  | 'permission'
  /** The server's disk quota is used up (NOSPACE alarm). Retried. */
  | 'no-space'
  /** The lease has expired or was revoked. A registration gets a new one by itself. */
  | 'lease-lost'
  /** The revision is no longer in the history. A watch lists anew by itself. */
  | 'compacted'
  /** Another owner has taken over the key of a registration. */
  | 'superseded'
  /** The client, source or registration has been closed. */
  | 'closed'
  /** Anything else; the message has etcd's own words. */
  | 'other';

/** An operation on etcd failed. Recognise it with {@link isEtcdError}, the kind by `reason`. */
export class EtcdError extends Error {
  override readonly name = 'EtcdError';
  readonly reason: EtcdErrorReason;
  /** Recognises the class across copies of this package. */
  readonly isWrrEtcdError: true = true;

  constructor(reason: EtcdErrorReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Says whether `error` is an {@link EtcdError}, and of this `reason` if one is given. */
export function isEtcdError(error: unknown, reason?: EtcdErrorReason): error is EtcdError {
  return (
    error instanceof Error &&
    'isWrrEtcdError' in error &&
    (reason === undefined || ('reason' in error && error.reason === reason))
  );
}

/** Turns whatever was thrown into an EtcdError. */
export function asEtcdError(error: unknown): EtcdError {
  if (isEtcdError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new EtcdError('other', message, { cause: error });
}
