import type { Connection } from './connection.ts';
import { asEtcdError, EtcdError } from './errors.ts';
import type { Timers } from './timers.ts';

/** A user's name and password. */
export interface EtcdAuth {
  readonly username: string;
  readonly password: string;
}

/** Keeps the token of one user. */
export interface Login {
  /** The token, from a login on `connection` if there is none; `undefined` without a user. */
  token(connection: Connection): Promise<string | undefined>;
  /** Drops a token that etcd did not accept, unless there is a newer one by now. */
  forget(token: string | undefined): void;
}

/** Each login costs the server a bcrypt; a wrong password stays wrong for a while. */
const RETRY_MS = 5_000;
const TIMEOUT_MS = 3_000;

/** Creates the keeper; it logs in when first asked, once for all who ask. */
export function createLogin(auth: EtcdAuth | undefined, timers: Timers): Login {
  let token: string | undefined;
  let pending: Promise<string | undefined> | undefined;
  let refused: { readonly error: EtcdError; readonly until: number } | undefined;

  const logIn = async (
    { username, password }: EtcdAuth,
    connection: Connection,
  ): Promise<string | undefined> => {
    try {
      const request = { name: username, password };
      const options = { timeoutMs: TIMEOUT_MS, token: undefined };
      token = (await connection.unary('Auth/Authenticate', request, options)).token;
      refused = undefined;
      return token;
    } catch (error) {
      const known = asEtcdError(error);
      // etcd without authentication takes everybody; a user given to it does no harm.
      if (known.message.includes('authentication is not enabled')) return undefined;
      if (known.reason === 'authentication') {
        const message = `etcd at ${connection.address} refused user ${username}; next login in ${RETRY_MS} ms`;
        refused = {
          error: new EtcdError('authentication', message, { cause: known }),
          until: timers.now() + RETRY_MS * (1 + timers.random()),
        };
        throw refused.error;
      }
      throw known;
    }
  };

  return {
    async token(connection) {
      if (!auth) return undefined;
      if (token !== undefined) return token;
      if (refused && timers.now() < refused.until) throw refused.error;
      pending ??= logIn(auth, connection).finally(() => {
        pending = undefined;
      });
      return pending;
    },
    forget(old) {
      if (old === token) token = undefined;
    },
  };
}
