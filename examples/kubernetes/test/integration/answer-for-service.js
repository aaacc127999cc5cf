import dns from 'node:dns';

// Loaded into the example's process before all else: what a cluster's DNS would answer. grpc-js' own
// resolver asks as ever.
const { lookup } = dns.promises;
dns.promises.lookup = async (name, options) =>
  name === 'user.default.svc.cluster.local'
    ? ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map((address) => ({ address, family: 4 }))
    : lookup(name, options);
