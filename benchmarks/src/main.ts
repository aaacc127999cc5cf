import { main } from './cli.ts';
import { suites } from './suites.ts';

/** Whose versions stand in the header of every report. */
const packages = [
  '@wrr/core',
  '@grpc/grpc-js',
  'cockatiel',
  'opossum',
  'undici',
  'weighted-round-robin',
  'wrr-pool',
];

process.exitCode = await main(process.argv.slice(2), suites, packages, {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
});
