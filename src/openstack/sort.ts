/** What OpenStack sorts a list by, and how. */
export interface Sort {
  key: string;
  direction: 'ASC' | 'DESC';
}

/** The query parameters of a sort: both services have these names. */
export function sortParameters(sort: Sort | null | undefined) {
  return sort ? { sort_key: sort.key, sort_dir: sort.direction === 'DESC' ? 'desc' : 'asc' } : {};
}
