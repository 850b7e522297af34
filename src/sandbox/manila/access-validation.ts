import { isIPv4, isIPv6 } from 'node:net';
import { ApiError } from '../http.ts';

/** Rejects the access types and client names that Manila rejects, with its messages (manila/api/common.py). */
export function checkAccess(accessType: string, accessTo: string, version: number): void {
  if (accessType === 'ip') checkNetwork(accessTo, version >= 38);
  else if (accessType === 'user') checkUser(accessTo);
  else if (accessType === 'cert') checkCommonName(accessTo.trim());
  else if (accessType === 'cephx' && version >= 13) checkCephId(accessTo);
  else
    throw bad(`Only 'ip', 'user'${version >= 13 ? ", 'cert' or 'cephx'" : " or 'cert'"} access types are supported.`);
}

/** As Python's ipaddress.ip_network with strict=True. */
function checkNetwork(text: string, hasIpv6: boolean): void {
  const [address = '', prefix, more] = text.split('/');
  if (!hasIpv6 && address.includes(':')) throw bad(`Expected 4 octets in '${text}'`);
  const bits = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : 0;
  const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
  if (bits === 0 || !isPrefix || more !== undefined)
    throw bad(`'${text}' does not appear to be an IPv4 or IPv6 network`);
  const hostBits = bits - Number(prefix ?? bits);
  if (hostBits > 0 && toNumber(address) % (1n << BigInt(hostBits)) !== 0n) throw bad(`${text} has host bits set`);
}

/** An address as a number; `::` of IPv6 is expanded. */
function toNumber(address: string): bigint {
  if (isIPv4(address)) return address.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
  const withoutDots = address.replace(/(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/, (dotted) => {
    const number = toNumber(dotted);
    return `${(number >> 16n).toString(16)}:${(number & 0xffffn).toString(16)}`;
  });
  const [head = '', tail] = withoutDots.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const middle = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const whole = [...groups(head), ...Array<string>(middle).fill('0'), ...groups(tail ?? '')];
  return whole.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

function checkUser(name: string): void {
  if (name.length >= 4 && name.length <= 255 && !/["/\\[\]:;|=,+*?<>]/.test(name)) return;
  throw bad(
    'Invalid user or group name. Must be 4-255 characters and consist of alphanumeric characters and exclude special characters "/\\[]:;|=,+*?<>',
  );
}

function checkCommonName(name: string): void {
  if (name.length < 1 || name.length > 64) throw bad('Invalid CN (common name). Must be 1-64 chars long.');
}

function checkCephId(id: string): void {
  if (id === '') throw bad('Ceph IDs may not be empty.');
  if (!/^[\x20-\x7e\t\n\r\v\f]+$/.test(id)) throw bad('Ceph IDs must consist of ASCII printable characters.');
  if (id.includes('.')) throw bad('Ceph IDs may not contain periods.');
}

/** Rejects metadata with blank or long keys and values. */
export function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  for (const [key, value] of Object.entries(metadata)) {
    if (key === '') throw bad('Metadata property key is blank.');
    if (key.length > 255) throw bad('Metadata property key is greater than 255 characters.');
    if (value === '') throw bad('Metadata property value is blank.');
    if (value.length > 1023) throw bad('Metadata property value is greater than 1023 characters.');
  }
}

/** Whether two names denote the same client, as `10.0.0.5` and `10.0.0.5/32` do. IPv6 addresses are compared as text, as in Manila. */
export function isSameClient(accessType: string, a: string, b: string): boolean {
  const plain = (text: string) => (accessType === 'ip' ? text.replace(/\/32$|\/128$/, '') : text);
  return plain(a) === plain(b);
}

function bad(message: string): ApiError {
  return new ApiError(400, 'badRequest', message);
}
