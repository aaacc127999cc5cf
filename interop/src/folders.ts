import { fileURLToPath } from 'node:url';

/** This package's folder, from its sources and from its build alike. */
export const interopFolder: string = fileURLToPath(new URL('..', import.meta.url));

/** Where binaries are built; not in git. */
export const binaryFolder: string = fileURLToPath(new URL('../../.cache/interop', import.meta.url));
