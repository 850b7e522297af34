/** Node.js' module hooks for `register.ts`. */
import type { InitializeHook, ResolveHook } from 'node:module';

let replaced = '';
let plain = '';

export const initialize: InitializeHook<string> = (without) => {
  const [path = '', name = ''] = without.split('=');
  replaced = `/src/${path}.js`;
  plain = new URL(`./${name}.js`, import.meta.url).href;
};

export const resolve: ResolveHook = async (specifier, context, next) => {
  const resolved = await next(specifier, context);
  return resolved.url.endsWith(replaced) ? { ...resolved, url: plain } : resolved;
};
