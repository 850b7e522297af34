import type { IncomingMessage } from 'node:http';
import proxyAddr from '@fastify/proxy-addr';
import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';
import { forwardedScheme } from './public-url.ts';

/** How many addresses are cached with the key that limits count them under. */
const MAX_KEYS = 1000;

/** Finds out which client a connection belongs to. */
export interface ClientAddresses {
  /** The client of a request: that of the connection, or the one that a trusted proxy names in X-Forwarded-For. */
  of(request: IncomingMessage): string;
  /** The scheme that the client used, which a trusted proxy names in X-Forwarded-Proto; null without one. */
  schemeOf(request: IncomingMessage): 'http' | 'https' | null;
  /** Whether the connections of this address belong to many clients. */
  isProxy(address: string | undefined): boolean;
}

/**
 * Reads X-Forwarded-For and X-Forwarded-Proto of these proxies only: addresses, networks or `loopback`. Throws a TypeError
 * for any other text.
 */
export function createClientAddresses(trustedProxies: readonly string[]): ClientAddresses {
  const isTrusted = proxyAddr.compile([...trustedProxies]);
  const isProxy = (address: string | undefined) => address !== undefined && isTrusted(address, 0);
  // parsing an address costs more than a small operation
  const keys = new LRUCache<string, string>({ max: MAX_KEYS, memoMethod: (address) => addressKey(address) });
  return {
    of: (request) =>
      keys.memo(
        (proxyAddr(request, (address, hop) => address !== undefined && isTrusted(address, hop)) ?? '').slice(0, 64),
      ),
    schemeOf: (request) => (isProxy(request.socket.remoteAddress) ? forwardedScheme(request) : null),
    isProxy,
  };
}

/** The address that limits are counted under. One client has a whole /64 network of IPv6. */
export function addressKey(address: string | undefined = ''): string {
  if (!ipaddr.isValid(address)) return address.slice(0, 64);
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.toString();
  return `${parsed.parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
