import type { Runs } from './runs.ts';
import { blocks } from './tables.ts';

const BLOCK = /<!-- bench: (.+?) -->\n[\s\S]*?<!-- end -->/g;

/**
 * Writes the figures of the runs into a document: what stands between `<!-- bench: NAME -->` and
 * `<!-- end -->` is made anew; everything else stays.
 *
 * @throws {TypeError} naming a block that does not exist.
 */
export function fillIn(document: string, runs: Runs): string {
  return document.replaceAll(BLOCK, (_, name: string) => {
    const block = blocks[name];
    if (block === undefined) {
      const known = Object.keys(blocks).join(', ');
      throw new TypeError(`there is no block ${name}: expected one of ${known}`);
    }
    return `<!-- bench: ${name} -->\n${block(runs)}\n<!-- end -->`;
  });
}
