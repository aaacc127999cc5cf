/** A key as etcd's JSON gateway shows it, decoded. */
export interface EtcdKeyValue {
  readonly key: string;
  readonly value: string;
  /** The lease in decimal, `'0'` when there is none. */
  readonly lease: string;
  readonly createRevision: number;
  readonly modRevision: number;
}

interface RawKeyValue {
  readonly key: string;
  readonly value?: string;
  readonly lease?: string;
  readonly create_revision: string;
  readonly mod_revision: string;
}

/**
 * The few operations a test needs to look at an etcd, and to do to it what an operator might, through
 * the server's own JSON gateway: no code is shared with the client under test.
 */
export class EtcdApi {
  readonly #url: string;
  #token: string | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** Calls any method of the gateway, such as `kv/range`. @throws {Error} with etcd's own words. */
  async call<T>(path: string, body: object = {}): Promise<T> {
    const response = await fetch(`${this.#url}/v3/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: this.#token ? { authorization: this.#token } : {},
      signal: AbortSignal.timeout(5_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`etcd ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  /** Logs in; later calls carry the token. */
  async login(name: string, password: string): Promise<void> {
    this.#token = undefined;
    const { token } = await this.call<{ token: string }>('auth/authenticate', { name, password });
    this.#token = token;
  }

  /** Writes a key, by default without a lease. Returns the revision. */
  async put(key: string, value: string, lease?: string): Promise<number> {
    const body = { key: encode(key), value: encode(value), ...(lease && { lease }) };
    const { header } = await this.call<{ header: { revision: string } }>('kv/put', body);
    return Number(header.revision);
  }

  /** Writes many keys without a lease, as many in one transaction as etcd takes. */
  async putAll(entries: readonly (readonly [key: string, value: string])[]): Promise<void> {
    for (let start = 0; start < entries.length; start += 128) {
      const success = entries.slice(start, start + 128).map(([key, value]) => ({
        request_put: { key: encode(key), value: encode(value) },
      }));
      await this.call('kv/txn', { success });
    }
  }

  async get(key: string): Promise<EtcdKeyValue | undefined> {
    return (await this.#range({ key: encode(key) }))[0];
  }

  /** All keys that start with `prefix`, in order. */
  list(prefix: string): Promise<EtcdKeyValue[]> {
    return this.#range({ key: encode(prefix), range_end: encode(prefixEnd(prefix)) });
  }

  /** Deletes one key; returns whether it was there. */
  async delete(key: string): Promise<boolean> {
    const answer = await this.call<{ deleted?: string }>('kv/deleterange', { key: encode(key) });
    return answer.deleted !== undefined;
  }

  async deletePrefix(prefix: string): Promise<void> {
    await this.call('kv/deleterange', {
      key: encode(prefix),
      range_end: encode(prefixEnd(prefix)),
    });
  }

  async compact(revision: number): Promise<void> {
    await this.call('kv/compaction', { revision, physical: true });
  }

  /** The current revision of the store. */
  async revision(): Promise<number> {
    const { header } = await this.call<{ header: { revision: string } }>('maintenance/status');
    return Number(header.revision);
  }

  /** IDs of all live leases, in decimal. */
  async leases(): Promise<string[]> {
    const { leases = [] } = await this.call<{ leases?: { ID: string }[] }>('lease/leases');
    return leases.map(({ ID }) => ID);
  }

  async grant(ttl: number): Promise<string> {
    return (await this.call<{ ID: string }>('lease/grant', { TTL: ttl })).ID;
  }

  async revoke(lease: string): Promise<void> {
    await this.call('lease/revoke', { ID: lease });
  }

  /** Takes back all alarms, as `etcdctl alarm disarm` does. */
  async disarm(): Promise<void> {
    const { alarms = [] } = await this.call<{ alarms?: object[] }>('maintenance/alarm', {});
    for (const alarm of alarms) {
      await this.call('maintenance/alarm', { action: 'DEACTIVATE', ...alarm });
    }
  }

  async #range(body: object): Promise<EtcdKeyValue[]> {
    const { kvs = [] } = await this.call<{ kvs?: RawKeyValue[] }>('kv/range', body);
    return kvs.map((kv) => ({
      key: decode(kv.key),
      value: decode(kv.value ?? ''),
      lease: kv.lease ?? '0',
      createRevision: Number(kv.create_revision),
      modRevision: Number(kv.mod_revision),
    }));
  }
}

const encode = (text: string): string => Buffer.from(text).toString('base64');
const decode = (text: string): string => Buffer.from(text, 'base64').toString();

/** The first key after all keys with this prefix (ASCII prefixes only, as tests use). */
function prefixEnd(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
