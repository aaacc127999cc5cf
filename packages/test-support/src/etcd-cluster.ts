import { createEtcdServer, type EtcdOptions, type EtcdServer } from './etcd-server.ts';
import { findFreePort } from './free-port.ts';

/** Several etcd servers that form one cluster on this machine. */
export interface EtcdCluster {
  readonly members: readonly EtcdServer[];
  /** Where clients connect, one for each member. */
  readonly endpoints: readonly string[];
  /** Ends all members and deletes their data. Safe to call twice. */
  stop(): Promise<void>;
}

/** Options of {@link startEtcdCluster}. */
export interface EtcdClusterOptions extends EtcdOptions {
  /** Number of members. Default 3. */
  readonly size?: number;
}

/** Starts a cluster and resolves when every member answers. */
export async function startEtcdCluster(options: EtcdClusterOptions = {}): Promise<EtcdCluster> {
  for (let attempt = 1; ; attempt++) {
    const members = await createMembers(options);
    const stop = async (): Promise<void> => {
      await Promise.all(members.map((member) => member.stop()));
    };
    try {
      await Promise.all(members.map((member) => member.restart({ wait: false })));
      await Promise.all(members.map((member) => member.ready()));
      return { members, endpoints: members.map((member) => member.endpoint), stop };
    } catch (error) {
      const clash = members.some((member) => member.log().includes('address already in use'));
      await stop();
      if (!clash || attempt === 5) throw error;
    }
  }
}

async function createMembers(options: EtcdClusterOptions): Promise<EtcdServer[]> {
  const parts: { name: string; peerPort: number }[] = [];
  for (let index = 0; index < (options.size ?? 3); index++) {
    parts.push({ name: `member${index}`, peerPort: await findFreePort() });
  }
  const initialCluster = parts
    .map(({ name, peerPort }) => `${name}=http://127.0.0.1:${peerPort}`)
    .join(',');
  const members: EtcdServer[] = [];
  for (const part of parts) {
    members.push(await createEtcdServer(options, { ...part, initialCluster }));
  }
  return members;
}
