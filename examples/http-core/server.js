import { createServer } from 'node:http';

// Answers with its process id. `GET /fail` is an error of the server's own.
const server = createServer((request, response) => {
  response.statusCode = request.url === '/fail' ? 503 : 200;
  response.end(String(process.pid));
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => {
  process.stdout.write(`${server.address().port}\n`);
});
