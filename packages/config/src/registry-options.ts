import { readFile } from 'node:fs/promises';
import { inspect } from 'node:util';
import type { Environment } from './environment.ts';
import type { RegistrySettings, SecretReference } from './settings.ts';

/** What a registry's client needs, secrets included: the options of `createEtcdClient`. */
export interface RegistryOptions {
  readonly hosts: readonly string[];
  readonly namespace: string;
  /** User name and password. Shows as `***` in JSON and on a console. */
  readonly auth?: { readonly username: string; readonly password: string };
  /** Certificates in PEM. Shows as `***` in JSON and on a console. */
  readonly tls?: {
    readonly ca?: string;
    readonly cert?: string;
    readonly key?: string;
    readonly serverName?: string;
  };
}

/**
 * Follows the references of registry settings and reads what they lead to. One line break at the end
 * of a secret's file is dropped.
 *
 * @throws {Error} as a rejection, naming the field and the reference that leads nowhere. It never
 * shows a secret.
 */
export async function readRegistryOptions(
  { hosts, namespace, credentials, tls }: RegistrySettings,
  env: Environment = process.env,
): Promise<RegistryOptions> {
  const auth = credentials && {
    username: await readSecret('credentials.username', credentials.username, env),
    password: await readSecret('credentials.password', credentials.password, env),
  };
  const certificates = tls && {
    ...(tls.caFile && { ca: await readNamed('tls.caFile', tls.caFile) }),
    ...(tls.certFile && { cert: await readNamed('tls.certFile', tls.certFile) }),
    ...(tls.keyFile && { key: await readNamed('tls.keyFile', tls.keyFile) }),
    ...(tls.serverName && { serverName: tls.serverName }),
  };
  return {
    hosts,
    namespace,
    ...(auth && { auth: hidden(auth) }),
    ...(certificates && { tls: hidden(certificates) }),
  };
}

async function readSecret(
  field: string,
  reference: SecretReference,
  env: Environment,
): Promise<string> {
  if ('file' in reference) {
    return (await readNamed(field, reference.file)).replace(/\r?\n$/, '');
  }
  const value = env[reference.env];
  if (value !== undefined && value !== '') return value;
  throw new Error(`registry.${field}: environment variable ${reference.env} is not set`);
}

async function readNamed(field: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(`registry.${field}: cannot read ${file}`, { cause });
  }
}

/** Lets code read the fields, and people not. */
function hidden<T extends object>(secrets: T): T {
  Object.defineProperty(secrets, 'toJSON', { value: mask });
  Object.defineProperty(secrets, inspect.custom, { value: mask });
  return secrets;
}

function mask(): string {
  return '***';
}
