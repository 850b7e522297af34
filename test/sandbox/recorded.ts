import { readFileSync } from 'node:fs';
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
export function readExchanges(service: 'keystone' | 'nova' | 'manila'): Exchange[] {
  const file = new URL(`../fixtures/sandbox/${service}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Exchange[];
}

/** The recorded cloud was newer than what the sandbox plays: its newest microversions, and the sandbox's. */
const NEWEST: readonly (readonly [recorded: RegExp, ours: string])[] = [
  [/\b2\.100\b/g, '2.96'],
  [/\b2\.89\b/g, '2.82'],
];

/** Fields that came after the sandbox's microversions: scheduler_hints 2.100, source_backup_id 2.85, image.properties 2.98, metadata of export locations 2.87. */
const LATER = new Set(['scheduler_hints', 'source_backup_id']);
const LATER_IN: Record<string, string> = {
  image: 'properties',
  export_locations: 'metadata',
  export_location: 'metadata',
};

/** Fields that differ from cloud to cloud: only the type is compared. */
const FREE =
  /^(id|.*_at|created|updated|user_id|audit_ids|hostId|expires_at|issued_at|OS-SRV-USG:.*|OS-EXT-SRV-ATTR:(reservation_id|instance_name|launch_index|root_device_name)|(OS-EXT-IPS-MAC:)?mac_addr|share_type|port_id|subnet_id|net_id|path|export_location|export_locations|access_key|share_instance_id|(maxTotal|total).*)$/;
/** Lists whose length differs from cloud to cloud: the first entry is compared, by type. */
const ANY_NUMBER = new Set(['roles', 'catalog', 'flavors', 'share_types', 'volume_types', 'endpoints']);

/** Recorded ids, tokens and projects, and those of the sandbox. */
export type Bindings = Map<string, string>;

/** Replaces recorded ids, origin and microversions with those of the sandbox. */
export function translate<T>(value: T, sandbox: Sandbox, bindings: Bindings): T {
  let text = JSON.stringify(value).replaceAll('{origin}', sandbox.url);
  for (const [recorded, ours] of NEWEST) text = text.replace(recorded, ours);
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
    const dropped = (name: string) => LATER.has(name) || LATER_IN[key] === name;
    const names = new Set([...Object.keys(recorded).filter((name) => !dropped(name)), ...Object.keys(actual)]);
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
  const isSame = FREE.test(key) ? kind(recorded) === kind(actual) : Object.is(recorded, actual);
  return isSame ? [] : [difference];
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
