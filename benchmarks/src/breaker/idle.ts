/** Kinds of breakers by the name that the child process is given. Ours first. */
export const KINDS = {
  ours: 'ours',
  opossum: 'opossum, defaults',
  cockatiel: 'cockatiel, sampling',
  nothing: 'a process without breakers',
} as const;
