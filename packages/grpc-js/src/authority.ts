/**
 * Derives a channel's default authority from its target's path.
 *
 * It must be a valid host, because it becomes both the `:authority` header and part of a URL that
 * grpc-js parses: for `service/user` servers would reset the stream, and with `orders.1` the channel
 * would never connect ("Invalid URL"). With TLS it is also the name that certificates are checked for;
 * `grpc.ssl_target_name_override` or `grpc.default_authority` set another.
 */
export function authorityOf(path: string): string {
  const first = (path.split(',')[0] ?? '').replace(/=[^=]*$/, '');
  if (/^[^/@?#\s]+$/.test(first) && isHost(first)) return first;
  const name = path.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '');
  if (name !== '' && isHost(name)) return name;
  const label = name.replaceAll('.', '-');
  return label !== '' && isHost(label) ? label : 'localhost';
}

function isHost(text: string): boolean {
  return (
    /^[\x21-\x7e]+$/.test(text) && !/[%{}|\\^`<>"]/.test(text) && URL.canParse(`http://${text}`)
  );
}
