import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A key and its certificate, in PEM, and where they lie as files. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly certFile: string;
  readonly keyFile: string;
}

/** A certificate authority of its own and what it signed. Made anew for each test; no key is in git. */
export interface Certificates {
  readonly ca: Buffer;
  readonly caFile: string;
  /** For `localhost` and `127.0.0.1`; also valid as a client's, which etcd's gateway needs. */
  readonly server: Certificate;
  /** For clients (mTLS); its common name is `clientName`. */
  readonly client: Certificate;
  /** Removes the files. */
  remove(): Promise<void>;
}

/** Makes an authority, a server and a client certificate, valid for two days. */
export async function createCertificates(
  options: { readonly clientName?: string } = {},
): Promise<Certificates> {
  const { clientName = 'client' } = options;
  const directory = await mkdtemp(join(tmpdir(), 'wrr-certificates-'));
  const times = {
    notBeforeDate: new Date(Date.now() - 3_600_000),
    notAfterDate: new Date(Date.now() + 2 * 86_400_000),
  };
  const authority = await generate([{ name: 'commonName', value: 'wrr test authority' }], {
    ...times,
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });

  const sign = async (name: string): Promise<Certificate> => {
    const pem = await generate([{ name: 'commonName', value: name }], {
      ...times,
      keyType: 'ec',
      algorithm: 'sha256',
      ca: { key: authority.private, cert: authority.cert },
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
        {
          name: 'subjectAltName',
          altNames: [
            { type: 2, value: 'localhost' },
            { type: 7, ip: '127.0.0.1' },
          ],
        },
      ],
    });
    const [certFile, keyFile] = [join(directory, `${name}.crt`), join(directory, `${name}.key`)];
    await Promise.all([writeFile(certFile, pem.cert), writeFile(keyFile, pem.private)]);
    return { cert: Buffer.from(pem.cert), key: Buffer.from(pem.private), certFile, keyFile };
  };

  const caFile = join(directory, 'ca.crt');
  await writeFile(caFile, authority.cert);
  return {
    ca: Buffer.from(authority.cert),
    caFile,
    server: await sign('server'),
    client: await sign(clientName),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
