import { parseUrl } from '../url.ts';

/** Whether a text is a URL of a message broker: `amqp[s]://user:password@host:port/vhost`, parts percent-encoded. */
export function isBrokerUrl(text: string): boolean {
  const url = parseUrl(text);
  if (!url) return false;
  const { protocol, hostname, port, pathname, search, hash } = url;
  // An @ behind the host is that of a password with a slash, a question mark or a hash that is not percent-encoded.
  const isPlain = hash === '' && !`${pathname}${search}`.includes('@') && !pathname.slice(1).includes('/');
  return ['amqp:', 'amqps:'].includes(protocol) && hostname !== '' && port !== '0' && isPlain;
}
