/** One measured case: our figure, and in the same run those of the peers. */
export interface Row {
  /** Name of the suite, as on the command line. */
  readonly suite: string;
  /** What was measured, in words; unique within its suite. */
  readonly case: string;
  /** Unit of `ours` and `peers`, such as `ns/pick`. */
  readonly unit: string;
  readonly ours: number;
  readonly peers: Readonly<Record<string, number>>;
  /** How many times better ours is than each peer: above 1 we win, below 1 we lose. */
  readonly ratio: Readonly<Record<string, number>>;
  /** Number of interleaved rounds behind each figure, or of repetitions of a simulation. */
  readonly rounds: number;
  /** Quartiles of the rounds, by contender (`ours` included). Absent for exact figures. */
  readonly spread?: Readonly<Record<string, readonly [low: number, high: number]>>;
  /** Where the case lies in the suite's space, for plots: `{ n: 100, weights: '3 distinct' }`. */
  readonly at?: Readonly<Record<string, string | number>>;
  /** What the figure has to be by the project's own promise; says whether it is. */
  readonly goal?: { readonly text: string; readonly met: boolean };
}

/** What a suite gets from the command line and the harness. */
export interface Context {
  /** Fewer rounds and sizes: a smoke run, whose figures are not for quoting. */
  readonly quick: boolean;
  /** The suite's own options, by their long name in camelCase. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Says on stderr what is being measured now. */
  readonly progress: (what: string) => void;
}

/** A picture drawn from a suite's rows: every figure in it is a figure of the JSON. */
export interface Picture {
  readonly title: string;
  /** What one sees, and how it was made, in a sentence or two. */
  readonly caption: string;
  /** The picture itself: inline SVG. */
  readonly svg: string;
}

/** An option of one suite: `commander`'s flags and description. */
export interface SuiteOption {
  readonly flags: string;
  readonly description: string;
  readonly choices?: readonly string[];
}

/** A set of cases that are measured together. Add it to `suites.ts` and it is on the command line. */
export interface Suite {
  readonly name: string;
  readonly title: string;
  readonly options?: readonly SuiteOption[];
  run(context: Context): Promise<readonly Row[]>;
  /** Draws the suite's pictures from its rows. Pure. */
  draw?(rows: readonly Row[]): readonly Picture[];
}
