import type { Member, TlsOptions } from './connection.ts';
import type { EtcdAuth } from './login.ts';

/** Options of `createEtcdClient`. */
export interface EtcdClientOptions {
  /**
   * Members of the cluster: `host:port`, `http://host:port` or `https://host:port`, one, several, or
   * several in one string with commas. `https` and `http` may not be mixed. Default `127.0.0.1:2379`.
   */
  readonly hosts?: string | readonly string[];
  /** Certificates, in PEM. Given at all (`{}` is enough) or with `https` hosts: TLS is used. */
  readonly tls?: TlsOptions;
  /** User and password. Never sent elsewhere than to `hosts`; use TLS with it. */
  readonly auth?: EtcdAuth;
  /** Put before every key: several clients can share a cluster without seeing each other. */
  readonly namespace?: string;
  /** Bound of each request, tries on other members included, in milliseconds. Default 5,000. */
  readonly requestTimeoutMs?: number;
}

/** The same, checked and complete. */
export interface CheckedClientOptions {
  readonly members: readonly Member[];
  readonly auth: EtcdAuth | undefined;
  readonly namespace: string;
  readonly requestTimeoutMs: number;
}

const KNOWN = new Set(['hosts', 'tls', 'auth', 'namespace', 'requestTimeoutMs']);

/** Checks and copies the options. */
export function checkClientOptions(options: EtcdClientOptions): CheckedClientOptions {
  for (const name of Object.keys(options)) {
    if (!KNOWN.has(name)) throw new TypeError(`unknown option ${name} of createEtcdClient()`);
  }
  const { hosts = '127.0.0.1:2379', namespace = '', requestTimeoutMs = 5_000, auth } = options;
  if (typeof namespace !== 'string') {
    throw new TypeError(`namespace must be a string, got ${String(namespace)}`);
  }
  if (!(requestTimeoutMs > 0 && requestTimeoutMs <= 600_000)) {
    throw new RangeError(
      `requestTimeoutMs must be > 0 and at most 600000, got ${String(requestTimeoutMs)}`,
    );
  }
  return {
    members: checkHosts(hosts, options.tls),
    auth: auth === undefined ? undefined : checkAuth(auth),
    namespace,
    requestTimeoutMs,
  };
}

function checkHosts(hosts: string | readonly string[], tls: TlsOptions | undefined): Member[] {
  const list = (typeof hosts === 'string' ? [hosts] : [...hosts])
    .flatMap((host) => checkHost(host).split(','))
    .map((host) => host.trim());
  if (list.length === 0) throw new TypeError('hosts must name at least one host:port');
  const parsed = list.map(parseHost);
  const schemes = new Set(parsed.map(({ scheme }) => scheme));
  if (schemes.size > 1)
    throw new TypeError(`hosts must all be http or all https, got ${list.join(', ')}`);
  if (tls && schemes.has('http')) {
    throw new TypeError(
      `tls given for hosts without it: ${list.join(', ')}; write https:// or no scheme`,
    );
  }
  const used = tls ?? (schemes.has('https') ? {} : undefined);
  if (used && (used.cert === undefined) !== (used.key === undefined)) {
    throw new TypeError('tls.cert and tls.key must be given together');
  }
  return parsed.map(({ address }) => ({ address, tls: used && { ...used } }));
}

function checkHost(host: unknown): string {
  if (typeof host === 'string') return host;
  throw new TypeError(`hosts must be strings, got ${typeof host}`);
}

function parseHost(host: string): { address: string; scheme: string | undefined } {
  const match = /^(?:(https?):\/\/)?((?:\[[0-9a-fA-F:.]+\]|[^\s/:[\]]+):(\d{1,5}))\/?$/.exec(host);
  const [, scheme, address, port] = match ?? [];
  if (address === undefined || Number(port) < 1 || Number(port) > 65_535) {
    // A URL may hold a password, which is not for logs.
    const shown = host.replace(/^.*@/, '***@');
    throw new TypeError(`hosts must be host:port or http(s)://host:port, got ${shown}`);
  }
  return { address, scheme };
}

function checkAuth({ username, password }: EtcdAuth): EtcdAuth {
  if (typeof username !== 'string' || username === '') {
    throw new TypeError(`auth.username must be a non-empty string`);
  }
  if (typeof password !== 'string') {
    throw new TypeError(`auth.password must be a string, got ${typeof password}`);
  }
  return { username, password };
}
