/** A copy that nobody can change, so that it can be given to everybody: a copy for each reader is dearer than all else. Plain JSON. */
export function frozenCopy<T extends object>(record: T): T {
  return freeze(structuredClone(record));
}

function freeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null) freeze(part);
  return Object.freeze(value);
}
