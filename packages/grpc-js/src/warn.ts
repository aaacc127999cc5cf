const warned = new Set<string>();
const LIMIT = 1_000;

/**
 * Emits a process warning, the first time a message comes up. Node.js prints it to standard error;
 * `process.on('warning')` sees it with the name `WrrWarning`.
 */
export function warnOnce(message: string): void {
  if (warned.has(message)) return;
  if (warned.size >= LIMIT) warned.clear();
  warned.add(message);
  process.emitWarning(message, 'WrrWarning');
}
