import type { Bindings, Logger } from 'pino';

/** A child that may not be there yet. */
interface Lazy {
  readonly parent: Logger;
  readonly bindings: Bindings;
  made: Logger | null;
}

function childOf(lazy: Lazy): Logger {
  lazy.made ??= lazy.parent.child(lazy.bindings);
  return lazy.made;
}

type Method = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent' | 'child';

function method(name: Method) {
  return function (this: Lazy, ...args: unknown[]): unknown {
    const child = childOf(this);
    return (child[name] as (...args: unknown[]) => unknown).apply(child, args);
  };
}

const METHODS = {
  trace: method('trace'),
  debug: method('debug'),
  info: method('info'),
  warn: method('warn'),
  error: method('error'),
  fatal: method('fatal'),
  silent: method('silent'),
  child: method('child'),
  get level(): string {
    return childOf(this as unknown as Lazy).level;
  },
};

/**
 * A log's child that is made with its first line, as most requests write none of their own. It has `level`, the methods
 * that write, and `child`; whatever else a logger of pino has, it has not.
 */
export function lazyChild(parent: Logger, bindings: Bindings): Logger {
  const lazy: Lazy & { __proto__: object } = { __proto__: METHODS, parent, bindings, made: null };
  return lazy as unknown as Logger;
}
