import * as z from 'zod';
import { text } from './schema-words.ts';
import type { RegistrySettings } from './settings.ts';

const filePath = () => z.string().min(1);

const secret = z
  .union([z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: filePath() })], {
    error: 'must be a reference, { env: NAME } or { file: PATH }',
  })
  .describe('Where the secret is found: the name of an environment variable, or a file.');

const tls = z
  .strictObject({
    caFile: filePath().optional().describe('PEM file of the authorities to trust.'),
    certFile: filePath().optional().describe("PEM file of the client's certificate."),
    keyFile: filePath().optional().describe("PEM file of the client's private key."),
    serverName: z.string().min(1).optional().describe("Name in the server's certificate."),
  })
  .refine(
    ({ certFile, keyFile }) => (certFile === undefined) === (keyFile === undefined),
    'must have both certFile and keyFile, or neither',
  );

/** The section `registry`. */
export const registry: z.ZodType<RegistrySettings> = z
  .strictObject({
    hosts: z
      .array(
        text(
          /^(https?:\/\/)?(\[[\da-fA-F:.]+\]|[^\s:/@[\]]+):\d{1,5}$/,
          'host:port, optionally behind http:// or https://, without a user',
        ),
      )
      .min(1)
      .refine(
        (hosts) => new Set(hosts.map((host) => host.split('://').at(-2))).size <= 1,
        'must all be http, all be https, or all be without a scheme',
      )
      .default(['127.0.0.1:2379'])
      .describe('Addresses of the registry.'),
    namespace: z.string().default('').describe('Prefix of every key.'),
    credentials: z
      .strictObject({ username: secret, password: secret })
      .optional()
      .describe('User name and password, by reference.'),
    tls: tls.optional().describe('Certificates. Absent: TLS only if the hosts say https.'),
  })
  .refine(
    (given) => given.tls === undefined || !given.hosts[0]?.startsWith('http://'),
    'has tls, but its hosts say http',
  );
