import { join } from 'node:path';

/** Files of TLS and mTLS, all in PEM. */
export interface EtcdTlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  /** With it, clients must show a certificate that this authority signed. */
  readonly clientCaFile?: string;
}

/** A member's part in a cluster; `startEtcdCluster` fills it in. */
export interface EtcdMember {
  readonly name: string;
  readonly peerPort: number;
  /** `name=http://127.0.0.1:port,…` of all members. */
  readonly initialCluster: string;
}

/** Ports of one server. */
export interface EtcdPorts {
  readonly clientPort: number;
  readonly metricsPort: number;
  readonly peerPort: number;
}

/** The command line of a server; without `member`, of one that is a cluster by itself. */
export function etcdFlags(
  dataDir: string,
  ports: EtcdPorts,
  tls: EtcdTlsFiles | undefined,
  member: EtcdMember = {
    name: 'default',
    peerPort: ports.peerPort,
    initialCluster: `default=http://127.0.0.1:${ports.peerPort}`,
  },
): string[] {
  const client = `${tls ? 'https' : 'http'}://127.0.0.1:${ports.clientPort}`;
  const peer = `http://127.0.0.1:${ports.peerPort}`;
  const flags = {
    '--name': member.name,
    '--data-dir': join(dataDir, 'data'),
    '--listen-client-urls': client,
    '--advertise-client-urls': client,
    '--listen-peer-urls': peer,
    '--initial-advertise-peer-urls': peer,
    '--initial-cluster': member.initialCluster,
    '--initial-cluster-state': 'new',
    '--listen-metrics-urls': `http://127.0.0.1:${ports.metricsPort}`,
    '--logger': 'zap',
    '--log-level': 'warn',
    ...(tls && { '--cert-file': tls.certFile, '--key-file': tls.keyFile }),
    ...(tls?.clientCaFile && { '--trusted-ca-file': tls.clientCaFile }),
  };
  return [...Object.entries(flags).flat(), ...(tls?.clientCaFile ? ['--client-cert-auth'] : [])];
}

/** This process's environment without etcd's own variables, which would contradict the flags. */
export function etcdEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !name.startsWith('ETCD_'));
  // etcd 3.4 refuses to run on arm64 unless told that this is known.
  if (process.arch === 'arm64') entries.push(['ETCD_UNSUPPORTED_ARCH', 'arm64']);
  return Object.fromEntries(entries);
}
