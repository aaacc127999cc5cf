/** Where a value comes from. Lines and columns count from 1. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly column: number }
  | { readonly kind: 'environment'; readonly name: string }
  | {
      readonly kind: 'key';
      readonly key: string;
      readonly revision: string;
      readonly line: number;
      readonly column: number;
    };

/** Writes an origin for people: `wrr.yaml:4:15`, `env WRR_…`, `settings/client@42:1:7`, `default`. */
export function formatOrigin(origin: Origin): string {
  if (origin.kind === 'default') return 'default';
  if (origin.kind === 'environment') return `env ${origin.name}`;
  const source = origin.kind === 'file' ? origin.file : `${origin.key}@${origin.revision}`;
  return `${source}:${origin.line}:${origin.column}`;
}
