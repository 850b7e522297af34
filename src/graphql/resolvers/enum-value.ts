/**
 * The schema's enum value for a word of OpenStack: the word in upper case, or `UNKNOWN` when the schema does not have it.
 * Services add states over time; the schema has the raw word in a field beside it.
 */
export function enumValue<V extends string>(
  values: Readonly<Record<string, V>>,
  word: string | null | undefined,
): V | 'UNKNOWN' {
  const name = (word ?? '').toUpperCase();
  return Object.hasOwn(values, name) ? (values[name] as V) : 'UNKNOWN';
}
