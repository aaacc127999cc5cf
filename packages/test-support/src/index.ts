export { type Certificate, type Certificates, createCertificates } from './certificates.ts';
export { downloadDebianPackage } from './debian-package.ts';
export { EtcdApi, type EtcdKeyValue } from './etcd-api.ts';
export { type EtcdCluster, type EtcdClusterOptions, startEtcdCluster } from './etcd-cluster.ts';
export type { EtcdTlsFiles } from './etcd-flags.ts';
export { type EtcdOptions, type EtcdServer, startEtcd } from './etcd-server.ts';
export { createFakeClock, type FakeClock } from './fake-clock.ts';
export { type EtcdSearch, etcdForTests, type FindEtcdOptions, findEtcd } from './find-etcd.ts';
export { findFreePort } from './free-port.ts';
export { type FuzzOptions, type FuzzReport, fuzz } from './fuzz.ts';
export { answeredBy, type CallUnaryOptions, callUnary } from './grpc-client.ts';
export {
  type GrpcCluster,
  type GrpcServerOptions,
  type GrpcServerProcess,
  startGrpcCluster,
  startGrpcServer,
} from './grpc-cluster.ts';
export { type Load, type LoadReport, type LoadSample, startLoad } from './grpc-load.ts';
export {
  type EchoReply,
  type EchoRequest,
  echoService,
  type GrpcBehaviour,
  type GrpcCounters,
  type HealthState,
  healthService,
} from './grpc-protocol.ts';
export type { Mutator } from './mutator.ts';
export { printedCounts } from './printed-counts.ts';
export { startTcpProxy, type TcpProxy, type TcpProxyOptions } from './tcp-proxy.ts';
export { startUserServer, type UserServer } from './user-server.ts';
export { sleep, type WaitForOptions, waitFor } from './wait-for.ts';
export { workspaceRoot } from './workspace-root.ts';
