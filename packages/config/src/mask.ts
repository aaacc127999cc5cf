import { isMapping, type Path } from './path.ts';

const MASK = '***';
const SECRET_NAME = /pass|secret|token|credential|private|authorization|api[_-]?key/i;

/** Says whether what stands at `path` may be a secret that somebody put in the wrong place. */
export function isSecret(path: Path): boolean {
  return path.some((segment) => SECRET_NAME.test(String(segment)));
}

/** Hides user and password of a URL, and private keys, wherever they stand. */
export function maskText(text: string): string {
  if (text.includes('-----BEGIN')) return MASK;
  return text.replace(/\/\/[^/\s@]*@/g, `//${MASK}@`);
}

/**
 * Copies settings for people to read. References to secrets stay, as they are no secrets; whatever
 * else stands under a name like `password` or `token`, and users in URLs, become `***`.
 */
export function maskSecrets(value: unknown, path: Path = []): unknown {
  if (Array.isArray(value)) return value.map((item, index) => maskSecrets(item, [...path, index]));
  if (isMapping(value)) {
    const entries = Object.entries(value);
    return Object.fromEntries(entries.map(([k, v]) => [k, maskSecrets(v, [...path, k])]));
  }
  if (typeof value === 'string' && path[0] === 'registry' && path[1] === 'credentials')
    return value;
  if (isSecret(path)) return MASK;
  return typeof value === 'string' ? maskText(value) : value;
}
