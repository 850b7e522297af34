import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

/** A plugin of esbuild: in a bundle, the files that a module reads beside itself are still found where its source is. */
export const besideTheSource = {
  name: 'beside-the-source',
  setup({ onLoad }) {
    onLoad({ filter: /\/(src|test)\/.*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      return { loader: 'ts', contents: source.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)) };
    });
  },
};
