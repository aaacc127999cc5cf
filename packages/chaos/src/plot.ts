import { escapeText } from './timeline.ts';

/** Puts the picture of a run and its report in words on a page: one file without scripts. */
export function plot(seed: number, picture: string, words: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>wrr chaos, seed ${seed}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Chaos, seed ${seed}</h1>
${picture}
<pre>${escapeText(words)}</pre>
</body>
</html>
`;
}

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 1240px; margin: 1rem auto; padding: 0 1rem; }
svg { display: block; width: 100%; } pre { overflow-x: auto; font-size: 13px; }
`;
