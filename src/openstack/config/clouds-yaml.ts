import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { errorCode } from '../errors.ts';

/** Where the process is: what relative paths and `~` mean. */
export interface ConfigPaths {
  readonly cwd: string;
  readonly home: string;
}

/** One cloud of clouds.yaml as one flat object: the keys in `auth` and those next to it. */
export type CloudEntry = Readonly<Record<string, string>>;

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const cloudShape = z
  .object({ auth: z.record(z.string(), scalar).optional(), regions: z.array(z.unknown()).optional() })
  .catchall(z.unknown());
const fileShape = z.object({ clouds: z.record(z.string(), z.unknown()) });

/**
 * Reads one cloud as openstacksdk does (openstack/config/loader.py): the first clouds.yaml of OS_CLIENT_CONFIG_FILE, the
 * working directory, ~/.config/openstack and /etc/openstack, with the first secure.yaml merged over it. Says in `problems` why not.
 */
export function readCloudEntry(
  name: string,
  env: NodeJS.ProcessEnv,
  place: ConfigPaths,
): { entry: CloudEntry; problems: [] } | { entry: null; problems: string[] } {
  const config = env.XDG_CONFIG_HOME || join(place.home, '.config');
  const folders = [place.cwd, join(config, 'openstack'), '/etc/openstack'];
  const clouds = readFirst('clouds', env.OS_CLIENT_CONFIG_FILE, folders);
  if (!clouds) {
    return { entry: null, problems: [`OS_CLOUD: expected a clouds.yaml in ${folders.join(', ')}, got none`] };
  }
  const secure = readFirst('secure', env.OS_CLIENT_SECURE_FILE, folders);
  const problems = [clouds, secure].flatMap((file) => file?.problems ?? []);
  if (problems.length > 0) return { entry: null, problems };
  if (!(name in clouds.clouds)) {
    const there = Object.keys(clouds.clouds).join(', ') || 'none';
    return {
      entry: null,
      problems: [`OS_CLOUD: expected one of ${there} (${clouds.path}), got ${JSON.stringify(name)}`],
    };
  }
  const parts = [clouds, secure].map((file) => ({ file, parsed: cloudShape.safeParse(file?.clouds[name] ?? {}) }));
  const wrong = parts.flatMap(({ file, parsed }) =>
    (parsed.error?.issues ?? []).map((it) => `${file?.path}: clouds.${[name, ...it.path].join('.')}: ${it.message}`),
  );
  if (wrong.length > 0) return { entry: null, problems: wrong };
  return { entry: Object.assign({}, ...parts.map(({ parsed }) => flatten(parsed.data ?? {}))), problems: [] };
}

interface CloudsFile {
  path: string;
  clouds: Record<string, unknown>;
  problems: string[];
}

/** A file that is named must be there; of the others the first counts. */
function readFirst(kind: 'clouds' | 'secure', named: string | undefined, folders: string[]): CloudsFile | null {
  const path =
    named ||
    folders
      .flatMap((folder) => [join(folder, `${kind}.yaml`), join(folder, `${kind}.yml`)])
      .find((it) => existsSync(it));
  return path === undefined ? null : readFile(path);
}

/** For invalid YAML the problem names the line and does not quote it, as the parser does: it may contain a password. */
function readFile(path: string): CloudsFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return {
      path,
      clouds: {},
      problems: [`${path}: expected a file that can be read, got ${errorCode(error) ?? 'an error'}`],
    };
  }
  try {
    const parsed = fileShape.safeParse(parse(text, { merge: true, prettyErrors: false }));
    if (parsed.success) return { path, clouds: parsed.data.clouds, problems: [] };
    return { path, clouds: {}, problems: [`${path}: expected \`clouds:\` with a cloud by name below it`] };
  } catch (error) {
    const { pos } = error as { pos?: [number, number] };
    const line = pos ? ` at line ${text.slice(0, pos[0]).split('\n').length}` : '';
    return { path, clouds: {}, problems: [`${path}: expected YAML, got something else${line}`] };
  }
}

function flatten({ auth = {}, regions = [], ...rest }: z.infer<typeof cloudShape>): Record<string, string> {
  const first: unknown = regions[0];
  const region = typeof first === 'object' && first !== null && 'name' in first ? first.name : first;
  const pairs = Object.entries({ region_name: region, ...rest, ...auth }).filter(([, value]) => isScalar(value));
  return Object.fromEntries(pairs.map(([key, value]) => [key.replaceAll('-', '_'), String(value)]));
}

function isScalar(value: unknown): boolean {
  return value !== null && value !== '' && scalar.safeParse(value).success;
}
