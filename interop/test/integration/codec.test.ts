import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EndpointSnapshot } from '@wrr/core';
import {
  createEtcdClient,
  createEtcdEndpointSource,
  type EtcdClient,
  registerEndpoint,
} from '@wrr/etcd';
import { type EtcdServer, startEtcd, waitFor } from '@wrr/test-support';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { etcdVersionsForTests } from '../../src/etcd-versions.ts';
import { interopFolder } from '../../src/folders.ts';
import { type GoProcess, startGo } from '../../src/go-process.ts';
import { goForTests } from '../../src/go-toolchain.ts';
import { foreignValues } from '../foreign-values.ts';

/** What Go's `List` makes of a value. */
type GoEndpoint = { readonly Addr: string; readonly Metadata: unknown };

const [version] = await etcdVersionsForTests();
const go = await goForTests('wrr-go-3.5', 'wrr-go-3.6');
const goVersions = go === undefined ? [] : Object.entries(go);
const service = 'service/golden';

const metadatas: readonly (Readonly<Record<string, unknown>> | null)[] = [
  { weight: 5 },
  { weight: 0 },
  { weight: 1_000_000 },
  null,
  {},
  { weight: 3, zone: 'eu-1', rack: { row: 7 } },
  { weight: 2, note: 'ümläut ✓ <b>&amp;</b> "quoted"' },
];

/** Compares with a file in git; `UPDATE_GOLDEN=true` writes it anew. */
async function expectGolden(name: string, value: unknown): Promise<void> {
  const file = join(interopFolder, 'golden', name);
  const { UPDATE_GOLDEN } = process.env;
  if (UPDATE_GOLDEN === 'true') await writeFile(file, `${JSON.stringify(value, undefined, 2)}\n`);
  expect(value).toEqual(JSON.parse(await readFile(file, 'utf8')));
}

describe.skipIf(version?.binary === '')('the stored format', () => {
  let etcd: EtcdServer;
  let client: EtcdClient;
  beforeAll(async () => {
    etcd = await startEtcd({ binary: version?.binary ?? '' });
    client = createEtcdClient({ hosts: etcd.endpoint });
  }, 60_000);
  afterAll(async () => {
    await client.close();
    await etcd.stop();
  });

  const stored = async (): Promise<Record<string, string>> => {
    const all = await etcd.api.list(`${service}/`);
    return Object.fromEntries(all.map(({ key, value }) => [key, value]));
  };
  const manager = (binary: string): Promise<GoProcess> =>
    startGo({ binary, role: 'endpoints', etcd: etcd.endpoint, service });
  const snapshot = async (
    ready: (seen: EndpointSnapshot) => boolean,
  ): Promise<EndpointSnapshot> => {
    const source = createEtcdEndpointSource({ client, service, onWarning: () => {} });
    let last: EndpointSnapshot | undefined;
    source.subscribe((seen) => {
      last = seen;
    });
    try {
      return await waitFor(() => last !== undefined && ready(last) && last);
    } finally {
      source.close();
    }
  };

  describe.each(goVersions)('as %s writes it', (_, binary) => {
    it('is what the golden file holds, byte by byte', async () => {
      const goProcess = await manager(binary);
      for (const [index, metadata] of metadatas.entries()) {
        const addr = `10.0.0.${index}:50051`;
        await goProcess.ask('add', { key: `${service}/${addr}`, addr, metadata });
      }
      await goProcess.close();
      await expectGolden('go-values.json', await stored());
      await etcd.api.deletePrefix(`${service}/`);
    });
  });

  it('is read from the golden file of Go', async () => {
    const golden = JSON.parse(
      await readFile(join(interopFolder, 'golden', 'go-values.json'), 'utf8'),
    ) as Record<string, string>;
    for (const [key, value] of Object.entries(golden)) await etcd.api.put(key, value);
    const { endpoints } = await snapshot((seen) => seen.endpoints.length === metadatas.length);
    const wanted = metadatas.map((fields, index) => {
      const { weight = 1, ...metadata } = fields ?? {};
      const rest = Object.keys(metadata).length > 0 ? { metadata } : {};
      return { key: `10.0.0.${index}:50051`, weight, ...rest };
    });
    expect(endpoints.toSorted(byKey)).toEqual(wanted.toSorted(byKey));
    await etcd.api.deletePrefix(`${service}/`);
  });

  const register = async (): Promise<void> => {
    for (const [index, fields] of metadatas.entries()) {
      const { weight = 1, ...metadata } = fields ?? {};
      const address = `10.0.1.${index}:50051`;
      await registerEndpoint({ client, service, address, weight: Number(weight), metadata });
    }
  };

  it('as registerEndpoint writes it is what the golden file holds, byte by byte', async () => {
    await register();
    const seen = await stored();
    await expectGolden('node-values.json', seen);
    expect(seen[`${service}/10.0.1.0:50051`]).toBe(
      '{"Op":0,"Addr":"10.0.1.0:50051","Metadata":{"weight":5}}',
    );
  });

  describe.each(goVersions)('as registerEndpoint writes it, to %s', (_, binary) => {
    it('is an address and metadata with a float64 weight', async () => {
      const golden = JSON.parse(
        await readFile(join(interopFolder, 'golden', 'node-values.json'), 'utf8'),
      ) as Record<string, string>;
      for (const [key, value] of Object.entries(golden)) await etcd.api.put(key, value);
      const goProcess = await manager(binary);
      const list = await goProcess.ask<Record<string, GoEndpoint>>('list');
      await goProcess.close();
      const wanted = metadatas.map((fields, index) => {
        const Addr = `10.0.1.${index}:50051`;
        return [`${service}/${Addr}`, { Addr, Metadata: { weight: 1, ...fields } }];
      });
      expect(list).toEqual(Object.fromEntries(wanted));
    });
  });

  describe.each(goVersions)('as nobody should write it', (name, binary) => {
    it(`is taken or left as ${name} does`, { timeout: 60_000 }, async () => {
      await client.close(); // with its registrations
      client = createEtcdClient({ hosts: etcd.endpoint });
      await etcd.api.deletePrefix(`${service}/`);
      const values = foreignValues(1_500);
      await Promise.all(values.map((value, index) => etcd.api.put(`${service}/${index}`, value)));
      const goProcess = await manager(binary);
      const list = await goProcess.ask<Record<string, GoEndpoint>>('list');
      await goProcess.close();
      const theirs = Object.values(list).map(({ Addr }) => Addr);
      const both = [...theirs.filter(isDialable), ...takenByUsAlone(values)];
      const { endpoints } = await snapshot((seen) => seen.endpoints.length > 0);
      expect(endpoints.map(({ key }) => key).toSorted()).toEqual(both.toSorted());
    });
  });
});

/** What JSON.parse hides from us: an Op that Go refuses as no uint8, a number beyond float64. */
function takenByUsAlone(values: readonly string[]): string[] {
  const hidden = values.filter((value) => /"Op":(?:1e2|0\.0),"addr"|1e400/i.test(value));
  return hidden.map((value) => /"addr":"([^"]+)"/i.exec(value)?.[1] ?? value);
}

function byKey(a: { readonly key: string }, b: { readonly key: string }): number {
  return a.key.localeCompare(b.key);
}

/** What Go takes and we leave: an empty address, or one that is no host:port. */
function isDialable(address: string): boolean {
  return /^[^\s:/]+:\d{1,5}$/.test(address);
}
