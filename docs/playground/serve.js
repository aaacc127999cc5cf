import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

// Serves the page and core's build on this machine only. Any other static server will do as well.
const root = new URL('../../', import.meta.url);
const TYPES = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript' };
const SERVED = /^\/(docs\/playground|packages\/core\/dist)\/[\w./-]+$/;

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost'); // resolves every ..
  if (pathname === '/') {
    response.writeHead(302, { location: '/docs/playground/index.html' }).end();
    return;
  }
  const type = TYPES[extname(pathname)];
  try {
    if (!SERVED.test(pathname) || type === undefined) throw new Error('not served');
    const body = await readFile(fileURLToPath(new URL(`.${pathname}`, root)));
    response.setHeader('content-type', `${type}; charset=utf-8`).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/`);
});
