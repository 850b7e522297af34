import { readFileSync } from 'node:fs';
import { hexFor } from '../../src/sandbox/ids.ts';
import { DEMO, type Sandbox } from '../../src/sandbox/index.ts';

/**
 * Exchanges recorded from a real cloud (2025.1: keystone 27, nova 31, manila 20), in the order in which they happened.
 * `{origin}` stands for scheme, host and port; long lists are cut to two, `count` says how long they were.
 */
export interface Exchange {
  name: string;
  as: string | null;
  request: { method: string; url: string; headers?: Record<string, string>; body?: unknown };
  response?: { status: number; headers: Record<string, string>; body: unknown };
  /** The same request, repeated until an operation was done. */
  polls?: { status: number; body: unknown }[];
  count?: number;
}

/** The recorded exchanges of a service. */
export function readExchanges(service: 'keystone' | 'nova' | 'manila' | 'nativeshare'): Exchange[] {
  const file = new URL(`../fixtures/sandbox/${service}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Exchange[];
}

/** Fields that differ from cloud to cloud: only the type is compared. */
const FREE =
  /^(id|.*_at|created|updated|user_id|audit_ids|request_id|start_time|hostId|expires_at|issued_at|OS-SRV-USG:.*|OS-EXT-SRV-ATTR:(reservation_id|instance_name|launch_index|root_device_name)|(OS-EXT-IPS-MAC:)?mac_addr|share_type|port_id|subnet_id|net_id|path|export_location|export_locations|access_key|share_instance_id|(maxTotal|total).*)$/;
/** Lists whose length differs from cloud to cloud: the first entry is compared, by type. */
const ANY_NUMBER = new Set(['roles', 'catalog', 'flavors', 'share_types', 'volume_types', 'endpoints']);

/** Recorded ids, tokens and projects, and those of the sandbox. */
export type Bindings = Map<string, string>;

/** Replaces recorded ids and origin with those of the sandbox. */
export function translate<T>(value: T, sandbox: Sandbox, bindings: Bindings): T {
  let text = JSON.stringify(value).replaceAll('{origin}', sandbox.url);
  for (const [recorded, ours] of bindings) text = text.replaceAll(recorded, ours);
  return JSON.parse(text) as T;
}

/** Adds the ids of a recorded body and of the sandbox's response to the bindings. */
export function bind(recorded: unknown, actual: unknown, bindings: Bindings): void {
  if (Array.isArray(recorded) && Array.isArray(actual)) {
    for (const [index, item] of recorded.entries()) bind(item, actual[index], bindings);
  }
  if (!isObject(recorded) || !isObject(actual)) return;
  for (const [key, value] of Object.entries(recorded)) {
    const ours = actual[key];
    if (key === 'id' && typeof value === 'string' && typeof ours === 'string' && value.length >= 32)
      bindings.set(value, ours);
    bind(value, ours, bindings);
  }
}

/** The differences between a recorded body and the sandbox's, as `path: recorded …, sandbox …`. */
export function differences(recorded: unknown, actual: unknown, key = '', path = ''): string[] {
  const difference = `${path}: recorded ${JSON.stringify(recorded)}, sandbox ${JSON.stringify(actual)}`;
  if (Array.isArray(recorded) && Array.isArray(actual)) {
    const [left, right] = ANY_NUMBER.has(key) ? [recorded.slice(0, 1), actual.slice(0, 1)] : [recorded, actual];
    if (left.length !== right.length && !FREE.test(key)) return [difference];
    return left.flatMap((item, index) =>
      differences(item, right[index], ANY_NUMBER.has(key) ? 'id' : key, `${path}[${index}]`),
    );
  }
  if (isObject(recorded) && isObject(actual)) {
    const names = new Set([...Object.keys(recorded), ...Object.keys(actual)]);
    return [...names].flatMap((name) => {
      if (!(name in actual)) return [`${path}.${name}: missing`];
      if (!(name in recorded)) return [`${path}.${name}: not recorded`];
      return differences(
        recorded[name],
        actual[name],
        FREE.test(key) && key === 'id' ? keyOfMany(name) : name,
        `${path}.${name}`,
      );
    });
  }
  const isSame = FREE.test(key) ? kind(recorded) === kind(actual) : withoutLockIds(recorded) === withoutLockIds(actual);
  return isSame ? [] : [difference];
}

/** A message with the number of locks in place of their ids: some are never in a response. */
function withoutLockIds(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value.replace(/lock\/s \[([^\]]*)\]/, (_, ids: string) => `lock/s ${ids.split(', ').length}`);
}

/** Inside the entry of such a list only types are compared, except in nested lists. */
const keyOfMany = (name: string) => (ANY_NUMBER.has(name) ? name : 'id');

function kind(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Projects of the recorded cloud, and of the sandbox. */
export const PROJECTS: readonly (readonly [recorded: string, ours: string])[] = [
  ['8903955a85ba4379b4c0dd07ac47cdef', DEMO.projectId],
  ['fe00b653718b429489fb52eb8a790379', DEMO.otherProjectId],
  ['a3f137de19fb4078ac8d72f0087446c8', hexFor('project/service')],
];

/** Sends a recorded request to the sandbox. */
export async function ask({ request, as, name }: Exchange, tokens: Record<string, string>) {
  const headers: Record<string, string> = {
    accept: 'application/json',
    ...request.headers,
    ...tokenHeaders(name, as, tokens),
  };
  if (request.body !== undefined) headers['content-type'] = 'application/json';
  const response = await fetch(request.url, {
    method: request.method,
    headers,
    ...(request.body !== undefined && {
      body: JSON.stringify(request.body).replace('<redacted>', tokens['demo'] ?? ''),
    }),
  });
  const text = await response.text();
  const body: unknown = text === '' ? null : JSON.parse(text);
  return { status: response.status, headers: Object.fromEntries(response.headers), body };
}

/** The recordings omit tokens: the name of an exchange says which ones were sent. */
function tokenHeaders(name: string, as: string | null, tokens: Record<string, string>): Record<string, string> {
  if (as === null) return {};
  const own = /bad-(own|token)/.test(name) ? 'nonsense' : (tokens[as] ?? '');
  const subject = /validate-garbage/.test(name) ? 'nonsense' : /revoke/.test(name) ? tokens['revoked'] : tokens['demo'];
  const isAboutTokens = /validate|revoke/.test(name) && !/no-subject/.test(name);
  return { 'x-auth-token': own, ...(isAboutTokens && subject && { 'x-subject-token': subject }) };
}

/** The headers that are compared. */
const WATCHED = [
  'content-type',
  'openstack-api-version',
  'x-openstack-nova-api-version',
  'x-openstack-manila-api-version',
  'x-openstack-request-id',
  'x-compute-request-id',
  'www-authenticate',
  'x-subject-token',
  'location',
  'vary',
];

/** Headers with another value each time. */
const FRESH = /request-id|subject-token/;

function headerDifferences(recorded: Record<string, string>, actual: Record<string, string>): string[] {
  return WATCHED.flatMap((name) => {
    const [theirs, ours] = [recorded[name], actual[name]];
    const isSame =
      name === 'vary' && theirs !== undefined
        ? ours?.split(', ').includes(theirs)
        : FRESH.test(name)
          ? (theirs === undefined) === (ours === undefined)
          : theirs === ours;
    return isSame ? [] : [`header ${name}: recorded ${theirs}, ours ${ours}`];
  });
}

/** Lists of rules have no order: sorts them by client. */
function ordered(body: unknown): unknown {
  if (!isObject(body) || !Array.isArray(body['access_list'])) return body;
  const list = body['access_list'] as { access_to: string }[];
  return { ...body, access_list: list.toSorted((a, b) => (a.access_to < b.access_to ? -1 : 1)) };
}

/** What a comparison needs: the sandbox, the ids that stand for recorded ones, and each user's token. */
export interface Replay {
  sandbox: Sandbox;
  bindings: Bindings;
  tokens: Record<string, string>;
}

/** Sends a recorded request, and returns the recorded response and the sandbox's, with differences in place of headers and bodies. */
export async function compare(
  exchange: Exchange,
  { sandbox, bindings, tokens }: Replay,
  shorten = (body: unknown) => body,
) {
  const actual = await ask(translate(exchange, sandbox, bindings), tokens);
  const body = shorten(ordered(actual.body));
  bind(ordered(exchange.response?.body), body, bindings);
  const response = translate(exchange, sandbox, bindings).response ?? { status: 0, headers: {}, body: null };
  const hasHeaders = Object.keys(response.headers).length > 0;
  return {
    expected: { status: response.status, headers: [] as string[], body: [] as string[] },
    actual: {
      status: actual.status,
      headers: hasHeaders ? headerDifferences(response.headers, actual.headers) : [],
      body: differences(ordered(response.body), body),
    },
  };
}
