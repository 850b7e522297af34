import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../errors.ts';
import { parsePyYaml } from './yaml.ts';

/** The directories of the process: relative paths and `~` are resolved with them. */
export interface ConfigPaths {
  readonly cwd: string;
  readonly home: string;
}

/** One cloud, flat: the keys of `auth` and those beside it, with `_` for `-`; `auth` itself as well. */
export type CloudEntry = Readonly<Record<string, unknown>>;

type Mapping = Record<string, unknown>;

/** Collected problems end the reading of a file or an entry. */
class Unreadable extends Error {}

/**
 * Reads one cloud as openstacksdk does (openstack/config/loader.py): the first clouds.yaml of OS_CLIENT_CONFIG_FILE, the
 * working directory, ~/.config/openstack, /etc/xdg/openstack and /etc/openstack, the first secure.yaml merged over it, a
 * profile of clouds-public.yaml below it, and the values of the region over it. `problems` says why there is none.
 */
export function readCloudEntry(
  name: string,
  env: NodeJS.ProcessEnv,
  paths: ConfigPaths,
): { entry: CloudEntry; problems: [] } | { entry: null; problems: string[] } {
  try {
    return { entry: readEntry(name, env, paths), problems: [] };
  } catch (error) {
    if (error instanceof Unreadable) return { entry: null, problems: [error.message] };
    throw error;
  }
}

function readEntry(name: string, env: NodeJS.ProcessEnv, paths: ConfigPaths): CloudEntry {
  const folders = foldersOf(env, paths);
  const file = readFirst('clouds', env.OS_CLIENT_CONFIG_FILE, folders);
  if (!file) throw new Unreadable(`OS_CLOUD: expected a clouds.yaml in ${folders.join(', ')}, got none`);
  const secure = readFirst('secure', env.OS_CLIENT_SECURE_FILE, folders);
  const clouds = mergeDeep(mappingAt(file, 'clouds'), secure ? mappingAt(secure, 'clouds') : {});
  if (!Object.hasOwn(clouds, name)) {
    const names = Object.keys(clouds).join(', ') || 'none';
    throw new Unreadable(`OS_CLOUD: expected one of ${names} (${file.path}), got ${JSON.stringify(name)}`);
  }
  const own = asMapping(clouds[name] ?? {}, `${file.path}: clouds.${name}`);
  const profile = profileOf(name, own, folders);
  const cloud = mergeAuth(profile, own, `${file.path}: clouds.${name}`);
  const region = regionOf(name, own, profile, env.OS_REGION_NAME);
  const { regions: _regions, profile: _profile, cloud: _cloud, ...merged } = mergeAuth(cloud, region, 'its region');
  const { auth = {}, ...beside } = merged;
  return { ...beside, ...asMapping(auth, 'auth'), auth };
}

function foldersOf(env: NodeJS.ProcessEnv, { cwd, home }: ConfigPaths): string[] {
  const folders = [
    cwd,
    join(env.XDG_CONFIG_HOME || join(home, '.config'), 'openstack'),
    join(home, '.config', 'openstack'),
    ...(env.XDG_CONFIG_DIRS || '/etc/xdg').split(':').map((folder) => join(folder, 'openstack')),
    '/etc/openstack',
  ];
  return [...new Set(folders)];
}

interface ConfigFile {
  readonly path: string;
  readonly content: Mapping;
}

/** Reads a named file, which must exist, or else the first of the folders that can be read. */
function readFirst(kind: 'clouds' | 'secure' | 'clouds-public', named: string | undefined, folders: string[]) {
  if (named) return parseFile(named, readText(named, []));
  const suffixes = ['.yaml', '.yml', '.json'];
  for (const path of folders.flatMap((folder) => suffixes.map((suffix) => join(folder, kind + suffix)))) {
    const text = readText(path, ['ENOENT', 'ENOTDIR', 'EACCES']);
    if (text !== null) return parseFile(path, text);
  }
  return null;
}

/** The text of a file; null if it fails with one of the `ignored` codes. */
function readText(path: string, ignored: readonly string[]): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = errorCode(error) ?? 'an error';
    if (ignored.includes(code)) return null;
    throw new Unreadable(`${path}: expected a file that can be read, got ${code}`);
  }
}

/** The parser's own messages would quote the line, which may contain a password. */
function parseFile(path: string, text: string | null): ConfigFile {
  try {
    const content = parsePyYaml(text ?? '');
    return { path, content: content === null ? {} : asMapping(content, path) };
  } catch (error) {
    if (error instanceof Unreadable) throw error;
    const { pos } = error as { pos?: [number, number] };
    const line = pos ? ` at line ${(text ?? '').slice(0, pos[0]).split('\n').length}` : '';
    throw new Unreadable(`${path}: expected YAML, got something else${line}`);
  }
}

function mappingAt({ path, content }: ConfigFile, key: string): Mapping {
  if (!(key in content)) throw new Unreadable(`${path}: expected \`${key}:\` with a cloud by name below it`);
  return asMapping(content[key], `${path}: ${key}`);
}

/** A mapping with `_` for `-` in the keys of settings. */
function asMapping(value: unknown, where: string): Mapping {
  if (isMapping(value)) return value;
  throw new Unreadable(`${where}: expected a mapping`);
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** openstacksdk's merge_clouds. */
function mergeDeep(below: Mapping, above: Mapping): Mapping {
  const merged = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const old = merged[key];
    merged[key] = isMapping(value) && isMapping(old) ? mergeDeep(old, value) : value;
  }
  return merged;
}

/** openstacksdk's _auth_update: one level, and one more below `auth`. The keys get `_` for `-`. */
function mergeAuth(below: Mapping, above: Mapping, where: string): Mapping {
  const merged = { ...normalizeKeys(below) };
  for (const [key, value] of Object.entries(normalizeKeys(above))) {
    if (key !== 'auth') merged[key] = value;
    else if (value !== null) {
      const auth = normalizeKeys(asMapping(value, `${where}.auth`));
      merged.auth = { ...normalizeKeys(isMapping(merged.auth) ? merged.auth : {}), ...auth };
    }
  }
  return merged;
}

function normalizeKeys(mapping: Mapping): Mapping {
  return Object.fromEntries(Object.entries(mapping).map(([key, value]) => [key.replaceAll('-', '_'), value]));
}

/** The profile that a cloud names. The profiles of providers that openstacksdk contains are not part of the gateway. */
function profileOf(name: string, cloud: Mapping, folders: string[]): Mapping {
  const profile = cloud.profile ?? cloud.cloud;
  if (profile === undefined || profile === null || profile === '') return {};
  const file = readFirst('clouds-public', undefined, folders);
  const profiles = file ? asMapping(file.content['public-clouds'] ?? {}, `${file.path}: public-clouds`) : {};
  if (typeof profile === 'string' && Object.hasOwn(profiles, profile)) {
    return asMapping(profiles[profile], `${file?.path}: public-clouds.${profile}`);
  }
  throw new Unreadable(
    `profile of cloud ${name}: ${JSON.stringify(profile)} is not supported: expected a profile in a clouds-public.yaml in ${folders.join(', ')}`,
  );
}

/** The values of the selected region, or of the first one. */
function regionOf(name: string, cloud: Mapping, profile: Mapping, selected: string | undefined): Mapping {
  const own = normalizeKeys(cloud);
  const ofProfile = normalizeKeys(profile);
  if (own.regions === undefined && own.region_name !== undefined) return firstRegion(name, own.region_name);
  const regions = own.regions ?? ofProfile.regions;
  if (regions === undefined || regions === null) return {};
  if (!Array.isArray(regions)) throw new Unreadable(`regions of cloud ${name}: expected a list`);
  const known = regions.map((region) => expandRegion(name, region));
  const region = selected ? known.find((one) => one.name === selected) : known[0];
  if (region) return { ...region.values, region_name: region.name };
  if (known.length === 0) return {};
  const names = known.map((one) => one.name).join(', ');
  throw new Unreadable(`OS_REGION_NAME: expected one of ${names} (regions of cloud ${name}), got ${selected}`);
}

/** `region_name` may be a list, or one as text: deprecated by openstacksdk. */
function firstRegion(name: string, given: unknown): Mapping {
  if (Array.isArray(given)) return { region_name: expandRegion(name, given[0]).name };
  return typeof given === 'string' ? { region_name: given.split(',')[0] } : {};
}

function expandRegion(cloud: string, region: unknown): { name: string; values: Mapping } {
  const { name, values = {}, ...others } = isMapping(region) ? region : { name: region };
  if (typeof name !== 'string' || Object.keys(others).length > 0) {
    throw new Unreadable(`regions of cloud ${cloud}: expected names, or \`name\` and \`values\``);
  }
  return { name, values: asMapping(values ?? {}, `values of region ${name} of cloud ${cloud}`) };
}
