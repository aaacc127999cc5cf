import { stripVTControlCharacters, styleText } from 'node:util';

/** A server's line on the screen. */
export interface Row {
  readonly name: string;
  readonly address: string;
  readonly weight: number;
  /** Share that its weight promises, 0 to 1. */
  readonly wanted: number;
  /** Share of the scene's calls that it answered, 0 to 1. */
  readonly seen: number;
  readonly calls: number;
  readonly errors: number;
  readonly state: string;
}

/** What the live part of the screen shows. */
export interface Frame {
  readonly title: string;
  /** Progress of the whole demo, 0 to 1. */
  readonly progress: number;
  readonly rows: readonly Row[];
}

/** Where the demo shows itself. */
export interface Screen {
  /** Prints a line that stays. */
  say(line: string): void;
  /** Redraws the live part, if there is one. */
  show(frame: Frame): void;
  /** Leaves the live part as it is and prints nothing over it any more. */
  end(): void;
}

const BAR = 24;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of `share` of the full width, drawn to an eighth of a character. */
export function bar(share: number, width: number = BAR): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  const full = '█'.repeat(Math.floor(eighths / 8));
  return `${full}${EIGHTHS[eighths % 8] ?? ''}`.padEnd(width);
}

/** Opens the terminal, or plain lines where there is none. */
export function openScreen(stream: NodeJS.WriteStream, plain: boolean): Screen {
  return plain || !stream.isTTY ? plainScreen(stream) : liveScreen(stream);
}

function plainScreen(stream: NodeJS.WriteStream): Screen {
  return {
    say: (line) => void stream.write(`${stripVTControlCharacters(line)}\n`),
    show: () => {},
    end: () => {},
  };
}

function liveScreen(stream: NodeJS.WriteStream): Screen {
  let drawn = 0;
  const erase = () => {
    if (drawn > 0) stream.write(`\x1b[${drawn}A\x1b[0J`);
    drawn = 0;
  };
  let last: Frame | undefined;
  const draw = () => {
    if (last === undefined) return;
    const lines = linesOf(last, stream.columns);
    stream.write(`${lines.join('\n')}\n`);
    drawn = lines.length;
  };
  return {
    say(line) {
      erase();
      stream.write(`${line}\n`);
      draw();
    },
    show(frame) {
      erase();
      last = frame;
      draw();
    },
    end() {
      erase();
      last = undefined;
    },
  };
}

function linesOf({ title, progress, rows }: Frame, columns: number): string[] {
  const head = `  ${'server'.padEnd(24)} weight wanted ${'seen'.padEnd(BAR + 8)}  calls errors  state`;
  const lines = [
    '',
    styleText('bold', `  ${title}`),
    styleText('dim', head),
    ...rows.map(
      (row) =>
        `  ${`${row.name} ${row.address}`.padEnd(24)} ${String(row.weight).padStart(6)} ${percent(row.wanted)} ` +
        `${styleText('cyan', bar(row.seen))} ${percent(row.seen)} ${String(row.calls).padStart(6)} ` +
        `${String(row.errors).padStart(6)}  ${row.state}`,
    ),
    `  ${styleText('green', bar(progress, 40))} ${Math.round(progress * 100)}%`,
  ];
  return lines.map((line) => fit(line, columns));
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`.padStart(6);
}

/** Cuts a line that is too long for the terminal: a wrapped one would spoil the redraw. */
function fit(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length < columns ? line : plain.slice(0, columns - 1);
}
