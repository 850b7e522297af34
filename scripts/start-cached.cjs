// Runs main.cjs beside this file from V8's code cache, and writes the cache where there is none yet.
const { readFileSync, renameSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { Script } = require('node:vm');

const filename = join(__dirname, 'main.cjs');
const cacheFile = `${filename}.cache`;

/** The cache, or undefined. V8 rejects one of another version of itself, and then compiles as without. */
function readCache() {
  try {
    return readFileSync(cacheFile);
  } catch {
    return undefined;
  }
}

const cachedData = readCache();
const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(filename, 'utf8')}\n})`;
const script = new Script(source, { filename, cachedData });
if (!cachedData) {
  process.once('exit', () => {
    writeFileSync(`${cacheFile}.${process.pid}`, script.createCachedData());
    renameSync(`${cacheFile}.${process.pid}`, cacheFile);
  });
}
script.runInThisContext()(exports, require, module, filename, __dirname);
