import { etcdForTests, findEtcd } from '@wrr/test-support';
import { goForTests } from './go-toolchain.ts';

/** An etcd server to test against. */
export interface EtcdVersion {
  /** Such as `etcd 3.4.23 (cache)`. */
  readonly name: string;
  /** Path of the server; empty in the stand-in for "none", whose tests are to be skipped. */
  readonly binary: string;
}

/**
 * The etcds that can be had here: Debian's 3.4 (or whichever `findEtcd` finds), and the current 3.6,
 * built from etcd's Go modules; at least a stand-in. What is missing has been warned of, loudly.
 */
export async function etcdVersionsForTests(): Promise<readonly EtcdVersion[]> {
  const versions: EtcdVersion[] = [];
  if (await etcdForTests()) {
    const found = await findEtcd();
    if (found.kind === 'found') {
      versions.push({ name: `etcd ${found.version} (${found.from})`, binary: found.binary });
    }
  }
  const built = await goForTests('etcd-3.6');
  if (built)
    versions.push({ name: 'etcd 3.6 (built from its modules)', binary: built['etcd-3.6'] });
  return versions.length > 0 ? versions : [{ name: 'no etcd', binary: '' }];
}
