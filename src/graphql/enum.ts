/**
 * The schema's value for a word of OpenStack: the word in upper case, or `UNKNOWN` for one that the schema does not know
 * (upstream adds states over time; the raw word stands beside it in the schema).
 */
export function enumValue<V extends string>(
  values: Readonly<Record<string, V>>,
  word: string | null | undefined,
): V | 'UNKNOWN' {
  const name = (word ?? '').toUpperCase();
  return Object.hasOwn(values, name) ? (values[name] as V) : 'UNKNOWN';
}
