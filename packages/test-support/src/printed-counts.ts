/**
 * The counts in the first line of a client's output, as `console.log` prints an object of numbers:
 * `{ heavy: 50, light: 10 }`. Throws when the line is anything else.
 */
export function printedCounts(stdout: string): Record<string, number> {
  const line = stdout.split('\n', 1)[0] ?? '';
  const inside = /^\{ (\w+: \d+(?:, \w+: \d+)*) \}$/.exec(line)?.[1];
  if (inside === undefined) throw new Error(`expected counts like { a: 1, b: 2 }, got ${line}`);
  return Object.fromEntries(
    inside.split(', ').map((entry) => {
      const [name = '', count] = entry.split(': ');
      return [name, Number(count)];
    }),
  );
}
